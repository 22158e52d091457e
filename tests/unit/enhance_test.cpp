// Prompt enhancement in a pipeline: the same text whoever asks and whatever stays loaded, refusals,
// cancellation, what is left in memory.
#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "expect_error.h"
#include "pipelines/enhance.h"
#include "pipelines_fixture.h"
#include "weights/store.h"

using namespace ltx;
using namespace ltx::test;
using engine::Component;
using engine::MemoryMode;
using engine::PipelineKind;

namespace {

/// Keeps log lines, too.
struct Listener : KeepingSink {
  void log(LogLevel, std::string_view source, std::string_view message) override {
    lines.push_back(std::string(source) + ": " + std::string(message));
  }
  int64_t count(Phase phase) const { return std::count(phases.begin(), phases.end(), phase); }
  std::vector<std::string> lines;
};

engine::PipelineParams params_of(PipelineKind kind, MemoryMode mode = MemoryMode::Persistent) {
  auto params = tiny_params(kind);
  params.memory_mode = mode;
  return params;
}

engine::Request request_of(PipelineKind kind, int64_t enhance_seed = 7) {
  auto request = small_request(kind);
  request.stage_1_sigmas = {1.0f, 0.0f};
  request.enhance_prompt = true;
  request.enhance_seed = enhance_seed;
  return request;
}

engine::ImageCondition picture(int shift) {
  constexpr int kSide = 64;
  engine::Pixels pixels;
  pixels.width = pixels.height = kSide;
  pixels.frame_count = 1;
  auto bytes = std::shared_ptr<std::byte[]>(new std::byte[kSide * kSide * 3]);
  for (int i = 0; i < kSide * kSide * 3; ++i) bytes[i] = static_cast<std::byte>(i * shift / 5);
  pixels.data = bytes;
  engine::ImageCondition image;
  image.pixels = pixels;
  image.crf = 0;
  return image;
}

/// A copy of the tiny Gemma folder without what sees images.
void write_blind_gemma(const std::string& folder) {
  namespace fs = std::filesystem;
  fs::create_directory(folder);
  std::vector<std::string> shards;
  for (const auto& entry : fs::directory_iterator(tiny("gemma"))) {
    const auto name = entry.path().filename().string();
    if (name.ends_with(".safetensors"))
      shards.push_back(entry.path().string());
    else if (!name.ends_with(".index.json"))
      fs::copy_file(entry.path(), fs::path(folder) / name);
  }
  const weights::FileStore store(shards);
  std::map<std::string, at::Tensor> tensors;
  for (const auto& name : store.names())
    if (name.starts_with("language_model.")) tensors[name] = store.read(name);
  REQUIRE(!tensors.empty());
  weights::save_tensors(folder + "/model.safetensors", tensors);
}

std::string enhanced(pipelines::PipelineEngine& engine, const engine::Request& request) {
  Listener sink;
  return engine.enhance_prompt(request, sink).text;
}

}  // namespace

TEST_CASE("the seed decides the text, whatever stays in memory") {
  auto request = request_of(PipelineKind::Distilled);
  pipelines::PipelineEngine kept(params_of(PipelineKind::Distilled)),
      cold(params_of(PipelineKind::Distilled, MemoryMode::Cold));
  Listener sink;
  const auto first = kept.enhance_prompt(request, sink);
  CHECK(first.seed == 7);
  CHECK(!first.from_image);
  CHECK(!first.text.empty());
  CHECK(first.text != request.prompt);
  CHECK(first.complete == (first.token_count < 512));
  CHECK(enhanced(kept, request) == first.text);
  CHECK(enhanced(cold, request) == first.text);
  CHECK(cold.component(Component::All).host_bytes == 0);  // nothing stays
  request.enhance_seed = 8;
  CHECK(enhanced(kept, request) != first.text);

  // A report before every token, counted against the longest reply.
  std::vector<Progress> tokens;
  for (const auto& p : sink.reports)
    if (p.phase == Phase::Enhance) tokens.push_back(p);
  REQUIRE(tokens.size() == static_cast<size_t>(first.token_count));
  for (size_t i = 0; i < tokens.size(); ++i) CHECK(tokens[i].step == static_cast<int32_t>(i) + 1);
  CHECK(tokens[0].step_count == 512);
}

TEST_CASE("generating with enhancement is generating with the enhanced text, in every recipe's way") {
  for (const auto kind : {PipelineKind::Distilled, PipelineKind::OneStage, PipelineKind::TextToAudio})
    for (const auto mode : {MemoryMode::Persistent, MemoryMode::Cold}) {
      CAPTURE(engine::name_of(kind));
      pipelines::PipelineEngine engine(params_of(kind, mode));
      const auto request = request_of(kind);
      Listener with, plain;
      const auto a = engine.generate(engine.resolve(request), with);
      auto written = request;
      written.prompt = enhanced(engine, request);
      written.enhance_prompt = false;
      written.enhance_seed = engine::kDefault;
      engine.evict(Component::All);  // the cache of encoded prompts, too
      const auto b = engine.generate(engine.resolve(written), plain);
      CHECK(a.video_latent.values == b.video_latent.values);
      CHECK(a.audio_latent.values == b.audio_latent.values);
      CHECK(with.count(Phase::Enhance) == 1);
      CHECK(plain.count(Phase::Enhance) == 0);
      // The text encoder did both and was read once.
      CHECK(a.disk_bytes_read == b.disk_bytes_read);
      // What a file says of its making: how to get the same text again, and not the text.
      const auto about = nlohmann::json::parse(a.metadata);
      CHECK(about.at("enhance_seed") == 7);
      CHECK(a.metadata.find(written.prompt.substr(0, 12)) == std::string::npos);
      CHECK(!nlohmann::json::parse(b.metadata).contains("enhance_seed"));
    }
}

TEST_CASE("the first image is looked at before the language model is loaded") {
  auto request = request_of(PipelineKind::Distilled);
  const auto blind = [&] {
    pipelines::PipelineEngine engine(params_of(PipelineKind::Distilled));
    return enhanced(engine, request);
  }();
  request.images = {picture(3), picture(4)};
  request.images[1].frame_index = 8;
  std::string text;
  for (const auto mode : {MemoryMode::Persistent, MemoryMode::Cold}) {
    pipelines::PipelineEngine engine(params_of(PipelineKind::Distilled, mode));
    const bool kept = mode == MemoryMode::Persistent;
    const auto tower = [&] { return engine.component(Component::PromptEnhancer); };
    CHECK(tower().file_bytes > 0);
    CHECK(tower().file_bytes < engine.component(Component::TextEncoder).file_bytes);
    engine.preload(Component::TextEncoder, *std::make_unique<Listener>());
    engine.evict(Component::TextEncoder);
    CHECK(tower().host_bytes == 0);
    Listener sink;
    const auto result = engine.enhance_prompt(request, sink);
    CHECK(result.from_image);
    CHECK(result.text != blind);
    CHECK((text.empty() || result.text == text));
    text = result.text;
    CHECK((sink.phases == std::vector{Phase::Load, Phase::Enhance, Phase::Load, Phase::Enhance}));
    CHECK((tower().host_bytes > 0) == kept);

    Listener with, plain;
    const auto a = engine.generate(engine.resolve(request), with);
    auto written = request;
    written.prompt = text;
    written.enhance_prompt = false;
    written.enhance_seed = engine::kDefault;
    const auto b = engine.generate(engine.resolve(written), plain);
    CHECK(a.video_latent.values == b.video_latent.values);
    if (kept) CHECK(plain.count(Phase::Text) == 0);  // encoded prompts are remembered by the enhanced text
    engine.evict(Component::All);
    CHECK(tower().host_bytes == 0);
    CHECK(engine.component(Component::All).host_bytes == 0);
  }
  // Only the first one is read; that another one may mean another text is seen at the logits
  // (enhance_reply_test.cpp): this model's words hardly depend on them.
  pipelines::PipelineEngine engine(params_of(PipelineKind::Distilled));
  request.images[1].pixels.reset();
  request.images[1].path = "/nowhere/none.png";
  CHECK(enhanced(engine, request) == text);
}

TEST_CASE("an enhancer of its own is a part of the recipe, under the policy of the text models") {
  const std::string other = LTX_SOURCE_DIR "/tests/golden/text/models/gemma3_b";
  auto request = request_of(PipelineKind::Distilled);
  pipelines::PipelineEngine shared(params_of(PipelineKind::Distilled));
  const auto own = enhanced(shared, request);
  std::string text;
  for (const auto mode : {MemoryMode::Persistent, MemoryMode::Cold}) {
    auto params = params_of(PipelineKind::Distilled, mode);
    params.models.prompt_enhancer = other;
    pipelines::PipelineEngine engine(params);
    Listener sink;
    const auto result = engine.enhance_prompt(request, sink).text;
    CHECK(result != own);
    CHECK((text.empty() || result == text));
    text = result;
    const bool kept = mode == MemoryMode::Persistent;
    CHECK(engine.component(Component::PromptEnhancer).on_device == kept);
    CHECK(!engine.component(Component::TextEncoder).on_device);  // another model's work
    const auto about = nlohmann::json::parse(engine.info_json());
    CHECK(about.at("files").at("prompt_enhancer") == other);
    CHECK(about.at("components").at(0).at("component") == "prompt-enhancer");
    Listener loading;
    engine.preload(Component::All, loading);
    CHECK(engine.component(Component::PromptEnhancer).on_device);
    engine.evict(Component::PromptEnhancer);
    CHECK(!engine.component(Component::PromptEnhancer).on_device);
  }
  auto params = params_of(PipelineKind::Distilled);
  params.models.prompt_enhancer = other;
  params.text_quant = engine::QuantPolicy::Int8;
  pipelines::PipelineEngine quantized(params);
  CHECK(quantized.component(Component::PromptEnhancer).quant == engine::QuantPolicy::Int8);
  CHECK(enhanced(quantized, request) != text);
  CHECK(nlohmann::json::parse(quantized.info_json()).at("quantization").dump().find("prompt-enhancer") !=
        std::string::npos);

  params.models.prompt_enhancer.clear();
  pipelines::PipelineEngine tower(params);
  CHECK(tower.component(Component::PromptEnhancer).quant == engine::QuantPolicy::None);

  // The text encoder by another path is no other model.
  params = params_of(PipelineKind::Distilled);
  params.models.prompt_enhancer = tiny("../tiny23/gemma");
  pipelines::PipelineEngine same(params);
  CHECK(enhanced(same, request) == own);
  CHECK(same.component(Component::TextEncoder).on_device);
}

TEST_CASE("what cannot be enhanced is refused before anything is loaded") {
  const TemporaryFolder folder;
  auto request = request_of(PipelineKind::Distilled);
  auto params = params_of(PipelineKind::Distilled);
  pipelines::PipelineEngine engine(params);
  auto seed_alone = request;
  seed_alone.enhance_prompt = false;
  expect_error(Status::InvalidArgument, "request.enhance_seed is 7, but request.enhance_prompt is 0",
               [&] { engine.resolve(seed_alone); });
  auto encoded = request;
  encoded.prompt.clear();
  encoded.text_embeddings = "text.safetensors";
  expect_error(Status::InvalidArgument, "request.enhance_prompt is set beside request.text_embeddings",
               [&] { engine.resolve(encoded); });
  auto empty = request;
  empty.prompt.clear();
  Listener sink;
  expect_error(Status::InvalidArgument, "request.prompt is empty",
               [&] { engine.enhance_prompt(empty, sink); });
  expect_error(Status::InvalidArgument, "request.enhance_seed is 7, but request.enhance_prompt is 0",
               [&] { engine.encode_text(seed_alone, folder / "text.safetensors", sink); });
  auto nothing = request;
  nothing.images.emplace_back();
  auto both = request;
  both.images = {picture(3)};
  both.images[0].path = "x.png";
  for (const auto& wrong :
       {std::pair{&nothing, "request.images[0] has neither path and pixels"}, {&both, "[0] has both"}}) {
    expect_error(Status::InvalidArgument, wrong.second, [&] { engine.enhance_prompt(*wrong.first, sink); });
    expect_error(Status::InvalidArgument, wrong.second,
                 [&] { engine.encode_text(*wrong.first, folder / "text.safetensors", sink); });
  }
  CHECK(folder.entries() == 0);
  auto unreadable = request;
  unreadable.images.emplace_back();
  unreadable.images[0].path = folder / "none.png";
  expect_error(Status::FileNotFound, "none.png", [&] { engine.enhance_prompt(unreadable, sink); });
  CHECK(sink.count(Phase::Load) == 0);

  params.models.prompt_enhancer = folder / "none";
  expect_error(Status::FileNotFound, "models.prompt_enhancer: text encoder '",
               [&] { pipelines::PipelineEngine refused(params); });
  const std::string unified = LTX_SOURCE_DIR "/tests/golden/text/models/gemma4_a.safetensors";
  params.models.prompt_enhancer = unified;
  expect_error(Status::Unsupported, "expected model_type 'gemma3', found 'gemma4_unified'",
               [&] { pipelines::PipelineEngine refused(params); });
  weights::ModelPaths paths;
  paths.text_encoder = unified;
  const weights::ModelFiles files(paths);
  expect_error(Status::ComponentMissing, "Set models.prompt_enhancer",
               [&] { pipelines::EnhancerFiles(files).require(false); });
  const weights::ModelFiles none{weights::ModelPaths{}};
  expect_error(Status::ComponentMissing, "prompt-enhancer is missing",
               [&] { pipelines::EnhancerFiles(none).require(false); });

  write_blind_gemma(folder / "blind");
  params.models.prompt_enhancer = folder / "blind";
  pipelines::PipelineEngine blind(params);
  CHECK(enhanced(blind, request) == enhanced(engine, request));  // the same language model
  request.images = {picture(3)};
  expect_error(Status::TensorMissing, "vision_tower.embeddings.patch_embedding.weight",
               [&] { blind.resolve(request); });
  expect_error(Status::TensorMissing, "request.images[0]", [&] { enhanced(blind, request); });
}

TEST_CASE("an unset seed is the recipe's") {
  auto request = request_of(PipelineKind::Distilled, engine::kDefault);
  request.seed = 31;
  const auto seed = [&](PipelineKind kind) { return pipelines::enhancement_seed(kind, request); };
  using enum PipelineKind;
  for (const auto kind : {Distilled, AudioToVideo, Dfr}) CHECK(seed(kind) == 42);
  for (const auto kind : {OneStage, TwoStage, TwoStageHq, Keyframes, IcLora, Retake, TextToAudio, Dub})
    CHECK(seed(kind) == 31);
  pipelines::PipelineEngine engine(params_of(Distilled));
  const auto resolved = engine.resolve(request);
  CHECK(resolved.enhance_seed == 42);
  CHECK(engine.resolve(resolved).enhance_seed == 42);
  // A seed that the field cannot hold stays what it is.
  pipelines::PipelineEngine guided(params_of(OneStage));
  auto large = request_of(OneStage, engine::kDefault);
  large.seed = ~uint64_t{0};
  CHECK(guided.resolve(large).enhance_seed == engine::kDefault);
  CHECK(pipelines::enhancement_seed(OneStage, large) == ~uint64_t{0});
}

TEST_CASE("enhancement is cancelled between layers and leaves the pipeline usable") {
  auto request = request_of(PipelineKind::Distilled);
  request.images = {picture(3)};
  for (const auto mode : {MemoryMode::Persistent, MemoryMode::Cold}) {
    pipelines::PipelineEngine engine(params_of(PipelineKind::Distilled, mode));
    const auto expected = enhanced(engine, request);
    for (const int at : {0, 1, 2, 5, 40, 400}) {
      Listener sink;
      sink.stop_at = at;
      expect_error(Status::Cancelled, "", [&] { engine.enhance_prompt(request, sink); });
    }
    Listener during;
    during.stop_in = Phase::Enhance;
    expect_error(Status::Cancelled, "", [&] { engine.generate(engine.resolve(request), during); });
    CHECK(during.video.empty());
    if (mode == MemoryMode::Cold) CHECK(engine.component(Component::All).host_bytes == 0);
    CHECK(enhanced(engine, request) == expected);
  }
}

TEST_CASE("prompts stay out of logs, and encoding text enhances where it is asked to") {
  const TemporaryFolder folder;
  auto request = request_of(PipelineKind::Distilled);
  pipelines::PipelineEngine engine(params_of(PipelineKind::Distilled));
  Listener sink;
  const auto result = engine.enhance_prompt(request, sink);
  for (const auto& line : sink.lines) {
    CHECK(line.find(request.prompt) == std::string::npos);
    CHECK(line.find(result.text.substr(0, 12)) == std::string::npos);
  }
  CHECK(sink.lines.size() == (result.complete ? 0 : 1));
  const auto bytes = [](const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(file), {});
  };
  engine.encode_text(request, folder / "asked.safetensors", sink);
  auto written = request;
  written.prompt = result.text;
  written.enhance_prompt = false;
  written.enhance_seed = engine::kDefault;
  engine.encode_text(written, folder / "written.safetensors", sink);
  auto plain = request;
  plain.enhance_prompt = false;
  plain.enhance_seed = engine::kDefault;
  engine.encode_text(plain, folder / "plain.safetensors", sink);
  CHECK((bytes(folder / "asked.safetensors") == bytes(folder / "written.safetensors")));
  CHECK((bytes(folder / "asked.safetensors") != bytes(folder / "plain.safetensors")));
}
