#include <ATen/ATen.h>

#include "base/monitor.h"
#include "device/allocation_tracker.h"
#include "file_fixture.h"
#include "io/safetensors.h"
#include "quant/linear.h"
#include "weights/checkpoint.h"
#include "weights/component.h"
#include "weights/file_kind.h"
#include "weights/metadata.h"
#include "weights/progress_store.h"
#include "weights/view.h"

using namespace ltx;
using namespace ltx::weights;
using ltx::test::check_error;
using ltx::test::Folder;

namespace {

std::map<std::string, at::Tensor> named(std::initializer_list<std::string> names) {
  std::map<std::string, at::Tensor> tensors;
  for (const auto& name : names) tensors[name] = at::ones({2, 2}, at::kBFloat16);
  return tensors;
}

std::string saved(const Folder& folder, const std::map<std::string, at::Tensor>& tensors,
                  const std::map<std::string, std::string>& metadata = {},
                  const std::string& name = "m.safetensors") {
  save_tensors((folder / name).string(), tensors, metadata);
  return (folder / name).string();
}

Metadata metadata_with(const std::string& key, const std::string& value) {
  return Metadata({{key, value}}, "m.safetensors");
}

std::vector<std::string> names_of(const std::string& path, Component component) {
  return Checkpoint(path).open(component).view.store().names();
}

}  // namespace

TEST_CASE("versions: leading digits count, a prefix is smaller, nothing is smallest") {
  CHECK(parse_version("").empty());
  CHECK(parse_version("abc").empty());
  CHECK(parse_version("2.3.rc1") == Version{2, 3});
  CHECK(parse_version("2.3.0") == Version{2, 3, 0});
  CHECK(parse_version("2..3") == Version{2});
  CHECK(parse_version("2.4-rc2") == Version{2});
  CHECK(parse_version("2.5.0") >= Version{2, 5});
  CHECK(Version{2, 4} < Version{2, 4, 0});
  CHECK(Version{} < Version{0});
  CHECK(parse_version("99999999999999999999999") > Version{1'000'000});
  CHECK(version_defaults("2.4-rc2").image_crf == 18);
  CHECK(version_defaults("2.3.0").stg_block == 28);
}

TEST_CASE("metadata: values are JSON where they can be, null is absent, versions may be numbers") {
  CHECK(metadata_with("model_version", "2.3.0").text("model_version") == "2.3.0");
  CHECK(metadata_with("model_version", "2.5").value("model_version").is_number());
  CHECK(metadata_with("model_version", "2.5").pairing_version() == Version{2, 5});
  CHECK(metadata_with("model_version", "\"2.5.0\"").text("model_version") == "2.5.0");
  CHECK(metadata_with("lora_rank", "450").value("lora_rank") == 450);
  CHECK(metadata_with("x", "null").value("x").is_null());
  CHECK(metadata_with("x", "null").text("x").empty());
  CHECK(Metadata().config().empty());
  CHECK(metadata_with("config", R"({"vae":null,"vocoder":{}})").section("vae").is_null());
  CHECK(metadata_with("config", R"({"vae":null,"vocoder":{}})").section("vocoder").is_object());
  check_error(Status::ModelConfig, {"m.safetensors", "config.vae", "expected an object", "found none"},
              [] { metadata_with("config", R"({"vae":null})").require_section("vae"); });
  check_error(Status::ModelConfig, {"m.safetensors", "'config'", "expected a JSON object", "not JSON"},
              [] { metadata_with("config", R"({"transformer":{"norm_eps":NaN}})").config(); });
  check_error(Status::ModelConfig, {"'config'", "expected a JSON object, found array"},
              [] { metadata_with("config", "[]").config(); });
  check_error(Status::ModelConfig, {"config.vae", "expected an object, found string"},
              [] { metadata_with("config", R"({"vae":"x"})").section("vae"); });
}

TEST_CASE("components: published, bare and third-party prefixes give the same names") {
  const Folder folder;
  const std::vector<std::string> transformer{"patchify_proj.weight",
                                             "transformer_blocks.0.attn1.to_q.weight"};
  for (const std::string prefix : {"model.diffusion_model.", "diffusion_model.", ""}) {
    CAPTURE(prefix);
    auto tensors = named({prefix + "patchify_proj.weight", prefix + "transformer_blocks.0.attn1.to_q.weight",
                          prefix + "video_embeddings_connector.learnable_registers",
                          prefix + "audio_embeddings_connector.x.weight",
                          "text_embedding_projection.video_aggregate_embed.weight",
                          "text_embedding_projection.audio_aggregate_embed.bias"});
    const auto path = saved(folder, tensors);
    CHECK(names_of(path, Component::Transformer) == transformer);
    CHECK(names_of(path, Component::Embeddings) ==
          std::vector<std::string>{"audio_connector.x.weight", "feature_extractor.audio_aggregate_embed.bias",
                                   "feature_extractor.video_aggregate_embed.weight",
                                   "video_connector.learnable_registers"});
  }
  for (const std::string prefix : {"vae.", ""}) {
    const auto path =
        saved(folder, named({prefix + "encoder.conv_in.weight", prefix + "decoder.conv_in.weight",
                             prefix + "per_channel_statistics.mean-of-means"}));
    CHECK(names_of(path, Component::VideoEncoder) ==
          std::vector<std::string>{"conv_in.weight", "per_channel_statistics.mean-of-means"});
    CHECK(names_of(path, Component::VideoDecoder) ==
          std::vector<std::string>{"conv_in.weight", "per_channel_statistics.mean-of-means"});
  }
}

TEST_CASE("components: the vocoder's prefix is removed exactly once") {
  const Folder folder;
  const std::vector<std::string> expected{"bwe_generator.conv_pre.weight", "mel_stft.mel_basis",
                                          "vocoder.conv_pre.weight"};
  CHECK(names_of(saved(folder, named({"vocoder.bwe_generator.conv_pre.weight", "vocoder.mel_stft.mel_basis",
                                      "vocoder.vocoder.conv_pre.weight"})),
                 Component::Vocoder) == expected);
  CHECK(names_of(saved(folder, named({"bwe_generator.conv_pre.weight", "mel_stft.mel_basis",
                                      "vocoder.conv_pre.weight"})),
                 Component::Vocoder) == expected);
  CHECK(names_of(saved(folder, named({"vocoder.conv_pre.weight", "vocoder.ups.0.weight"})),
                 Component::Vocoder) == std::vector<std::string>{"conv_pre.weight", "ups.0.weight"});
}

TEST_CASE("components: every spelling of a text encoder") {
  const Folder folder;
  const std::vector<std::string> expected{"language_model.embed_tokens.weight",
                                          "language_model.layers.0.mlp.weight"};
  for (const std::string prefix : {"language_model.model.", "model.language_model.", "model."}) {
    CAPTURE(prefix);
    CHECK(names_of(saved(folder, named({prefix + "embed_tokens.weight", prefix + "layers.0.mlp.weight"})),
                   Component::TextEncoder) == expected);
  }
}

TEST_CASE("components: a missing one and an unknown name") {
  const Folder folder;
  const auto path =
      saved(folder, named({"vae.per_channel_statistics.mean-of-means", "vae.encoder.conv_in.weight"}));
  check_error(Status::ComponentMissing, {"video_decoder is missing", path},
              [&] { Checkpoint(path).open(Component::VideoDecoder); });
  check_error(Status::InvalidArgument, {"'decoder' is not a component", "video_decoder"},
              [] { component_named("decoder"); });
  for (const auto component : all_components()) CHECK(component_named(name_of(component)) == component);
}

TEST_CASE("file kinds are told by names") {
  const Folder folder;
  const auto kind = [&](const std::map<std::string, at::Tensor>& tensors) {
    return Checkpoint(saved(folder, tensors)).kind();
  };
  const auto image = at::ones({1, 1, 1, 1, 1}), spectrum = at::ones({1, 1, 1, 1});
  CHECK(kind(named({"a.lora_A.weight", "a.lora_B.weight"})) == FileKind::Lora);
  CHECK(kind(named({"a.lokr_w1"})) == FileKind::Lora);
  CHECK(kind(named({"tokenizer_json", "model.layers.0.x.weight"})) == FileKind::PackedTextEncoder);
  CHECK(kind(named({"model.diffusion_model.adaln_single.linear.bias"})) == FileKind::Transformer);
  CHECK(kind(named({"model.diffusion_model.adaln_single.linear.bias", "vae.encoder.x"})) ==
        FileKind::Monolith);
  CHECK(kind(named({"decoder.conv_in_x_t.weight"})) == FileKind::DiffusionVideoVae);
  CHECK(kind({{"vae.decoder.conv_in.conv.weight", image}}) == FileKind::VideoVae);
  CHECK(kind({{"decoder.conv_in.conv.weight", spectrum}}) == FileKind::AudioVae);
  CHECK(kind({{"audio_vae.decoder.conv_in.conv.weight", spectrum}, {"vocoder.conv_pre.alpha", spectrum}}) ==
        FileKind::AudioVae);
  CHECK(kind(named({"upsampler.0.weight"})) == FileKind::Upsampler);
  CHECK(kind(named({"video_context", "audio_context"})) == FileKind::PromptEmbeddings);
  CHECK(kind(named({"language_model.model.layers.0.x"})) == FileKind::TextEncoderShard);
  CHECK(kind(named({"text_embedding_projection.aggregate_embed.weight"})) == FileKind::TextProjections);
  CHECK(kind(named({"something"})) == FileKind::Unknown);
}

TEST_CASE("several files: later ones overwrite, the first gives the metadata, and it is said") {
  const Folder folder;
  const auto first = saved(folder, {{"decoder.a", at::zeros({1})}, {"decoder.b", at::zeros({1})}},
                           {{"model_version", "1"}}, "1.safetensors");
  const auto second = saved(folder, {{"decoder.b", at::ones({1})}, {"decoder.c", at::ones({1})}},
                            {{"model_version", "2"}}, "2.safetensors");
  const Checkpoint both(std::vector<std::filesystem::path>{first, second});
  CHECK(both.metadata().model_version() == "1");
  const auto view = both.open(Component::VideoDecoder).view;
  CHECK(view.take("a").item<float>() == 0);
  CHECK(view.take("b").item<float>() == 1);
  CHECK(view.store().names().size() == 3);
  const auto warnings = both.warnings(Component::VideoDecoder);
  REQUIRE(warnings.size() == 1);
  CHECK(warnings[0].find("'b'") != std::string::npos);
  check_error(Status::InvalidArgument, {"at least one"},
              [] { Checkpoint(std::vector<std::filesystem::path>{}); });
}

TEST_CASE("stores: dtypes that cannot be read, unaligned data, absent names") {
  const Folder folder;
  const auto path = folder.write(
      "a.safetensors",
      test::raw_safetensors(
          R"({"c":{"dtype":"C64","shape":[1],"data_offsets":[0,8]},"q":{"dtype":"Q1","shape":[9],"data_offsets":[8,9]},)"
          R"("u":{"dtype":"F32","shape":[2],"data_offsets":[9,17]}})",
          std::string("\0\0\0\0\0\0\0\0\1\0\0\x80\x3f\0\0\0\x40", 17)));
  const FileStore store({path.string()});
  check_error(Status::FileFormat, {"tensor 'c'", "'C64'", "F32, BF16"}, [&] { store.read("c"); });
  check_error(Status::FileFormat, {"tensor 'q'", "'Q1'"}, [&] { store.read("q"); });
  check_error(Status::TensorMissing, {path.string(), "'nothing'"}, [&] { store.read("nothing"); });
  CHECK(at::equal(store.read("u"), at::tensor({1.f, 2.f})));
  check_error(Status::InvalidArgument, {"ComplexFloat"}, [&] {
    saved(folder, {{"x", at::zeros({1}, at::kComplexFloat)}});
  });
}

TEST_CASE("casting at load: 0-dim fp32 and integers stay, everything else becomes the target") {
  CHECK((cast_for_load(at::ones({1}), at::kBFloat16).scalar_type() == at::kBFloat16));
  CHECK((cast_for_load(at::ones({2}, at::kHalf), at::kBFloat16).scalar_type() == at::kBFloat16));
  CHECK((cast_for_load(at::ones({}), at::kBFloat16).scalar_type() == at::kFloat));
  CHECK((cast_for_load(at::ones({}, at::kHalf), at::kBFloat16).scalar_type() == at::kBFloat16));
  CHECK((cast_for_load(at::ones({2}, at::kByte), at::kBFloat16).scalar_type() == at::kByte));
  CHECK((cast_for_load(at::ones({2}), std::nullopt).scalar_type() == at::kFloat));
}

TEST_CASE("views: missing and mismatched tensors, one at once or all together") {
  std::map<std::string, at::Tensor> tensors{{"block.to_q.weight", at::ones({2, 3})},
                                            {"block.to_k.weight", at::ones({2, 2})}};
  const auto store = std::make_shared<MemoryStore>(tensors);
  const View view(store);
  check_error(Status::TensorMissing,
              {"'block.to_v.weight'", "[2, 3]", "nearest names", "'block.to_q.weight'"}, [&] {
                (view / "block").take("to_v.weight", {2, 3});
              });
  check_error(Status::TensorMismatch, {"block.to_k.weight", "expected shape [2, 3], found [2, 2]", "F32"},
              [&] {
                (view / "block").take("to_k.weight", {2, 3});
              });

  const auto build = [](const View& v) {
    const auto block = v / "block";
    for (const auto* name : {"to_q", "to_k", "to_v"}) block.take(std::string(name) + ".weight", {2, 3});
    for (int i = 0; i < 11; ++i)
      CHECK(block.take("norm_" + std::to_string(i), {2}).sizes() == at::IntArrayRef{2});
    return 1;
  };
  check_error(Status::TensorMismatch, {"block.to_k.weight"}, [&] { build_complete(View(store), build); });
  tensors.erase("block.to_k.weight");
  check_error(Status::TensorMissing,
              {"'block.to_k.weight'", "'block.to_v.weight'", "13 tensors in all", "version"},
              [&] { build_complete(View(std::make_shared<MemoryStore>(tensors)), build); });
  CHECK(build_complete(View(store), [](const View& v) {
          return v.take("block.to_q.weight", {2, -1}).size(1);
        }) == 3);
  check_error(Status::TensorMissing, {"'x'"}, [&] {
    build_complete(View(store), [](const View& v) { return v.take("x", {2, -1}); });
  });
}

TEST_CASE("views: what nobody took is reported") {
  const View view(std::make_shared<MemoryStore>(std::map<std::string, at::Tensor>{
      {"a.x", at::ones({1})}, {"a.y", at::ones({1})}, {"b", at::ones({1})}}));
  (view / "a").take("x");
  CHECK((view / "a").unused() == std::vector<std::string>{"a.y"});
  CHECK(view.unused() == std::vector<std::string>{"a.y", "b"});
}

TEST_CASE("a loaded network does not depend on its file") {
  const Folder folder;
  const auto path = saved(folder, {{"weight", at::ones({64, 64})}, {"bias", at::ones({64})}});
  const quant::Source source(View(std::make_shared<FileStore>(std::vector{path})), at::kCPU, at::kFloat);
  const quant::Linear linear(source, 64, 64);
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(-64 * 64 * 4, std::ios::end);
  file << std::string(64 * 64 * 4, '\0');
  file.close();
  CHECK(linear(at::ones({1, 64})).min().item<float>() == 65);
}

TEST_CASE("a load takes the weights and at most one tensor more") {
  const Folder folder;
  std::map<std::string, at::Tensor> tensors;
  for (int i = 0; i < 8; ++i)
    tensors[std::to_string(i) + ".weight"] = at::randn({512, 512}).to(at::kBFloat16);
  const auto path = saved(folder, tensors);
  tensors.clear();
  for (const auto compute : {at::kBFloat16, at::kFloat}) {
    CAPTURE(dtype_name(compute));
    const device::AllocationTracker tracker;
    const quant::Source source(View(std::make_shared<FileStore>(std::vector{path})), at::kCPU, compute);
    std::vector<quant::Linear> layers;
    for (int i = 0; i < 8; ++i) layers.emplace_back(source / i, 512, 512, false);
    const auto one = static_cast<int64_t>(512 * 512 * at::elementSize(compute));
    CHECK(tracker.current() >= 8 * one);
    CHECK(tracker.current() < 8 * one + 4096);
    CHECK(tracker.peak() <= 9 * one);
    CHECK(tracker.largest() == one);
    CHECK(tracker.count() >= 8);
    layers.clear();
    CHECK(tracker.current() < 4096);
  }
}

TEST_CASE("a load leaves no pages of the file in the process's memory") {
  const auto file_pages = [] {
    std::ifstream status("/proc/self/status");
    for (std::string line; std::getline(status, line);)
      if (line.starts_with("RssFile:")) return std::stoll(line.substr(8)) * 1024;
    return 0LL;
  };
  const Folder folder;
  std::map<std::string, at::Tensor> tensors;
  for (int i = 0; i < 16; ++i) tensors[std::to_string(i) + ".weight"] = at::ones({2048, 1024}, at::kBFloat16);
  const auto path = saved(folder, tensors);
  tensors.clear();
  for (const auto compute : {at::kBFloat16, at::kFloat}) {
    const auto before = file_pages();
    const quant::Source source(View(std::make_shared<FileStore>(std::vector{path})), at::kCPU, compute);
    std::vector<quant::Linear> layers;
    for (int i = 0; i < 16; ++i) layers.emplace_back(source / i, 1024, 2048, false);
    CHECK(file_pages() - before < 2048 * 1024 * 2 * 2);
    CHECK(layers[7](at::ones({1, 1024}, compute)).min().item<float>() == 1024);
  }
}

TEST_CASE("tensors of a tracked time may be released after it") {
  at::Tensor kept;
  {
    const device::AllocationTracker tracker;
    kept = at::ones({1000});
    CHECK(tracker.current() >= 4000);
    check_error(Status::Internal, {"allocation tracker"}, [] { device::AllocationTracker second; });
  }
  CHECK(kept.sum().item<float>() == 1000);
}

TEST_CASE("loading reports its progress at least every 64 MiB and stops when asked") {
  struct Listener : Monitor {
    std::vector<Progress> reports;
    uint64_t stop_after = UINT64_MAX;
    void progress(const Progress& p) override { reports.push_back(p); }
    bool cancelled() const override { return !reports.empty() && reports.back().bytes_done >= stop_after; }
  };
  const Folder folder;
  const int64_t half = 40 << 20;
  const auto path = saved(folder, {{"a", at::zeros({half}, at::kByte)},
                                   {"b", at::zeros({4 * half}, at::kByte)},
                                   {"c", at::zeros({8}, at::kByte)}});
  const auto store = std::make_shared<FileStore>(std::vector{path});
  CHECK(stored_bytes(*store) == 5 * half + 8);

  Listener listener;
  const ProgressStore all(store, listener);
  for (const auto& name : all.names()) all.read(name);
  REQUIRE(listener.reports.size() >= 4);
  uint64_t last = 0;
  for (const auto& report : listener.reports) {
    CHECK(report.phase == Phase::Load);
    CHECK(report.bytes_total == static_cast<uint64_t>(5 * half + 8));
    CHECK(report.bytes_done - last <= 64u << 20);
    last = report.bytes_done;
  }
  CHECK(last == static_cast<uint64_t>(5 * half + 8));

  Listener impatient;
  impatient.stop_after = 64 << 20;
  const ProgressStore some(store, impatient);
  some.read("a");
  check_error(Status::Cancelled, {"cancelled"}, [&] { some.read("b"); });
  CHECK(some.bytes_done() < static_cast<uint64_t>(5 * half));
}
