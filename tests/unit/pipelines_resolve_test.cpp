// What a request may ask for, and what an answer to a wrong one says.
#include <doctest/doctest.h>

#include "base/error.h"
#include "engine/rules.h"
#include "pipelines/tiling.h"
#include "pipelines_fixture.h"

using namespace ltx;
using namespace ltx::test;
using engine::PipelineKind;

namespace {

/// Resolves a small request after `change` and expects a status and the texts in the message.
void expect_refusal(PipelineKind kind, Status status, const std::vector<std::string>& texts,
                    const std::function<void(engine::Request&)>& change) {
  const pipelines::PipelineEngine engine(tiny_params(kind));
  auto request = small_request(kind);
  change(request);
  try {
    engine::check_fields(kind, request);
    engine::check_built(request);
    engine.resolve(request);
    FAIL("accepted: " << texts.front());
  } catch (const Error& error) {
    const std::string message = error.what();
    INFO(message);
    CHECK(error.status() == status);
    for (const auto& text : texts) CHECK(message.find(text) != std::string::npos);
  }
}

void expect_bad(const std::vector<std::string>& texts, const std::function<void(engine::Request&)>& change) {
  expect_refusal(PipelineKind::OneStage, Status::InvalidArgument, texts, change);
}

}  // namespace

TEST_CASE("resolve fills in the defaults of the model version") {
  const pipelines::PipelineEngine engine(tiny_params(PipelineKind::OneStage));
  engine::Request request;
  request.prompt = "x";
  const auto r = engine.resolve(request);
  CHECK(r.width == 768);
  CHECK(r.height == 512);
  CHECK(r.num_frames == 121);
  CHECK(r.frame_rate == 24.0);
  CHECK(r.num_inference_steps == 30);
  CHECK(r.stage_1_sigmas.size() == 31);
  CHECK(r.stage_1_sigmas.front() == doctest::Approx(1.0));
  CHECK(r.stage_1_sigmas.back() == 0.0f);
  CHECK(r.stage_1_sigmas[29] == doctest::Approx(0.1));
  CHECK(r.video_guidance->cfg_scale == 3.0f);
  CHECK(r.audio_guidance->cfg_scale == 7.0f);
  CHECK(*r.video_guidance->stg_blocks == std::vector<int32_t>{1});  // block 28 of 48, in a transformer of 3
  CHECK(r.negative_prompt->size() > 50);
  CHECK(r.output.video_crf == 19);
  CHECK(r.output.audio_bit_rate == 128000);
  const auto tiles = std::get<video_vae::TileSizes>(pipelines::decode_tiling(r));
  CHECK(tiles.frames == video_vae::AxisSize{80, 24});
  CHECK(tiles.width == video_vae::AxisSize{768, 64});
}

TEST_CASE("two stages double the default size and bring their own schedules") {
  const pipelines::PipelineEngine engine(tiny_params(PipelineKind::Distilled));
  engine::Request request;
  request.prompt = "x";
  const auto r = engine.resolve(request);
  CHECK(r.width == 1536);
  CHECK(r.height == 1024);
  CHECK(r.stage_1_sigmas.size() == 9);
  CHECK(r.stage_2_sigmas == std::vector<float>{0.909375f, 0.725f, 0.421875f, 0.0f});
  CHECK_FALSE(r.video_guidance.has_value());
}

TEST_CASE("a resolved request resolves to itself") {
  for (const auto kind : {PipelineKind::OneStage, PipelineKind::Distilled}) {
    const pipelines::PipelineEngine engine(tiny_params(kind));
    const auto once = engine.resolve(small_request(kind));
    const auto twice = engine.resolve(once);
    CHECK(twice.width == once.width);
    CHECK(twice.stage_1_sigmas == once.stage_1_sigmas);
    CHECK(twice.num_inference_steps == once.num_inference_steps);
    CHECK(twice.negative_prompt == once.negative_prompt);
  }
}

TEST_CASE("sizes, lengths and rates") {
  expect_bad({"width", "72", "32", "64", "96"}, [](auto& r) { r.width = 72; });
  expect_refusal(PipelineKind::Distilled, Status::InvalidArgument, {"height", "96", "64", "128", "distilled"},
                 [](auto& r) { r.height = 96; });
  expect_bad({"width", "0"}, [](auto& r) { r.width = 0; });
  expect_bad({"height", "-64"}, [](auto& r) { r.height = -64; });
  expect_bad({"num_frames", "10", "8k + 1", "9", "17"}, [](auto& r) { r.num_frames = 10; });
  expect_bad({"num_frames", "0"}, [](auto& r) { r.num_frames = 0; });
  expect_bad({"frame_rate", "0"}, [](auto& r) { r.frame_rate = 0; });
  expect_bad({"frame_rate", "nan"}, [](auto& r) { r.frame_rate = std::nan(""); });
}

TEST_CASE("reference parity takes frame counts off the grid as the reference does") {
  const pipelines::PipelineEngine engine(tiny_params(PipelineKind::OneStage));
  auto request = small_request(PipelineKind::OneStage);
  request.num_frames = 12;
  request.reference_parity = true;
  CHECK(engine.resolve(request).num_frames == 12);
}

TEST_CASE("text") {
  expect_bad({"prompt", "text_embeddings"}, [](auto& r) { r.prompt.clear(); });
  expect_bad({"prompt", "text_embeddings", "both"}, [](auto& r) { r.text_embeddings = "/nowhere"; });
  expect_refusal(PipelineKind::OneStage, Status::FileNotFound, {"/nowhere/x.safetensors"}, [](auto& r) {
    r.prompt.clear();
    r.text_embeddings = "/nowhere/x.safetensors";
  });
  expect_refusal(PipelineKind::OneStage, Status::FileFormat, {"tiny23.safetensors", "ltx-text-embeddings-1"},
                 [](auto& r) {
                   r.prompt.clear();
                   r.text_embeddings = tiny("tiny23.safetensors");
                 });
}

TEST_CASE("schedules") {
  expect_bad({"stage_1_sigmas", "1 values"}, [](auto& r) { r.stage_1_sigmas = {0.0f}; });
  expect_bad({"stage_1_sigmas", "ends with 0.5"}, [](auto& r) { r.stage_1_sigmas = {1.0f, 0.5f}; });
  expect_bad({"stage_1_sigmas[1]", "fall strictly"}, [](auto& r) { r.stage_1_sigmas = {0.5f, 0.5f, 0.0f}; });
  expect_bad({"stage_1_sigmas[0]", "nan"}, [](auto& r) { r.stage_1_sigmas = {std::nanf(""), 0.5f, 0.0f}; });
  expect_bad({"num_inference_steps", "7", "2 steps"}, [](auto& r) { r.num_inference_steps = 7; });
  expect_bad({"num_inference_steps", "0"}, [](auto& r) {
    r.stage_1_sigmas.clear();
    r.num_inference_steps = 0;
  });
}

TEST_CASE("guidance and images") {
  expect_bad({"video_guidance.cfg_scale", "-3"}, [](auto& r) {
    r.video_guidance.emplace();
    r.video_guidance->cfg_scale = -3;
  });
  expect_bad({"audio_guidance.skip_step", "-2"}, [](auto& r) {
    r.audio_guidance.emplace();
    r.audio_guidance->skip_step = -2;
  });
  const auto with_image = [](const std::function<void(engine::ImageCondition&)>& change) {
    return [change](engine::Request& r) {
      engine::ImageCondition image;
      engine::Pixels pixels;
      pixels.width = pixels.height = 4;
      pixels.frame_count = 1;
      pixels.data = std::shared_ptr<const std::byte[]>(new std::byte[48]{});
      image.pixels = pixels;
      change(image);
      r.images.push_back(image);
    };
  };
  expect_bad({"images[0].frame_index", "9", "0 to 8"}, with_image([](auto& i) { i.frame_index = 9; }));
  expect_bad({"images[0].strength", "1.5"}, with_image([](auto& i) { i.strength = 1.5f; }));
  expect_bad({"images[0].crf", "52"}, with_image([](auto& i) { i.crf = 52; }));
  expect_bad({"images[0]", "both"}, with_image([](auto& i) { i.path = "a.png"; }));
  expect_bad({"images[0]", "neither"}, with_image([](auto& i) { i.pixels.reset(); }));
  expect_refusal(PipelineKind::OneStage, Status::FileNotFound, {"/nowhere/cow.png"}, with_image([](auto& i) {
                   i.pixels.reset();
                   i.path = "/nowhere/cow.png";
                 }));
}

TEST_CASE("tiling") {
  const auto explicit_tiles = [](int32_t tile, int32_t overlap) {
    return [=](engine::Request& r) {
      r.tiling.mode = engine::TilingMode::Explicit;
      r.tiling.tile_width = tile;
      r.tiling.overlap_width = overlap;
    };
  };
  expect_bad({"32"}, explicit_tiles(40, 0));
  expect_bad({"overlap"}, explicit_tiles(64, 64));
  expect_bad({"tiling.overlap_width", "tile_width"}, explicit_tiles(engine::kDefault, 32));
}

TEST_CASE("outputs are checked before anything is loaded") {
  expect_bad({".gif"}, [](auto& r) { r.output.path = "/tmp/clip.gif"; });
  expect_refusal(PipelineKind::OneStage, Status::FileAccess, {"/proc/clip.mp4"},
                 [](auto& r) { r.output.path = "/proc/clip.mp4"; });
  expect_bad({"output.video_crf", "60"}, [](auto& r) { r.output.video_crf = 60; });
}

TEST_CASE("fields of other recipes and of features that are not built") {
  expect_refusal(PipelineKind::Distilled, Status::InvalidArgument, {"negative_prompt", "distilled"},
                 [](auto& r) { r.negative_prompt = "x"; });
  expect_bad({"stage_2_sigmas", "one-stage"}, [](auto& r) { r.stage_2_sigmas = {0.5f, 0.0f}; });
  expect_refusal(PipelineKind::OneStage, Status::NotBuilt, {"preview_mode"},
                 [](auto& r) { r.preview_mode = engine::PreviewMode::Decode; });
  expect_refusal(PipelineKind::OneStage, Status::Unsupported, {"keyframe", "2.5"},
                 [](auto& r) { r.keyframe_count = 2; });
}

TEST_CASE("LoRAs: roles and stages that a recipe does not have are refused, the others reach their stage") {
  const auto lora = [](engine::LoraRole role, int32_t stages) {
    return engine::Lora{.role = role,
                        .path = tiny("tiny23-distilled-lora-4.safetensors"),
                        .strength = 0.5f,
                        .stages = stages};
  };
  const auto params = [&](PipelineKind kind, std::vector<engine::Lora> loras) {
    auto p = tiny_params(kind);
    p.loras = std::move(loras);
    return p;
  };
  const auto refused = [&](Status status, const char* text, const engine::PipelineParams& p) {
    try {
      pipelines::PipelineEngine engine(p);
      FAIL("accepted: " << text);
    } catch (const Error& error) {
      INFO(error.what());
      CHECK(error.status() == status);
      CHECK(std::string(error.what()).find(text) != std::string::npos);
    }
  };
  using engine::LoraRole;
  refused(Status::InvalidArgument, "stages is 2", params(PipelineKind::OneStage, {lora(LoraRole::User, 2)}));
  refused(Status::InvalidArgument, "does not use one",
          params(PipelineKind::Distilled, {lora(LoraRole::Distilled, 0)}));
  refused(Status::ComponentMissing, "needs a distilled LoRA",
          params(PipelineKind::TwoStage, {lora(LoraRole::User, 0)}));
  refused(Status::ComponentMissing, "needs a distilled LoRA",
          params(PipelineKind::TwoStage, {lora(LoraRole::Distilled, 1)}));
  auto plain = params(PipelineKind::TwoStage, {lora(LoraRole::Distilled, 0)});
  plain.loras.front().strength = 0;
  CHECK(pipelines::Components(plain).stage_loras(2).empty());
  const auto strengths = [&](PipelineKind kind, int32_t stages, int32_t stage) {
    const pipelines::Components components(params(kind, {lora(LoraRole::Distilled, stages)}));
    std::vector<double> values;
    for (const auto& chosen : components.stage_loras(stage)) values.push_back(chosen.strength);
    return values;
  };
  CHECK(strengths(PipelineKind::TwoStage, 0, 1).empty());
  CHECK(strengths(PipelineKind::TwoStage, 0, 2) == std::vector{0.5});
  CHECK(strengths(PipelineKind::TwoStage, 3, 1) == std::vector{0.5});
  CHECK(strengths(PipelineKind::TwoStageHq, 0, 1) == std::vector{0.125});
  CHECK(strengths(PipelineKind::TwoStageHq, 0, 2) == std::vector{0.25});
}

TEST_CASE("models that do not fit are refused from their headers") {
  const auto refused = [](Status status, const std::vector<std::string>& texts,
                          const std::function<void(engine::PipelineParams&)>& change) {
    auto params = tiny_params(PipelineKind::Distilled);
    change(params);
    try {
      pipelines::PipelineEngine engine(params);
      FAIL("accepted: " << texts.front());
    } catch (const Error& error) {
      const std::string message = error.what();
      INFO(message);
      CHECK(error.status() == status);
      for (const auto& text : texts) CHECK(message.find(text) != std::string::npos);
    }
  };
  refused(Status::ComponentMissing, {"spatial_upsampler"},
          [](auto& p) { p.models.spatial_upsampler.clear(); });
  refused(Status::FileNotFound, {"/nowhere"},
          [](auto& p) { p.models.checkpoint = "/nowhere/model.safetensors"; });
  refused(Status::FileFormat, {"upscaler"},
          [](auto& p) { p.models.checkpoint = p.models.spatial_upsampler; });
  refused(Status::FileFormat, {"tiny23.safetensors"},
          [](auto& p) { p.loras.push_back({.path = tiny("tiny23.safetensors")}); });
  refused(Status::NoDevice, {"device_index", "7"}, [](auto& p) {
    p.device_type = engine::DeviceType::Cuda;
    p.device_index = 7;
  });
}
