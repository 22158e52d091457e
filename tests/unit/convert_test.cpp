#include "quant/convert.h"

#include <doctest/doctest.h>

#include "convert_fixture.h"
#include "file_fixture.h"
#include "gguf_fixture.h"
#include "quant/context.h"
#include "quant/load_linear.h"
#include "weights/fused_store.h"

using namespace ltx;
using namespace ltx::quant;
using namespace ltx::test;
using formats::Format;
using weights::Checkpoint;
using weights::Component;

namespace {

const std::string kPrefix = "model.diffusion_model.";

std::filesystem::path write_model(const Folder& folder, const Tensors& tensors = model_tensors()) {
  const auto path = folder / "model.safetensors";
  weights::save_tensors(path.string(), tensors, model_metadata());
  return path;
}

/// For a layer of the first block, one of the second and one outside, at strength 0.8.
std::vector<weights::Lora> write_lora(const Folder& folder) {
  Tensors lora;
  for (const std::string layer :
       {"transformer_blocks.0.attn1.to_q", "transformer_blocks.1.ff.net.2", "patchify_proj"}) {
    const auto [rows, columns] = model_layers().at(layer);
    lora["diffusion_model." + layer + ".lora_A.weight"] =
        random_tensor({4, columns}, 0.05, 5).to(at::kBFloat16);
    lora["diffusion_model." + layer + ".lora_B.weight"] = random_tensor({rows, 4}, 0.05, 6).to(at::kBFloat16);
  }
  const auto path = folder / "lora.safetensors";
  weights::save_tensors(path.string(), lora);
  return {{std::make_shared<const weights::LoraFile>(path), 0.8}};
}

struct Loaded {
  std::map<std::string, LinearParts> layers;
  std::shared_ptr<Report> report;
};

Loaded load(const std::filesystem::path& path, const Policy& policy,
            const std::vector<weights::Lora>& loras = {},
            std::shared_ptr<const Calibration> calibration = nullptr,
            at::ScalarType compute = at::kBFloat16) {
  const auto part = Checkpoint(path).open(Component::Transformer);
  const auto store = weights::with_loras(part.view.shared_store(), loras, at::kCPU);
  Context context;
  context.policy = policy;
  context.calibration = calibration;
  const auto made = make_context(context, *store);
  Loaded loaded;
  loaded.report = made->report;
  const Source source(weights::View(store), at::kCPU, compute, made);
  for (const auto& [name, shape] : model_layers())
    loaded.layers[name] = load_linear(source / name, shape.second, shape.first);
  return loaded;
}

void check_equal(const Loaded& a, const Loaded& b) {
  for (const auto& [name, layer] : a.layers) {
    const std::string in_name = name;
    CAPTURE(in_name);
    const auto& other = b.layers.at(name);
    CHECK(layer.weight.format == other.weight.format);
    CHECK(same_matrix(layer.weight, other.weight));
    CHECK(same_bits(layer.bias, other.bias));
    // Stored NVFP4 goes by the name of the files that have it; the arithmetic is one.
    const auto kind = [](Kind k) { return k == Kind::Nvfp4Cast ? Kind::Nvfp4Prequant : k; };
    CHECK(kind(layer.kind) == kind(other.kind));
    CHECK(layer.act_scale == other.act_scale);
    CHECK(same_bits(layer.input_scale, other.input_scale));
  }
}

/// Tensors of a file that a policy has nothing to do with, byte for byte.
void check_carried(const std::filesystem::path& from, const std::filesystem::path& to) {
  const io::TensorFile before(from), after(to);
  size_t carried = 0;
  for (const auto& [name, entry] : before.tensors()) {
    if (name.starts_with(kPrefix + "transformer_blocks.")) continue;
    const std::string in_name = name;
    CAPTURE(in_name);
    const auto* found = after.find(name);
    REQUIRE(found);
    CHECK(found->dtype == entry.dtype);
    CHECK(found->shape == entry.shape);
    const auto x = before.data(entry), y = after.data(*found);
    CHECK(std::equal(x.begin(), x.end(), y.begin(), y.end()));
    ++carried;
  }
  CHECK(carried == 12);
  for (const auto& [key, value] : before.metadata()) CHECK(after.metadata().at(key) == value);
}

struct Case {
  const char* label;
  Kind kind;
  Options options;
  Format format;
  size_t layers;
};

std::vector<Case> cases() {
  Options none, tensor, s28, group, kept;
  tensor.granularity = Granularity::PerTensor;
  s28.layer_set = LayerSet::S28;
  group.group_size = 32;
  kept.keep_bf16_blocks = {1};
  Options s34;
  s34.layer_set = LayerSet::S34;
  return {{"fp8-cast", Kind::Fp8Cast, none, Format::Fp8Unscaled, 22},
          {"fp8-scaled-mm", Kind::Fp8ScaledMm, none, Format::Fp8PerTensor, 22},
          {"fp8-dynamic", Kind::Fp8Dynamic, none, Format::Fp8PerRow, 22},
          {"fp8-dynamic per tensor", Kind::Fp8Dynamic, tensor, Format::Fp8PerTensor, 22},
          {"fp8-weight-only", Kind::Fp8WeightOnly, none, Format::Fp8PerRow, 22},
          {"fp8-block128", Kind::Fp8Block128, none, Format::Fp8Block128, 22},
          {"fp6-block128", Kind::Fp6Block128, none, Format::Fp6Block128, 22},
          {"mxfp8", Kind::Mxfp8, none, Format::Mxfp8, 22},
          {"nvfp4-cast", Kind::Nvfp4Cast, none, Format::Nvfp4, 14},
          {"nvfp4-cast S28", Kind::Nvfp4Cast, s28, Format::Nvfp4, 22},
          {"int8", Kind::Int8, none, Format::Int8, 22},
          {"int8 S34", Kind::Int8, s34, Format::Int8, 24},
          {"int8-dynamic", Kind::Int8Dynamic, none, Format::Int8, 22},
          {"int4", Kind::Int4, none, Format::Int4, 22},
          {"int4 by 32", Kind::Int4, group, Format::Int4, 22},
          {"int4 kept block", Kind::Int4, kept, Format::Int4, 11},
          {"nf4", Kind::Nf4, none, Format::Nf4, 22}};
}

}  // namespace

TEST_CASE("convert: a converted file loads bit for bit as quantizing at load does, and carries the rest") {
  const Folder folder;
  const auto model = write_model(folder);
  for (const auto& [label, kind, options, format, layers] : cases()) {
    const std::string in_label = label;
    CAPTURE(in_label);
    ConvertOptions convert_options;
    convert_options.transformer = Policy(Target::Transformer, kind, options);
    convert_options.overwrite = true;
    const auto output = folder / "out.safetensors";
    const auto result = convert({model}, output, convert_options);
    REQUIRE(result.files.size() == 1);
    CHECK(result.files[0].path == output);
    CHECK(result.files[0].bytes == std::filesystem::file_size(output));
    const auto converted = load(output, convert_options.transformer);
    check_equal(load(model, convert_options.transformer), converted);
    check_carried(model, output);
    const auto part = Checkpoint(output).open(Component::Transformer);
    size_t found = 0;
    for (const auto& name : part.view.store().names())
      found += part.view.store().find(name)->format == format;
    CHECK(found == layers);
    CHECK(converted.report->count(Outcome::AlreadyQuantized) == static_cast<int64_t>(layers));
    size_t measured = 0;
    for (const auto& layer : result.report->layers())
      if (layer.error) {
        ++measured;
        CHECK(layer.error->relative_l2 > 0);
        CHECK(layer.error->relative_l2 < 0.16);
      }
    CHECK(measured == layers);
  }
}

TEST_CASE("convert: auto keeps what is stored, none dequantizes, another policy converts on") {
  const Folder folder;
  const auto model = write_model(folder);
  ConvertOptions options;
  options.transformer = Policy(Target::Transformer, Kind::Int8);
  const auto first = folder / "int8.safetensors";
  convert({model}, first, options);

  options.transformer = Policy(Target::Transformer, Kind::Auto);
  const auto again = folder / "again.safetensors";
  convert({first}, again, options);
  check_equal(load(first, options.transformer), load(again, options.transformer));
  check_carried(first, again);

  options.transformer = Policy(Target::Transformer, Kind::None);
  const auto plain = folder / "plain.safetensors";
  const auto result = convert({first}, plain, options);
  CHECK(result.report->count(Outcome::Dequantized) == 22);
  const io::TensorFile file(plain);
  CHECK(!file.metadata().contains("_quantization_metadata"));
  for (const auto& [name, entry] : file.tensors()) {
    const std::string in_name = name;
    CAPTURE(in_name);
    CHECK(!name.ends_with("_scale"));
    CHECK(!name.ends_with("comfy_quant"));
  }
  CHECK(file.tensors().size() == io::TensorFile(model).tensors().size());
  check_equal(load(first, options.transformer), load(plain, options.transformer));
}

TEST_CASE("convert: weights stored [K, N] come out [N, K], older spellings as today's") {
  const Folder folder;
  auto tensors = model_tensors();
  formats::Encoding encoding;
  encoding.format = Format::Fp8PerTensor;
  for (const std::string layer : {"transformer_blocks.0.ff.net.0.proj", "transformer_blocks.0.attn1.to_q"}) {
    const auto matrix = formats::encode(tensors[kPrefix + layer + ".weight"], encoding);
    tensors[kPrefix + layer + ".weight"] =
        matrix.codes.view(at::kByte).t().contiguous().view(at::kFloat8_e4m3fn);
    tensors[kPrefix + layer + ".scale_weight"] = matrix.scale.view({1});
    tensors[kPrefix + layer + ".scale_input"] = at::full({1}, 0.25);
  }
  tensors["scaled_fp8"] = at::zeros({0}, at::kFloat8_e4m3fn);
  const auto model = write_model(folder, tensors);
  const auto output = folder / "out.safetensors";
  convert({model}, output, {});
  const Policy automatic(Target::Transformer, Kind::Auto);
  check_equal(load(model, automatic), load(output, automatic));
  const io::TensorFile file(output);
  CHECK(file.find(kPrefix + "transformer_blocks.0.ff.net.0.proj.weight")->shape ==
        std::vector<int64_t>{1024, 256});
  CHECK(file.find(kPrefix + "transformer_blocks.0.ff.net.0.proj.input_scale")->shape.empty());
  CHECK(file.find(kPrefix + "transformer_blocks.0.ff.net.0.proj.scale_weight") == nullptr);
  CHECK(file.find("scaled_fp8") == nullptr);
  const auto metadata = nlohmann::json::parse(file.metadata().at("_quantization_metadata"));
  CHECK(metadata.at("layers").size() == 2);
  CHECK(metadata.at("layers").at(kPrefix + "transformer_blocks.0.attn1.to_q").at("format") ==
        "float8_e4m3fn");
}

TEST_CASE("convert: LoRAs are fused as a load fuses them") {
  const Folder folder;
  const auto model = write_model(folder);
  const auto loras = write_lora(folder);
  for (const auto order : {LoraOrder::Auto, LoraOrder::Before, LoraOrder::After})
    for (const auto kind : {Kind::Int8, Kind::Fp8Cast, Kind::Auto}) {
      CAPTURE(static_cast<int>(order));
      CAPTURE(name_of(kind));
      Options lora_options;
      lora_options.lora_order = order;
      ConvertOptions options;
      options.transformer = Policy(Target::Transformer, kind, lora_options);
      options.loras = loras;
      options.overwrite = true;
      const auto output = folder / "out.safetensors";
      const auto result = convert({model}, output, options);
      const auto fused = load(model, options.transformer, loras),
                 converted = load(output, options.transformer);
      check_equal(fused, converted);
      CHECK(!same_matrix(converted.layers.at("patchify_proj").weight,
                         load(model, options.transformer).layers.at("patchify_proj").weight));
      CHECK(result.report->fusions().size() == 3);
    }
  ConvertOptions options;
  Options runtime;
  runtime.lora_order = LoraOrder::Runtime;
  options.transformer = Policy(Target::Transformer, Kind::Int8, runtime);
  options.loras = loras;
  check_error(Status::InvalidArgument, {"runtime", "before or after"},
              [&] { convert({model}, folder / "no.safetensors", options); });
}

TEST_CASE("convert: sums with LoRAs keep the dtype that a load in fp32 rounds them to") {
  const Folder folder;
  for (const auto dtype : {at::kHalf, at::kFloat, at::kBFloat16}) {
    CAPTURE(at::toString(dtype));
    auto tensors = model_tensors();
    for (auto& [name, tensor] : tensors)
      if (name.ends_with("patchify_proj.weight")) tensor = random_tensor(tensor.sizes(), 0.03, 8).to(dtype);
    const auto model = write_model(folder, tensors);
    ConvertOptions options;
    options.transformer = Policy(Target::Transformer, Kind::Int8);
    options.loras = write_lora(folder);
    options.overwrite = true;
    options.compute = at::kFloat;
    const auto output = folder / "out.safetensors";
    convert({model}, output, options);
    check_equal(load(model, options.transformer, options.loras, nullptr, at::kFloat),
                load(output, options.transformer, {}, nullptr, at::kFloat));
  }
}

TEST_CASE("convert: calibrated maxima become input scales of the file") {
  const Folder folder;
  const auto model = write_model(folder);
  ConvertOptions options;
  options.transformer = Policy(Target::Transformer, Kind::Fp8ScaledMm);
  std::map<std::string, float, std::less<>> amax = {{"transformer_blocks.0.attn1.to_q", 7.0f},
                                                    {"transformer_blocks.1.ff.net.2", 0.3f}};
  options.calibration = std::make_shared<const Calibration>(amax);
  const auto output = folder / "out.safetensors";
  convert({model}, output, options);
  check_equal(load(model, options.transformer, {}, options.calibration), load(output, options.transformer));
  CHECK(io::TensorFile(output).find(kPrefix + "transformer_blocks.0.attn1.to_q.input_scale"));
  CHECK(!io::TensorFile(output).find(kPrefix + "transformer_blocks.0.attn1.to_k.input_scale"));
}

TEST_CASE("convert: split gives each part its tensors and its sections") {
  const Folder folder;
  const auto model = write_model(folder);
  ConvertOptions options;
  options.transformer = Policy(Target::Transformer, Kind::Int8);
  options.split = true;
  check_error(Status::InvalidArgument, {"expected a folder"},
              [&] { convert({model}, folder / "out.safetensors", options); });
  const auto result = convert({model}, folder / "parts", options);
  REQUIRE(result.files.size() == 3);
  size_t tensors = 0;
  for (const auto& file : result.files) tensors += file.tensors;
  CHECK(tensors == 22 * 2 + io::TensorFile(model).tensors().size());
  const auto part = [&](const char* name) {
    return Checkpoint(folder / "parts" / (std::string(name) + ".safetensors"));
  };
  CHECK(part("transformer").kind() == weights::FileKind::Transformer);
  CHECK(part("transformer").has(Component::Embeddings));
  CHECK(part("video_vae").kind() == weights::FileKind::VideoVae);
  CHECK(part("audio_vae").kind() == weights::FileKind::AudioVae);
  CHECK(part("audio_vae").has(Component::Vocoder));
  CHECK(part("transformer").metadata().config().size() == 2);
  CHECK(part("video_vae").metadata().config().contains("vae"));
  CHECK(!part("video_vae").metadata().config().contains("transformer"));
  CHECK(part("video_vae").metadata().model_version() == "2.3.0");
  CHECK(part("audio_vae").metadata().config().size() == 2);
  CHECK(!part("audio_vae").metadata().raw().contains("_quantization_metadata"));
  check_equal(load(model, options.transformer),
              load(folder / "parts" / "transformer.safetensors", options.transformer));
}

TEST_CASE("convert: one component alone") {
  const Folder folder;
  const auto model = write_model(folder);
  ConvertOptions options;
  options.transformer = Policy(Target::Transformer, Kind::Int4);
  options.only = Component::Transformer;
  const auto output = folder / "dit.safetensors";
  convert({model}, output, options);
  const io::TensorFile file(output);
  for (const auto& [name, entry] : file.tensors()) {
    CHECK(name.starts_with(kPrefix));
    CHECK(name.find("connector") == std::string::npos);
  }
  check_equal(load(model, options.transformer), load(output, options.transformer));
}

TEST_CASE("convert: GGUF becomes bf16 or any other format, but cannot stay what it is") {
  const Folder folder;
  GgufWriter writer;
  writer.text("general.architecture", "ltxv").text("model_version", "2.3.0");
  const auto tensors = transformer_tensors("");
  for (const auto& [name, tensor] : tensors) {
    std::vector<uint64_t> dims;
    for (int64_t i = tensor.dim() - 1; i >= 0; --i) dims.push_back(static_cast<uint64_t>(tensor.size(i)));
    const bool blocks = name.ends_with(".weight") && tensor.dim() == 2;
    std::string data;
    if (blocks)
      for (int64_t i = 0; i < tensor.numel() / 32; ++i) {
        data += little_endian<uint16_t>(0x2000);  // 2^-7
        for (int64_t j = 0; j < 32; ++j) data += static_cast<char>((i * 7 + j * 5) % 100 - 50);
      }
    else
      data.assign(static_cast<const char*>(tensor.const_data_ptr()), tensor.nbytes());
    writer.tensor(name, dims, blocks ? 8 : tensor.scalar_type() == at::kFloat ? 0 : 30, data);
  }
  const auto model = folder.write("dit.gguf", writer.bytes());
  ConvertOptions options;
  options.config = model_config().at("transformer");
  const auto plain = folder / "plain.safetensors";
  for (const auto kind : {Kind::Auto, Kind::Gguf}) {
    options.transformer = Policy(Target::Transformer, kind);
    check_error(Status::Unsupported, {"dit.gguf", "Q8_0", "read and not written", "none"},
                [&] { convert({model}, plain, options); });
    CHECK(!std::filesystem::exists(plain));
  }
  options.transformer = Policy(Target::Transformer, Kind::None);
  const auto result = convert({model}, plain, options);
  CHECK(result.report->count(Outcome::Dequantized) == static_cast<int64_t>(model_layers().size()));
  for (const auto& layer : result.report->layers()) CHECK(layer.stored == Format::Q8_0);
  const io::TensorFile file(plain);
  CHECK(file.container() == io::Container::Safetensors);
  CHECK(file.tensors().size() == tensors.size());
  CHECK(file.metadata().at("model_version") == "2.3.0");
  CHECK(!file.metadata().contains("general.architecture"));
  CHECK(Checkpoint(plain).metadata().section("transformer") == options.config);
  const Policy none(Target::Transformer, Kind::None);
  check_equal(load(model, none), load(plain, none));

  options.transformer = Policy(Target::Transformer, Kind::Int8);
  const auto output = folder / "int8.safetensors";
  const auto encoded = convert({model}, output, options);
  CHECK(encoded.report->count(Outcome::Quantized) == 22);
  for (const auto& layer : encoded.report->layers()) CHECK(layer.stored == Format::Q8_0);
  CHECK(io::TensorFile(output).find("transformer_blocks.0.attn1.to_q.weight")->dtype == "I8");
  check_equal(load(plain, options.transformer), load(output, options.transformer));

  // A LoRA meets the bf16 weights that the blocks stand for, not codes.
  options.loras = write_lora(folder);
  options.overwrite = true;
  for (const auto kind : {Kind::None, Kind::Int8, Kind::Fp8Cast}) {
    CAPTURE(name_of(kind));
    options.transformer = Policy(Target::Transformer, kind);
    const auto fused = convert({model}, output, options);
    CHECK(fused.report->fusions().size() == 3);
    check_equal(load(plain, options.transformer, options.loras), load(output, options.transformer));
  }
}

TEST_CASE("convert: sources of one name do not overwrite each other") {
  const Folder folder;
  std::vector<std::filesystem::path> sources;
  for (const char* part : {"a", "b"}) {
    std::filesystem::create_directories(folder / part);
    sources.push_back(folder / part / "model.safetensors");
    Tensors tensors;
    tensors[std::string("language_model.model.layers.") + part + ".weight"] = at::ones({4, 4});
    weights::save_tensors(sources.back().string(), tensors, {});
  }
  check_error(Status::InvalidArgument, {"/a/model.safetensors", "/b/model.safetensors", "both"},
              [&] { convert(sources, folder / "out", {}); });
  CHECK(!std::filesystem::exists(folder / "out"));
}

TEST_CASE("convert: a text encoder's layers by its own policy, the transformer's by another") {
  const Folder folder;
  Tensors tensors;
  for (const std::string layer : {"self_attn.q_proj", "mlp.up_proj"})
    tensors["language_model.model.layers.0." + layer + ".weight"] =
        random_tensor({256, 128}, 0.03, 3).to(at::kBFloat16);
  for (const std::string name : {"embed_tokens", "norm"})
    tensors["language_model.model." + name + ".weight"] =
        random_tensor({256, 128}, 0.03, 4).to(at::kBFloat16);
  const auto first = folder / "model-00001-of-00002.safetensors",
             second = folder / "model-00002-of-00002.safetensors";
  weights::save_tensors(first.string(), tensors, {{"format", "pt"}});
  Tensors more;
  more["language_model.model.layers.1.mlp.up_proj.weight"] =
      random_tensor({256, 128}, 0.03, 6).to(at::kBFloat16);
  weights::save_tensors(second.string(), more, {{"format", "pt"}});
  ConvertOptions options;
  options.transformer = Policy(Target::Transformer, Kind::Fp8Cast);
  options.text_encoder = Policy(Target::TextEncoder, Kind::Nf4);
  const auto result = convert({first, second}, folder / "out", options);
  REQUIRE(result.files.size() == 2);
  CHECK(result.files[0].path.filename() == first.filename());
  CHECK(result.report->count(Outcome::Quantized, "text_encoder") == 3);
  const auto part = Checkpoint({result.files[0].path, result.files[1].path}).open(Component::TextEncoder);
  const auto& store = part.view.store();
  CHECK(store.find("language_model.layers.0.mlp.up_proj.weight")->format == Format::Nf4);
  CHECK(store.find("language_model.layers.1.mlp.up_proj.weight")->format == Format::Nf4);
  CHECK(store.find("language_model.embed_tokens.weight")->format == Format::Unquantized);
  formats::Encoding nf4;
  nf4.format = Format::Nf4;
  CHECK(same_matrix(store.parts("language_model.layers.0.mlp.up_proj.weight").stored->matrix,
                    formats::encode(tensors.at("language_model.model.layers.0.mlp.up_proj.weight"), nf4)));
}

namespace {

class Stopper : public Monitor {
 public:
  explicit Stopper(uint64_t after) : after_(after) {}
  void progress(const Progress& progress) override {
    CHECK(progress.phase == Phase::Convert);
    CHECK(progress.bytes_done >= done);
    CHECK(progress.bytes_done <= progress.bytes_total);
    done = progress.bytes_done;
    total = progress.bytes_total;
  }
  bool cancelled() const override { return done >= after_; }

  uint64_t done = 0, total = 0;

 private:
  uint64_t after_;
};

}  // namespace

TEST_CASE("convert: progress reaches its total; a cancelled or failed conversion leaves nothing behind") {
  const Folder folder;
  auto tensors = model_tensors();
  const auto model = write_model(folder, tensors);
  ConvertOptions options;
  options.transformer = Policy(Target::Transformer, Kind::Int8);
  Stopper listener(UINT64_MAX);
  convert({model}, folder / "a.safetensors", options, listener);
  CHECK(listener.total > 0);
  CHECK(listener.done == listener.total);

  Stopper stopper(listener.total / 2);
  check_error(Status::Cancelled, {},
              [&] { convert({model}, folder / "new" / "b.safetensors", options, stopper); });
  CHECK(!std::filesystem::exists(folder / "new"));

  check_error(Status::InvalidArgument, {"a.safetensors", "exists", "overwrite"},
              [&] { convert({model}, folder / "a.safetensors", options); });
  options.overwrite = true;
  check_error(Status::InvalidArgument, {"is the file that is converted"},
              [&] { convert({model}, model, options); });
  check_error(Status::InvalidArgument, {".safetensors"},
              [&] { convert({model}, folder / "a.bin", options); });

  const auto before = std::filesystem::file_size(folder / "a.safetensors");
  tensors[kPrefix + "transformer_blocks.1.attn1.to_v.weight"][3][5] = std::numeric_limits<float>::quiet_NaN();
  const auto bad = folder / "bad.safetensors";
  weights::save_tensors(bad.string(), tensors, model_metadata());
  check_error(Status::Numeric, {"transformer_blocks.1.attn1.to_v.weight"},
              [&] { convert({bad}, folder / "a.safetensors", options); });
  CHECK(std::filesystem::file_size(folder / "a.safetensors") == before);
  size_t files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder.path()))
    files += entry.is_regular_file();
  CHECK(files == 3);
}
