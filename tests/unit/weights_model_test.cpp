#include <ATen/ATen.h>

#include <algorithm>
#include <fstream>

#include "file_fixture.h"
#include "weights/cross_check.h"
#include "weights/inspect.h"
#include "weights/model_files.h"
#include "weights/text_encoder_files.h"

using namespace ltx;
using namespace ltx::weights;
using ltx::test::check_error;
using ltx::test::Folder;
using nlohmann::json;

namespace {

using Tensors = std::map<std::string, at::Tensor>;

const std::string kTiny = LTX_SOURCE_DIR "/tests/golden/models/tiny23/";

at::Tensor small() {
  return at::ones({1, 1}, at::kBFloat16);
}

std::string save(const Folder& folder, const std::string& name, const Tensors& tensors,
                 const std::map<std::string, std::string>& metadata = {}) {
  std::filesystem::create_directories((folder / name).parent_path());
  save_tensors((folder / name).string(), tensors, metadata);
  return (folder / name).string();
}

const std::string kTransformerConfig =
    R"({"transformer":{"num_layers":1,"num_attention_heads":1,"attention_head_dim":1}})";

Tensors transformer() {
  return {{"model.diffusion_model.transformer_blocks.0.attn1.to_q.weight", small()},
          {"model.diffusion_model.patchify_proj.weight", small()}};
}
Tensors monolith() {
  auto tensors = transformer();
  tensors["vae.decoder.conv_in.conv.weight"] = at::ones({1, 1, 1, 1, 1});
  tensors["vae.encoder.conv_in.conv.weight"] = at::ones({1, 1, 1, 1, 1});
  return tensors;
}

/// A text encoder folder; `without` leaves one file out.
std::string gemma(const Folder& folder, const std::string& without = "",
                  const std::string& config = R"({"model_type":"gemma3"})") {
  for (const auto& [name, text] :
       {std::pair<std::string, std::string>{"config.json", config},
        {"tokenizer.json", "{}"},
        {"tokenizer_config.json", R"({"a":1})"},
        {"model.safetensors.index.json",
         R"({"weight_map":{"language_model.model.norm.weight":"model-1.safetensors",)"
         R"("language_model.model.layers.0.w":"model-2.safetensors"}})"}})
    if (name != without) folder.write("gemma/" + name, text);
  if (without != "model-1.safetensors")
    save(folder, "gemma/model-1.safetensors", {{"language_model.model.norm.weight", small()}});
  if (without != "model-2.safetensors")
    save(folder, "gemma/model-2.safetensors", {{"language_model.model.layers.0.w", small()}});
  return (folder / "gemma").string();
}

ModelFiles open_root(const std::filesystem::path& root, std::optional<bool> distilled = {}) {
  ModelPaths paths;
  paths.root = root.string();
  return ModelFiles(paths, distilled);
}

ModelPaths with(std::string ModelPaths::*slot, const std::string& path) {
  ModelPaths paths;
  paths.*slot = path;
  return paths;
}

}  // namespace

TEST_CASE("model files: a folder is searched by contents") {
  const auto files = open_root(kTiny);
  CHECK(files.paths().checkpoint == kTiny + "tiny23.safetensors");
  CHECK(files.paths().spatial_upsampler == kTiny + "tiny23-spatial-upscaler-x2.safetensors");
  CHECK(files.paths().text_encoder == kTiny + "gemma");
  CHECK(files.paths().temporal_upsampler.empty());
  CHECK(files.warnings().empty());
  files.check_pairing();
  for (const auto component : all_components()) {
    CAPTURE(name_of(component));
    const bool expected = component != Component::DurationHead;
    CHECK(files.has(component) == expected);
    if (!expected) continue;
    const auto part = files.open(component);
    CHECK(!part.view.store().names().empty());
    CHECK(part.config.is_object());
  }
  CHECK(files.defaults().num_inference_steps == 30);
  CHECK(files.open(Component::Upsampler).config.at("mid_channels") == 64);
  CHECK(files.open(Component::TextEncoder).view.has("language_model.embed_tokens.weight"));
  CHECK(files.open(Component::TextEncoder).view.has("projector.mm_input_projection_weight"));
}

TEST_CASE("model files: the slots win over the folder") {
  const Folder folder;
  const auto other = save(folder, "other.safetensors", monolith(), {{"config", kTransformerConfig}});
  auto paths = with(&ModelPaths::root, kTiny);
  paths.checkpoint = other;
  CHECK(ModelFiles(paths).paths().checkpoint == other);
}

TEST_CASE("model files: several candidates are an error unless the file name decides") {
  const Folder folder;
  const std::map<std::string, std::string> config{{"config", kTransformerConfig}};
  save(folder, "ltx-dev.safetensors", monolith(), config);
  save(folder, "sub/ltx-distilled.safetensors", monolith(), config);
  check_error(Status::InvalidArgument,
              {folder.path().string(), "2 files", "'checkpoint'", "ltx-dev", "ltx-distilled"},
              [&] { open_root(folder.path()); });
  CHECK(open_root(folder.path(), true).paths().checkpoint.ends_with("ltx-distilled.safetensors"));
  CHECK(open_root(folder.path(), false).paths().checkpoint.ends_with("ltx-dev.safetensors"));
}

TEST_CASE("model files: damaged files in a folder are passed over with a warning, named ones are errors") {
  const Folder folder;
  save(folder, "ltx.safetensors", monolith(), {{"config", kTransformerConfig}});
  const auto bad = folder.write("bad.safetensors", "nonsense, not a header").string();
  const auto files = open_root(folder.path());
  REQUIRE(files.warnings().size() == 1);
  CHECK(files.warnings()[0].find(bad) != std::string::npos);
  check_error(Status::FileCorrupt, {bad}, [&] { ModelFiles(with(&ModelPaths::checkpoint, bad)); });
}

TEST_CASE("model files: wrong files in a slot") {
  check_error(Status::FileNotFound, {"model folder '/nonexistent'"}, [] { open_root("/nonexistent"); });
  check_error(Status::FileFormat, {"expected a folder"}, [] { open_root(kTiny + "tiny23.safetensors"); });
  check_error(Status::FileNotFound, {"/nonexistent.safetensors"},
              [] { ModelFiles(with(&ModelPaths::checkpoint, "/nonexistent.safetensors")); });
  check_error(Status::FileFormat, {"models.checkpoint", "found a folder", "models.root"},
              [] { ModelFiles(with(&ModelPaths::checkpoint, kTiny)); });
  check_error(Status::FileFormat, {"models.video_vae", "expected a video VAE, found a latent upsampler"}, [] {
    ModelFiles(with(&ModelPaths::video_vae, kTiny + "tiny23-spatial-upscaler-x2.safetensors"));
  });
  check_error(Status::FileFormat, {"models.checkpoint", "found a LoRA"},
              [] { ModelFiles(with(&ModelPaths::checkpoint, kTiny + "tiny23-ic-lora.safetensors")); });
  check_error(Status::FileFormat, {"models.temporal_upsampler", "found a spatial one"}, [] {
    ModelFiles(with(&ModelPaths::temporal_upsampler, kTiny + "tiny23-spatial-upscaler-x2.safetensors"));
  });
  check_error(Status::FileNotFound, {"/nonexistent"},
              [] { ModelFiles(with(&ModelPaths::text_encoder, "/nonexistent")); });
  check_error(Status::FileFormat, {"expected a packed text encoder", "monolithic checkpoint"},
              [] { ModelFiles(with(&ModelPaths::text_encoder, kTiny + "tiny23.safetensors")); });
}

TEST_CASE("model files: a component that no file holds") {
  const Folder folder;
  const auto path = save(folder, "t.safetensors", transformer(), {{"config", kTransformerConfig}});
  const ModelFiles files(with(&ModelPaths::transformer, path));
  check_error(Status::ComponentMissing, {"video_decoder is missing", "models.video_vae"},
              [&] { files.open(Component::VideoDecoder); });
  check_error(Status::ComponentMissing, {"text_encoder is missing", "models.text_encoder"},
              [&] { files.open(Component::TextEncoder); });
  check_error(Status::ComponentMissing, {"embeddings is missing", path, "transformer"},
              [&] { files.open(Component::Embeddings); });
  check_error(Status::ComponentMissing, {"upsampler is missing", "models.spatial_upsampler"},
              [&] { files.open(Component::Upsampler); });
  check_error(Status::ComponentMissing, {"temporal"}, [&] { files.open_temporal_upsampler(); });
}

TEST_CASE("model files: a transformer without configuration is refused, an extract borrows the main file's") {
  const Folder folder;
  const auto bare = save(folder, "bare.safetensors", transformer());
  check_error(Status::ModelConfig, {bare, "config.transformer", "found none"},
              [&] { ModelFiles(with(&ModelPaths::transformer, bare)).open(Component::Transformer); });
  auto paths = with(&ModelPaths::checkpoint, save(folder, "main.safetensors", transformer(),
                                                  {{"config", R"({"vae":{"patch_size":4}})"}}));
  paths.video_vae =
      save(folder, "vae.safetensors", {{"decoder.conv_in.conv.weight", at::ones({1, 1, 1, 1, 1})}});
  CHECK(ModelFiles(paths).open(Component::VideoDecoder).config.at("patch_size") == 4);
}

TEST_CASE("config and tensors of a transformer must agree") {
  const Folder folder;
  const auto check = [](const json& config, Tensors tensors) {
    check_transformer_config(config, MemoryStore(std::move(tensors)), "t.safetensors");
  };
  const std::string block = "transformer_blocks.0.";
  const json config = {{"num_layers", 1}, {"num_attention_heads", 2}, {"attention_head_dim", 4}};
  const Tensors good{{"patchify_proj.weight", at::ones({8, 1})},
                     {block + "attn1.to_q.weight", small()},
                     {block + "scale_shift_table", at::ones({6, 8})},
                     {block + "ff.net.2.weight", small()},
                     {block + "ff.net.2.bias", small()}};
  check(config, good);
  const auto changed = [&](const std::string& name, std::optional<at::Tensor> value) {
    auto tensors = good;
    tensors.erase(name);
    if (value) tensors[name] = *value;
    return tensors;
  };
  check_error(Status::ModelConfig, {"t.safetensors", "num_layers = 1", "transformer_blocks.1", "2 blocks"},
              [&] { check(config, changed("transformer_blocks.1.attn1.to_q.weight", small())); });
  check_error(Status::ModelConfig, {"attention_head_dim = 8", "'patchify_proj.weight'", "16 rows"}, [&] {
    check(config, changed("patchify_proj.weight", at::ones({16, 1})));
  });
  check_error(Status::ModelConfig, {"apply_gated_attention = false", "to_gate_logits"},
              [&] { check(config, changed(block + "attn1.to_gate_logits.weight", small())); });
  check_error(Status::ModelConfig, {"cross_attention_adaln = false", "scale_shift_table", "9 rows"}, [&] {
    check(config, changed(block + "scale_shift_table", at::ones({9, 8})));
  });
  check_error(Status::ModelConfig, {"ff_bias = true", "no such tensor"},
              [&] { check(config, changed(block + "ff.net.2.bias", std::nullopt)); });
}

TEST_CASE("text encoder folder: complete, and with each file missing") {
  {
    const Folder folder;
    const TextEncoderFiles files(gemma(folder));
    CHECK(files.model_type() == "gemma3");
    CHECK(files.weight_files().size() == 2);
    CHECK(files.tokenizer_config().at("a") == 1);
    CHECK(files.sidecar("chat_template.jinja") == nullptr);
    CHECK(files.open().view.store().names() ==
          std::vector<std::string>{"language_model.layers.0.w", "language_model.norm.weight"});
  }
  for (const auto* missing : {"config.json", "tokenizer.json", "tokenizer_config.json"}) {
    const Folder folder;
    const auto path = gemma(folder, missing);
    check_error(Status::FileNotFound, {path, std::string("'") + missing + "'", "Download"},
                [&] { TextEncoderFiles{path}; });
  }
  {
    const Folder folder;
    const auto path = gemma(folder, "model-2.safetensors");
    check_error(Status::FileNotFound,
                {path, "shard 'model-2.safetensors'", "1 tensors", "language_model.model.layers.0.w"},
                [&] { TextEncoderFiles{path}; });
    // The same index beside a re-saved model that has everything in one file is no reason to refuse it.
    save(folder, "gemma/model-1.safetensors",
         {{"language_model.model.norm.weight", small()}, {"language_model.model.layers.0.w", small()}});
    CHECK(TextEncoderFiles(path).weight_files().size() == 1);
  }
  {
    // What a download tool keeps beside the files is none of them.
    const Folder folder;
    const auto path = gemma(folder);
    for (const auto* hidden : {".cache/huggingface/config.json", ".git/tokenizer.json", ".config.json"}) {
      const auto file = std::filesystem::path(path) / hidden;
      std::filesystem::create_directories(file.parent_path());
      std::ofstream(file) << "not JSON";
    }
    save(folder, "gemma/.cache/model-0.safetensors", {{"language_model.model.norm.weight", small()}});
    const TextEncoderFiles files(path);
    CHECK(files.model_type() == "gemma3");
    CHECK(files.weight_files().size() == 2);
    CHECK(files.warnings().empty());
  }
}

TEST_CASE("text encoder folder: unreadable contents") {
  const Folder folder;
  check_error(Status::ModelConfig, {"config.json", "'model_type'", "found none"},
              [&] { TextEncoderFiles{gemma(folder, "", "{}")}; });
  check_error(Status::FileCorrupt, {"config.json", "not valid JSON"},
              [&] { TextEncoderFiles{gemma(folder, "", "{\"model_type\":")}; });
  check_error(Status::FileCorrupt, {"config.json", "UTF-8"},
              [&] { TextEncoderFiles{gemma(folder, "", "{\"model_type\":\"\xff\"}")}; });
  const auto path = gemma(folder);
  folder.write("gemma/model.safetensors.index.json", "[]");
  check_error(Status::FileCorrupt, {"index.json", "'weight_map'"}, [&] { TextEncoderFiles{path}; });
  check_error(Status::FileFormat, {"expected a folder or a .safetensors file"},
              [&] { TextEncoderFiles{path + "/config.json"}; });
}

TEST_CASE("packed text encoder: assets as bytes, as other integers, from metadata") {
  const Folder folder;
  const auto bytes = [](const std::string& text, at::ScalarType type) {
    auto tensor = at::empty({static_cast<int64_t>(text.size())}, at::kByte);
    std::memcpy(tensor.data_ptr(), text.data(), text.size());
    return tensor.to(type);
  };
  const std::map<std::string, std::string> metadata{{"gemma_config", R"({"model_type":"gemma4_unified"})"}};
  Tensors tensors{{"model.layers.0.w", small()},
                  {"model.norm.weight", small()},
                  {"tokenizer_json", bytes("{\"ü\":1}", at::kChar)},
                  {"hf_asset__tokenizer_config.json", bytes("{\"b\":2}", at::kLong)},
                  {"text_embedding_projection.video_aggregate_embed.weight", small()}};
  const auto path = save(folder, "packed.safetensors", tensors, metadata);
  const TextEncoderFiles files(path);
  CHECK(files.packed());
  CHECK(files.tokenizer_json() == "{\"ü\":1}");
  CHECK(files.tokenizer_config().at("b") == 2);
  CHECK(files.open().view.store().names() ==
        std::vector<std::string>{"language_model.layers.0.w", "language_model.norm.weight"});

  auto with_metadata = metadata;
  with_metadata["tokenizer_config.json"] = "{\"b\":3}";
  tensors.erase("hf_asset__tokenizer_config.json");
  CHECK(TextEncoderFiles(save(folder, "b.safetensors", tensors, with_metadata)).tokenizer_config().at("b") ==
        3);
  check_error(Status::TensorMissing, {"tokenizer_config.json"},
              [&] { TextEncoderFiles{save(folder, "c.safetensors", tensors, metadata)}; });
  check_error(Status::FileFormat, {"'gemma_config'"},
              [&] { TextEncoderFiles{save(folder, "d.safetensors", tensors)}; });
  tensors["tokenizer_json"] = at::ones({3});
  check_error(Status::TensorMismatch, {"'tokenizer_json'", "expected bytes (U8), found F32"},
              [&] { TextEncoderFiles{save(folder, "e.safetensors", tensors, metadata)}; });
  tensors.erase("tokenizer_json");
  check_error(Status::TensorMissing, {"'tokenizer_json'"},
              [&] { TextEncoderFiles{save(folder, "f.safetensors", tensors, metadata)}; });
}

TEST_CASE("pairing of transformer and text encoder") {
  const auto pair = [](const std::map<std::string, std::string, std::less<>>& metadata, const json& config) {
    return check_text_encoder_pairing(Metadata(metadata, "model.safetensors"), config, "gemma");
  };
  const json v1 = {{"model_type", "gemma4"}, {"gemma_version", "v1"}}, plain = {{"model_type", "gemma4"}},
             gemma3 = {{"model_type", "gemma3"}};
  const std::string declared = R"({"gemma_version":"v1"})";
  CHECK(pair({{"gemma_source_checkpoint", declared}}, v1).empty());
  CHECK(pair({{"gemma_source_checkpoint", "{}"}}, plain).empty());
  CHECK(pair({{"gemma_source_checkpoint", R"({"gemma_version":1.5})"}}, {{"gemma_version", "1.5"}}).empty());
  check_error(Status::ModelVersion, {"model.safetensors", "'v1'", "gemma", "none"}, [&] {
    pair({{"gemma_source_checkpoint", declared}}, plain);
  });
  check_error(Status::ModelVersion, {"none", "'v1'"}, [&] { pair({{"gemma_source_checkpoint", "{}"}}, v1); });
  CHECK(pair({{"model_version", "2.5.0"}}, plain).find("unchecked") != std::string::npos);
  check_error(Status::ModelVersion, {"2.5.0", "gemma_source_checkpoint", "'v1'"}, [&] {
    pair({{"model_version", "2.5.0"}}, v1);
  });
  CHECK(pair({{"model_version", "2.3.0"}}, gemma3).empty());
  CHECK(pair({{"model_version", "2.4"}}, gemma3).empty());
  CHECK(pair({}, gemma3).empty());
  CHECK(pair({{"gemma_source_checkpoint", "null"}, {"model_version", "2.3.0"}}, gemma3).empty());
  check_error(Status::ModelVersion, {"2.4-rc2", "'gemma3'", "'gemma4'"}, [&] {
    pair({{"model_version", "2.4-rc2"}}, plain);
  });
  check_error(Status::ModelVersion, {"2.0", "'gemma3'"}, [&] { pair({}, plain); });
}

TEST_CASE("inspect: a monolith, a LoRA, a folder") {
  const auto file = inspect(kTiny + "tiny23.safetensors");
  CHECK(file.at("schema") == 1);
  CHECK(file.at("kind") == "monolithic checkpoint");
  CHECK(file.at("model_version") == "2.3.0");
  CHECK(file.at("tensors") == 791);
  CHECK(file.at("unused").at("count") == 0);
  CHECK(file.at("components").size() == 7);
  CHECK(file.at("components").at("transformer").at("tensors") == 316);
  CHECK(file.at("components").at("transformer").at("dtypes").at("F32") == 20);
  CHECK(file.at("components").at("vocoder").at("tensors") == 321);
  CHECK(file.at("metadata").at("license") == "synthetic test model");

  const auto lora = inspect(kTiny + "tiny23-distilled-lora-4.safetensors");
  CHECK(lora.at("kind") == "LoRA");
  CHECK(lora.at("lora").at("layers") == 130);
  CHECK(lora.at("lora").at("rank_max") == 4);
  CHECK(lora.at("distilled") == "guessed from the file name");

  const auto folder = inspect(kTiny);
  CHECK(folder.at("files").size() == 6);
  CHECK(folder.at("missing").empty());
  CHECK(folder.at("models").at("checkpoint") == kTiny + "tiny23.safetensors");
  CHECK(describe(open_root(kTiny)).at("text_encoder").at("dtypes").size() >= 1);
}

TEST_CASE("inspect: names that are not UTF-8 and files that are not models do not stop it") {
  const Folder folder;
  folder.write("\xff.safetensors", "short");
  save(folder, "x.safetensors", {{"odd", small()}});
  const auto result = inspect(folder.path());
  CHECK(result.dump().find("?.safetensors") != std::string::npos);
  CHECK(result.at("files").size() == 2);
  CHECK(std::any_of(result["files"].begin(), result["files"].end(),
                    [](const json& f) { return f.contains("error"); }));
  CHECK(result.at("missing").size() == 9);
  check_error(Status::FileNotFound, {"none"}, [&] { inspect(folder / "none"); });
}
