#include "formats/fp8_block.h"

#include "formats/launch.h"

namespace ltx::formats {

Matrix encode_fp8_block(const at::Tensor& weight, float target, bool reference, bool six_bits) {
  const auto w = readable(weight);
  const int64_t rows = w.size(0), columns = w.size(1);
  const auto bits = block_max(w, kBlock).view({ceil_div(rows, kBlock), kBlock, -1}).amax(1);
  require_finite(weight, bits);
  ScaleRule rule;
  rule.form = ScaleRule::Form::Reciprocal;
  rule.target = target;
  rule.reference = reference;
  const auto scales = scales_of(bits, rule);
  Matrix matrix;
  matrix.format = six_bits ? Format::Fp6Block128 : Format::Fp8Block128;
  matrix.rows = rows;
  matrix.columns = columns;
  matrix.codes =
      encode_under(w, scales.factor, Fp8EncodeArguments::Scaling::Multiply, kBlock, kBlock, six_bits);
  matrix.scale = scales.scale;
  return matrix;
}

Matrix encode_fp8_block128(const at::Tensor& weight, bool reference) {
  return encode_fp8_block(weight, 448.0F, reference);
}

void decode_fp8_block128(const Matrix& matrix, const at::Tensor& out) {
  decode_under(matrix.codes, matrix.scale, kBlock, kBlock, out);
}

}  // namespace ltx::formats
