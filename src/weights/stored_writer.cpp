#include "weights/stored_writer.h"

#include <cstring>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "formats/scale_swizzle.h"

namespace ltx::weights {
namespace {

using formats::Format;
using nlohmann::json;

int64_t up(int64_t value, int64_t multiple) {
  return (value + multiple - 1) / multiple * multiple;
}

bool is_comfy(Format format) {
  return format == Format::Fp8PerTensor || format == Format::Mxfp8 || format == Format::Nvfp4 ||
         format == Format::Int8;
}

/// What ComfyUI keeps beside each layer; "" for formats that it does not know.
std::string comfy_quant(const StoredLook& look) {
  return is_comfy(look.format) ? quantization_entry(look).dump() : "";
}

std::string nf4_state(const StoredLook& look) {
  return json{{"quant_type", "nf4"},
              {"blocksize", look.nf4_block},
              {"dtype", "bfloat16"},
              {"shape", {look.rows, look.columns}}}
      .dump();
}

at::Tensor text_tensor(const std::string& text) {
  auto tensor = at::empty({static_cast<int64_t>(text.size())}, at::kByte);
  std::memcpy(tensor.data_ptr(), text.data(), text.size());
  return tensor;
}

at::Tensor plain(const at::Tensor& tensor) {
  return tensor.detach().to(at::kCPU).contiguous();
}

/// [N, K↑32] -> [N↑32, K↑32].
at::Tensor pad_rows(const at::Tensor& codes, int64_t rows) {
  auto bytes = plain(codes).view(at::kByte);
  if (bytes.size(0) == rows) return bytes.view(codes.scalar_type());
  auto padded = at::zeros({rows, bytes.size(1)}, at::kByte);
  padded.narrow(0, 0, bytes.size(0)).copy_(bytes);
  return padded.view(codes.scalar_type());
}

}  // namespace

StoredLook look_of(const StoredMatrix& stored) {
  const auto& matrix = stored.matrix;
  StoredLook look;
  look.format = matrix.format;
  look.rows = matrix.rows;
  look.columns = matrix.columns;
  look.e5m2 = matrix.codes.scalar_type() == at::kFloat8_e5m2;
  if (look.format == Format::Int4) {
    look.group_size = matrix.columns / matrix.scale.size(1);
    look.symmetric = !matrix.zero.defined();
  }
  if (look.format == Format::Int8) {
    look.scale_per_row = matrix.scale.dim() > 0;
    look.rotation = matrix.rotation;
  }
  if (look.format == Format::Nf4) look.nf4_block = matrix.nf4_block;
  look.input_scale = stored.input_scale.defined();
  if (stored.pre_quant_scale.defined())
    look.pre_quant_scale = dtype_name(stored.pre_quant_scale.scalar_type());
  look.full_precision_matmul = stored.full_precision_matmul;
  return look;
}

StoredLook look_of(const StoredLayers& layers, const StoredLayer& layer) {
  const auto info = [&](std::string_view role) -> const TensorInfo* {
    const auto* name = layer.companion(role);
    return name ? layers.files().find(*name) : nullptr;
  };
  StoredLook look;
  look.format = layer.format;
  look.rows = layer.rows();
  look.columns = layer.columns();
  look.e5m2 = layer.dtype == "F8_E5M2";
  const auto* scale = info("weight_scale");
  if (look.format == Format::Int4 && scale) {
    look.group_size = look.columns / scale->shape.at(1);
    look.symmetric = info("weight_zero") == nullptr;
  }
  if (look.format == Format::Int8 && scale) {
    int64_t scales = 1;
    for (const auto extent : scale->shape) scales *= extent;
    look.scale_per_row = scales != 1 || look.rows == 1;
    look.rotation = layer.rotation;
  }
  if (look.format == Format::Nf4) look.nf4_block = layer.nf4.block;
  look.input_scale = layer.has_input_scale() && look.format != Format::Fp8Unscaled;
  if (const auto* pre = info("pre_quant_scale")) look.pre_quant_scale = pre->dtype;
  look.full_precision_matmul = layer.full_precision_matmul;
  return look;
}

StoredLook look_of(const formats::Encoding& encoding, int64_t rows, int64_t columns) {
  StoredLook look;
  look.format = encoding.format;
  look.rows = rows;
  look.columns = columns;
  if (look.format == Format::Int4) {
    look.group_size = encoding.group_size;
    look.symmetric = encoding.symmetric;
  }
  if (look.format == Format::Int8) look.rotation = encoding.rotation;
  return look;
}

json quantization_entry(const StoredLook& look) {
  json entry;
  switch (look.format) {
    case Format::Unquantized:
    case Format::Fp8Unscaled:
      return nullptr;
    case Format::Fp8PerTensor:
      entry["format"] = look.e5m2 ? "float8_e5m2" : "float8_e4m3fn";
      break;
    case Format::Int8:
      entry["format"] = "int8_tensorwise";
      if (look.rotation > 0) {
        entry["convrot"] = true;
        entry["convrot_groupsize"] = look.rotation;
      }
      break;
    case Format::Int4:
      entry["format"] = std::string(formats::name_of(look.format));
      entry["group_size"] = look.group_size;
      break;
    default:
      entry["format"] = std::string(formats::name_of(look.format));
  }
  if (look.full_precision_matmul) entry["full_precision_matrix_mult"] = true;
  return entry;
}

std::vector<io::TensorDeclaration> declare_stored(const std::string& layer, const StoredLook& look) {
  const int64_t n = look.rows, k = look.columns;
  const std::string weight = layer + ".weight", scale = layer + ".weight_scale";
  const std::string fp8 = look.e5m2 ? "F8_E5M2" : "F8_E4M3";
  std::vector<io::TensorDeclaration> tensors;
  switch (look.format) {
    case Format::Fp8Unscaled:
      tensors = {{weight, fp8, {n, k}}};
      break;
    case Format::Fp8PerTensor:
      tensors = {{weight, fp8, {n, k}}, {scale, "F32", {}}};
      break;
    case Format::Fp8PerRow:
      tensors = {{weight, fp8, {n, k}}, {scale, "F32", {n}}};
      break;
    case Format::Fp8Block128:
      tensors = {{weight, fp8, {n, k}}, {scale, "F32", {up(n, 128) / 128, up(k, 128) / 128}}};
      break;
    case Format::Fp6Block128:
      tensors = {{weight, "U8", {n, k / 4 * 3}}, {scale, "F32", {up(n, 128) / 128, up(k, 128) / 128}}};
      break;
    case Format::Mxfp8:
      tensors = {{weight, "F8_E4M3", {up(n, 32), up(k, 32)}},
                 {scale, "U8", {up(n, 128), up(up(k, 32) / 32, 4)}}};
      break;
    case Format::Nvfp4:
      tensors = {{weight, "U8", {n, up(k, 16) / 2}},
                 {scale, "F8_E4M3", {up(n, 128), up(up(k, 16) / 16, 4)}},
                 {layer + ".weight_scale_2", "F32", {}}};
      break;
    case Format::Int8:
      tensors = {{weight, "I8", {n, k}}, {scale, "F32", {}}};
      if (look.scale_per_row) tensors.back().shape = {n};
      if (look.rotation > 0) tensors.back().shape = {n, 1};  // as ComfyUI publishes them
      break;
    case Format::Int4:
      tensors = {{weight, "U8", {n, k / 2}}, {scale, "BF16", {n, k / look.group_size}}};
      if (!look.symmetric) tensors.push_back({layer + ".weight_zero", "BF16", {n, k / look.group_size}});
      break;
    case Format::Nf4:
      tensors = {
          {weight, "U8", {(n * k + 1) / 2, 1}},
          {weight + ".absmax", "F32", {(n * k + look.nf4_block - 1) / look.nf4_block}},
          {weight + ".quant_map", "F32", {16}},
          {weight + ".quant_state.bitsandbytes__nf4", "U8", {static_cast<int64_t>(nf4_state(look).size())}}};
      break;
    default:
      fail(Status::Quant,
           "layer '{}': a safetensors file has no layout for {}. Choose a format to convert to, or none.",
           layer, formats::name_of(look.format));
  }
  if (look.input_scale) tensors.push_back({layer + ".input_scale", "F32", {}});
  if (!look.pre_quant_scale.empty())
    tensors.push_back({layer + ".pre_quant_scale", look.pre_quant_scale, {k}});
  if (const auto text = comfy_quant(look); !text.empty())
    tensors.push_back({layer + ".comfy_quant", "U8", {static_cast<int64_t>(text.size())}});
  return tensors;
}

std::vector<NamedTensor> stored_tensors(const std::string& layer, const StoredMatrix& stored) {
  const auto& matrix = stored.matrix;
  const auto look = look_of(stored);
  const auto declarations = declare_stored(layer, look);
  std::vector<at::Tensor> values;
  switch (matrix.format) {
    case Format::Fp8Unscaled:
      values = {matrix.codes};
      break;
    case Format::Mxfp8:
      values = {pad_rows(matrix.codes, up(look.rows, 32)), formats::swizzle_scales(plain(matrix.scale))};
      break;
    case Format::Nvfp4:
      values = {matrix.codes, formats::swizzle_scales(plain(matrix.scale)).view(at::kFloat8_e4m3fn),
                matrix.scale_2};
      break;
    case Format::Int4:
      values = {matrix.codes, matrix.scale};
      if (matrix.zero.defined()) values.push_back(matrix.zero);
      break;
    case Format::Nf4:
      values = {matrix.codes, matrix.scale, matrix.table, text_tensor(nf4_state(look))};
      break;
    default:
      values = {matrix.codes, matrix.scale};
  }
  if (look.input_scale) values.push_back(stored.input_scale);
  if (!look.pre_quant_scale.empty()) values.push_back(stored.pre_quant_scale);
  if (const auto text = comfy_quant(look); !text.empty()) values.push_back(text_tensor(text));

  std::vector<NamedTensor> tensors;
  for (size_t i = 0; i < declarations.size(); ++i)
    tensors.push_back({declarations[i].name, plain(values[i]).reshape(declarations[i].shape)});
  return tensors;
}

}  // namespace ltx::weights
