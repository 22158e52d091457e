#include <doctest/doctest.h>
#include <fmt/ranges.h>

#include "convert_fixture.h"
#include "file_fixture.h"
#include "weights/checkpoint.h"
#include "weights/stored_writer.h"

using namespace ltx;
using namespace ltx::test;
using formats::Encoding;
using formats::Format;
using weights::StoredMatrix;

namespace {

struct Case {
  const char* label;
  Encoding encoding;
};

std::vector<Case> encodings() {
  const auto of = [](Format format) {
    Encoding encoding;
    encoding.format = format;
    return encoding;
  };
  auto multiply = of(Format::Fp8PerTensor);
  multiply.fp8_form = Encoding::Fp8Form::Multiply;
  auto int4 = of(Format::Int4), symmetric = int4, rotated = of(Format::Int8);
  int4.group_size = 32;
  symmetric.symmetric = true;
  rotated.rotation = 64;
  return {{"fp8 unscaled", of(Format::Fp8Unscaled)},
          {"fp8 per tensor", of(Format::Fp8PerTensor)},
          {"fp8 per tensor, multiply", multiply},
          {"fp8 per row", of(Format::Fp8PerRow)},
          {"fp8 block128", of(Format::Fp8Block128)},
          {"fp6 block128", of(Format::Fp6Block128)},
          {"mxfp8", of(Format::Mxfp8)},
          {"nvfp4", of(Format::Nvfp4)},
          {"int8", of(Format::Int8)},
          {"int8 rotated", rotated},
          {"int4 by 128", of(Format::Int4)},
          {"int4 by 32", int4},
          {"int4 symmetric", symmetric},
          {"nf4", of(Format::Nf4)}};
}

/// Writes the layer as a transformer's file would hold it, and reads it through the door that loads use.
struct RoundTrip {
  StoredMatrix stored;
  weights::TensorInfo info;
  std::map<std::string, std::string> dtypes;
};

RoundTrip round_trip(const Folder& folder, const std::string& layer, const StoredMatrix& stored) {
  const std::string prefix = "model.diffusion_model.";
  Tensors tensors = {{prefix + "adaln_single.linear.bias", at::zeros({4}, at::kBFloat16)}};
  for (const auto& [name, tensor] : weights::stored_tensors(prefix + layer, stored)) tensors[name] = tensor;
  auto metadata = model_metadata();
  const auto entry = weights::quantization_entry(weights::look_of(stored));
  if (!entry.is_null())
    metadata["_quantization_metadata"] =
        nlohmann::json{{"format_version", "1.0"}, {"layers", {{prefix + layer, entry}}}}.dump();
  const auto path = folder / "layer.safetensors";
  weights::save_tensors(path.string(), tensors, metadata);
  const weights::Checkpoint checkpoint(path);
  const auto part = checkpoint.open(weights::Component::Transformer);
  RoundTrip result;
  result.info = *part.view.store().find(layer + ".weight");
  result.stored = part.view.store().parts(layer + ".weight").stored.value();
  const auto layers = checkpoint.layers();
  CHECK(weights::look_of(*layers, *layers->find(layer)) == weights::look_of(stored));
  for (const auto& [name, entry_of] : checkpoint.files().front()->tensors())
    result.dtypes[name] = entry_of.dtype;
  return result;
}

}  // namespace

TEST_CASE("stored writer: every format is read back bit for bit, from its header too") {
  const Folder folder;
  const std::pair<const char*, std::pair<int64_t, int64_t>> layers[] = {
      {"transformer_blocks.0.attn1.to_q", {256, 256}},
      {"transformer_blocks.0.ff.net.0.proj", {1024, 256}},
      {"transformer_blocks.0.ff.net.2", {256, 1024}},
      {"transformer_blocks.0.audio_attn1.to_k", {128, 128}},
      {"transformer_blocks.0.attn1.to_gate_logits", {2, 256}}};
  for (const auto& [layer, shape] : layers)
    for (const auto& [label, encoding] : encodings()) {
      if (!formats::can_store(encoding, shape.first, shape.second)) continue;
      const std::string in_layer = layer;
      CAPTURE(in_layer);
      const std::string in_label = label;
      CAPTURE(in_label);
      const auto weight = random_tensor({shape.first, shape.second}, 0.03, 7).to(at::kBFloat16);
      StoredMatrix stored;
      stored.matrix = formats::encode(weight, encoding);
      CHECK(weights::look_of(stored) == weights::look_of(encoding, shape.first, shape.second));
      const auto back = round_trip(folder, layer, stored);
      CHECK(back.info.format == encoding.format);
      CHECK(back.info.shape == std::vector<int64_t>{shape.first, shape.second});
      CHECK(same_matrix(back.stored.matrix, stored.matrix));
      CHECK(!back.stored.input_scale.defined());
    }
}

TEST_CASE("stored writer: what a file says of activations is kept; declarations are what is written") {
  const Folder folder;
  const auto weight = random_tensor({256, 256}, 0.03, 8).to(at::kBFloat16);
  for (const auto& [label, encoding] : encodings()) {
    if (encoding.format == Format::Fp8Unscaled) continue;
    const std::string in_label = label;
    CAPTURE(in_label);
    StoredMatrix stored;
    stored.matrix = formats::encode(weight, encoding);
    const bool scaled = encoding.format == Format::Fp8PerTensor || encoding.format == Format::Nvfp4;
    if (scaled) stored.input_scale = at::scalar_tensor(0.0157, at::kFloat);
    if (encoding.format == Format::Nvfp4)
      stored.pre_quant_scale = random_tensor({256}, 1, 9).abs().add(0.5).to(at::kBFloat16);
    stored.full_precision_matmul = scaled;
    const auto back = round_trip(folder, "transformer_blocks.1.attn1.to_v", stored);
    CHECK(same_matrix(back.stored.matrix, stored.matrix));
    CHECK(same_bits(back.stored.input_scale, stored.input_scale));
    CHECK(same_bits(back.stored.pre_quant_scale, stored.pre_quant_scale));
    CHECK(back.stored.full_precision_matmul == stored.full_precision_matmul);
    const auto declared = weights::declare_stored("x", weights::look_of(stored));
    const auto written = weights::stored_tensors("x", stored);
    REQUIRE(declared.size() == written.size());
    for (size_t i = 0; i < declared.size(); ++i) {
      CHECK(declared[i].name == written[i].name);
      CHECK(declared[i].dtype == weights::dtype_name(written[i].tensor.scalar_type()));
      CHECK(declared[i].shape == written[i].tensor.sizes().vec());
    }
  }
}

TEST_CASE("stored writer: the published names, dtypes and paddings") {
  const auto declared = [](Format format, int64_t rows, int64_t columns) {
    Encoding encoding;
    encoding.format = format;
    std::string text;
    for (const auto& tensor : weights::declare_stored("l", weights::look_of(encoding, rows, columns)))
      text += fmt::format("{} {} [{}]; ", tensor.name, tensor.dtype, fmt::join(tensor.shape, ","));
    return text;
  };
  CHECK(declared(Format::Nvfp4, 32, 48)
            .starts_with("l.weight U8 [32,24]; l.weight_scale F8_E4M3 [128,4]; l.weight_scale_2 F32 []; "
                         "l.comfy_quant U8 ["));
  CHECK(declared(Format::Mxfp8, 40, 80)
            .starts_with("l.weight F8_E4M3 [64,96]; l.weight_scale U8 [128,4]; l.comfy_quant"));
  CHECK(declared(Format::Fp8PerRow, 40, 80) == "l.weight F8_E4M3 [40,80]; l.weight_scale F32 [40]; ");
  CHECK(declared(Format::Fp8Block128, 256, 128) == "l.weight F8_E4M3 [256,128]; l.weight_scale F32 [2,1]; ");
  CHECK(declared(Format::Fp6Block128, 256, 128) == "l.weight U8 [256,96]; l.weight_scale F32 [2,1]; ");
  CHECK(declared(Format::Int4, 8, 256) ==
        "l.weight U8 [8,128]; l.weight_scale BF16 [8,2]; l.weight_zero BF16 [8,2]; ");
  CHECK(declared(Format::Nf4, 8, 64)
            .starts_with("l.weight U8 [256,1]; l.weight.absmax F32 [8]; l.weight.quant_map F32 [16]; "
                         "l.weight.quant_state.bitsandbytes__nf4 U8 ["));
  Encoding rotated;
  rotated.format = Format::Int8;
  rotated.rotation = 256;
  CHECK(weights::quantization_entry(weights::look_of(rotated, 8, 256)).dump() ==
        R"({"convrot":true,"convrot_groupsize":256,"format":"int8_tensorwise"})");
  Encoding gguf;
  gguf.format = Format::Q4_K;
  check_error(Status::Quant, {"layer 'l'", "gguf-Q4_K"},
              [&] { weights::declare_stored("l", weights::look_of(gguf, 8, 256)); });
}
