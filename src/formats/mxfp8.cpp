#include "formats/mxfp8.h"

#include <fmt/ranges.h>

#include "formats/launch.h"
#include "formats/scale_swizzle.h"

namespace ltx::formats {
namespace {

constexpr int64_t kMxBlock = 32;

ScaleRule::Form form_of(MxScale scale) {
  switch (scale) {
    case MxScale::Floor:
      return ScaleRule::Form::Floor;
    case MxScale::Even:
      return ScaleRule::Form::Even;
    case MxScale::Ceil:
      return ScaleRule::Form::Ceil;
    case MxScale::Rceil:
      break;
  }
  return ScaleRule::Form::Rceil;
}

}  // namespace

Quantized quantize_mxfp8(const at::Tensor& x, MxScale scale) {
  const auto in = readable(x);
  const int64_t rows = in.size(0), columns = in.size(1), blocks = ceil_div(columns, kMxBlock);
  const auto codes_options = in.options().dtype(at::kFloat8_e4m3fn);
  const bool padded = columns % kMxBlock != 0;
  Quantized out{padded ? at::zeros({rows, blocks * kMxBlock}, codes_options)
                       : at::empty({rows, columns}, codes_options),
                at::empty({rows, blocks}, in.options().dtype(at::kByte)),
                {}};
  Fp8QuantizeArguments a;
  a.element = element_of(in);
  a.rule.form = form_of(scale);
  a.rows = rows;
  a.columns = columns;
  a.block = kMxBlock;
  a.x = in.const_data_ptr();
  a.codes = mutable_bytes_of(out.codes);
  a.codes_stride = blocks * kMxBlock;
  a.exponent = mutable_bytes_of(out.scale);
  LTX_RUN(cpu::rows().fp8_quantize, fp8_quantize, a, in, columns);
  return out;
}

Quantized mxfp8(const at::Tensor& x) {
  return quantize_mxfp8(x, MxScale::Rceil);
}

at::Tensor dequantize_mxfp8(const Quantized& x, int64_t columns) {
  const auto out = at::empty({x.codes.size(0), columns}, x.codes.options().dtype(at::kFloat));
  decode_under(x.codes, x.scale, 1, kMxBlock, out);
  return out;
}

Matrix encode_mxfp8(const at::Tensor& weight, MxScale scale) {
  const auto quantized = quantize_mxfp8(weight, scale);
  if (quantized.scale.eq(static_cast<int64_t>(scalar::kE8m0Nan)).any().item<bool>()) fail_not_finite(weight);
  Matrix matrix;
  matrix.format = Format::Mxfp8;
  matrix.rows = weight.size(0);
  matrix.columns = weight.size(1);
  matrix.codes = quantized.codes;
  matrix.scale = quantized.scale;
  return matrix;
}

void decode_mxfp8(const Matrix& matrix, const at::Tensor& out) {
  decode_under(matrix.codes, matrix.scale, 1, kMxBlock, out);
}

StoredMxfp8 stored_mxfp8(const Matrix& matrix) {
  const int64_t padding = round_up(matrix.rows, kMxBlock) - matrix.rows;
  const auto bytes = at::constant_pad_nd(matrix.codes.view(at::kByte), {0, 0, 0, padding});
  return {bytes.view(at::kFloat8_e4m3fn), swizzle_scales(matrix.scale)};
}

Matrix mxfp8_from_stored(const StoredMxfp8& stored, int64_t rows, int64_t columns) {
  const int64_t padded = round_up(columns, kMxBlock);
  if (stored.codes.dim() != 2 || stored.codes.size(0) < rows || stored.codes.size(1) < padded)
    fail(Status::TensorMismatch, "MXFP8 codes of a weight [{}, {}] are at least [{}, {}], found {}.", rows,
         columns, rows, padded, fmt::join(stored.codes.sizes(), " × "));
  Matrix matrix;
  matrix.format = Format::Mxfp8;
  matrix.rows = rows;
  matrix.columns = columns;
  matrix.codes = stored.codes.view(at::kByte)
                     .slice(0, 0, rows)
                     .slice(1, 0, padded)
                     .contiguous()
                     .view(at::kFloat8_e4m3fn);
  matrix.scale = unswizzle_scales(stored.scale, rows, padded / kMxBlock).view(at::kByte);
  return matrix;
}

}  // namespace ltx::formats
