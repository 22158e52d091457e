#include "formats/fp8.h"

#include "formats/activations.h"
#include "formats/launch.h"

namespace ltx::formats {
namespace {

typedef Fp8EncodeArguments::Scaling Scaling;

ScaleRule quotient(const at::Tensor& source, bool reference) {
  ScaleRule rule;
  rule.reference = reference;
  if (source.scalar_type() == at::kBFloat16) rule.rounding = ScaleRule::Rounding::BFloat16;
  if (source.scalar_type() == at::kHalf) rule.rounding = ScaleRule::Rounding::Half;
  return rule;
}

Matrix matrix_of(Format format, const at::Tensor& weight, const Quantized& quantized) {
  Matrix matrix;
  matrix.format = format;
  matrix.rows = weight.size(0);
  matrix.columns = weight.size(1);
  matrix.codes = quantized.codes;
  matrix.scale = quantized.scale;
  return matrix;
}

/// I32 []: of the whole tensor.
at::Tensor tensor_max(const at::Tensor& x) {
  const auto bits = block_max(x, x.size(1));
  return bits.numel() ? bits.max() : at::zeros({}, bits.options());
}

Quantized quantize_rows(const at::Tensor& x, const ScaleRule& rule, int64_t block) {
  Quantized out{at::empty(x.sizes(), x.options().dtype(at::kFloat8_e4m3fn)),
                at::empty({x.size(0), ceil_div(x.size(1), block)}, x.options().dtype(at::kFloat)),
                {}};
  Fp8QuantizeArguments a;
  a.element = element_of(x);
  a.rule = rule;
  a.rows = x.size(0);
  a.columns = a.codes_stride = x.size(1);
  a.block = block;
  a.x = x.const_data_ptr();
  a.codes = mutable_bytes_of(out.codes);
  a.scale = out.scale.mutable_data_ptr<float>();
  LTX_RUN(cpu::rows().fp8_quantize, fp8_quantize, a, x, a.columns);
  return out;
}

}  // namespace

Matrix encode_fp8_unscaled(const at::Tensor& weight, const Encoding& encoding) {
  const auto w = readable(weight);
  const auto codes = at::empty(w.sizes(), w.options().dtype(at::kFloat8_e4m3fn));
  const auto bits = at::empty({w.size(0)}, w.options().dtype(at::kInt));
  Fp8EncodeArguments a;
  a.element = element_of(w);
  a.saturate = !encoding.reference;
  a.rows = w.size(0);
  a.columns = w.size(1);
  a.x = w.const_data_ptr();
  a.codes = mutable_bytes_of(codes);
  a.codes_stride = a.columns;
  a.bits = bits.mutable_data_ptr<int32_t>();
  LTX_RUN(cpu::rows().fp8_encode, fp8_encode, a, w, a.columns);
  require_finite(weight, bits);
  return matrix_of(Format::Fp8Unscaled, weight, {codes, {}, {}});
}

Matrix encode_fp8_per_tensor(const at::Tensor& weight, const Encoding& encoding) {
  const auto w = readable(weight);
  const auto bits = tensor_max(w);
  require_finite(weight, bits);
  const bool multiply = encoding.fp8_form == Encoding::Fp8Form::Multiply;
  ScaleRule rule = quotient(weight, encoding.reference);
  if (multiply) rule.form = ScaleRule::Form::Reciprocal;
  const auto scales = scales_of(bits, rule);
  const auto codes =
      encode_under(w, scales.factor, multiply ? Scaling::Multiply : Scaling::Divide, w.size(0), w.size(1));
  return matrix_of(Format::Fp8PerTensor, weight, {codes, scales.scale, {}});
}

Matrix encode_fp8_per_row(const at::Tensor& weight, const Encoding& encoding) {
  const auto w = readable(weight);
  auto quantized = quantize_rows(w, quotient(weight, encoding.reference), std::max<int64_t>(1, w.size(1)));
  quantized.scale = quantized.scale.reshape({-1});
  // A row's scale is as finite as its largest magnitude.
  if (!quantized.scale.isfinite().all().item<bool>()) fail_not_finite(weight);
  return matrix_of(Format::Fp8PerRow, weight, quantized);
}

void decode_fp8(const Matrix& matrix, const at::Tensor& out) {
  const bool per_row = matrix.format == Format::Fp8PerRow;
  decode_under(matrix.codes, matrix.scale, per_row ? 1 : matrix.rows, matrix.columns, out);
}

Quantized fp8_per_tensor(const at::Tensor& x, bool reference) {
  const auto in = readable(x);
  const auto scales = scales_of(tensor_max(in), quotient(x, reference));
  return {encode_under(in, scales.factor, Scaling::Divide, in.size(0), in.size(1)), scales.scale, {}};
}

Quantized fp8_per_row(const at::Tensor& x, bool reference) {
  const auto in = readable(x);
  auto quantized = quantize_rows(in, quotient(x, reference), std::max<int64_t>(1, in.size(1)));
  quantized.scale = quantized.scale.reshape({-1});
  return quantized;
}

at::Tensor fp8_static(const at::Tensor& x, const at::Tensor& input_scale, bool reference) {
  const auto in = readable(x);
  // As CUDA reads a scalar tensor beside a bf16 one: rounded to bf16, and so is the product (spec 08 §6.3).
  const bool rounded = reference && in.scalar_type() == at::kBFloat16;
  auto factor = input_scale.to(in.device(), at::kFloat).reciprocal();
  if (rounded) factor = factor.to(at::kBFloat16).to(at::kFloat);
  return encode_under(in, factor, rounded ? Scaling::MultiplyRounded : Scaling::Multiply, in.size(0),
                      in.size(1));
}

Quantized fp8_1x128(const at::Tensor& x) {
  ScaleRule rule;
  rule.form = ScaleRule::Form::Reciprocal;
  return quantize_rows(readable(x), rule, 128);
}

at::Tensor dequantize_fp8(const Quantized& x) {
  const int64_t rows = x.codes.size(0), columns = x.codes.size(1);
  const auto out = at::empty(x.codes.sizes(), x.codes.options().dtype(at::kFloat));
  const bool per_tensor = x.scale.dim() == 0, blocks = x.scale.dim() == 2;
  decode_under(x.codes, x.scale, per_tensor ? rows : 1, blocks ? 128 : columns, out);
  return out;
}

}  // namespace ltx::formats
