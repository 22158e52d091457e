#include "quant/backends/scheme.h"

#include "quant/policy.h"

namespace ltx::quant {

using formats::Format;

Kind arithmetic_of(Kind kind, Format format) {
  return kind == Kind::Auto || kind == Kind::None ? kind_of(format) : kind;
}

bool quantizes_activations(Kind kind) {
  switch (kind) {
    case Kind::Fp8ScaledMm:
    case Kind::Fp8Dynamic:
    case Kind::Fp8Block128:
    case Kind::Mxfp8:
    case Kind::Fp6Block128:
    case Kind::Nvfp4Cast:
    case Kind::Nvfp4Prequant:
    case Kind::Int8Dynamic:
      return true;
    default:
      return false;
  }
}

bool yields_bf16(Kind kind) {
  return kind == Kind::Nvfp4Cast || kind == Kind::Nvfp4Prequant || kind == Kind::Fp8Block128 ||
         kind == Kind::Fp6Block128;
}

at::Tensor prescaled(const LinearParts& parts, const at::Tensor& x) {
  return parts.pre_quant_scale.defined() ? x * parts.pre_quant_scale.to(x.scalar_type()) : x;
}

formats::Quantized fp8_activations(const LinearParts& parts, const at::Tensor& x) {
  if (parts.act_scale == ActScale::Static)
    return {formats::fp8_static(x, parts.input_scale, parts.reference), parts.input_scale, {}};
  // Both sides share the granularity (spec 08 §7): one weight scale goes with one activation scale.
  const bool per_row = parts.per_row && parts.weight.format == Format::Fp8PerRow;
  return per_row ? formats::fp8_per_row(x, parts.reference) : formats::fp8_per_tensor(x, parts.reference);
}

formats::Quantized int8_activations(const LinearParts& parts, const at::Tensor& x, bool shifted) {
  if (parts.weight.rotation > 0) {
    const auto rotated = formats::rotate(x, parts.weight.rotation);
    return shifted ? formats::uint8_tensorwise(rotated) : formats::int8_tensorwise(rotated);
  }
  return shifted ? formats::uint8_per_row(x, parts.reference) : formats::int8_per_row(x, parts.reference);
}

formats::Quantized nvfp4_activations(const LinearParts& parts, const at::Tensor& x) {
  switch (parts.act_scale) {
    case ActScale::Static:
      return formats::nvfp4(x, parts.input_scale);
    case ActScale::Fixed1:
      return formats::nvfp4(x, at::ones({}, x.options().dtype(at::kFloat)));
    default:
      return formats::nvfp4(x);
  }
}

at::Tensor bias_as(const LinearParts& parts, at::ScalarType dtype) {
  return parts.bias.defined() ? parts.bias.to(dtype) : at::Tensor();
}

}  // namespace ltx::quant
