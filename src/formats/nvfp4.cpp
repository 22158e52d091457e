#include "formats/nvfp4.h"

#include <limits>

#include "formats/activations.h"
#include "formats/launch.h"

namespace ltx::formats {
namespace {

constexpr int64_t kFp4Block = 16;

/// amax/2688 as a product with the reciprocal (spec 08 §12.2); Inf counts as the largest number.
at::Tensor dynamic_scale(const at::Tensor& bits) {
  if (bits.numel() == 0) return at::zeros({}, bits.options().dtype(at::kFloat));
  return bits.max().view(at::kFloat).clamp_max(std::numeric_limits<float>::max()).mul(1.0F / 2688.0F);
}

Quantized quantize(const at::Tensor& x, const at::Tensor& scale_2) {
  const int64_t rows = x.size(0), columns = x.size(1);
  if (columns % kFp4Block != 0)
    fail(Status::Quant, "NVFP4 needs a number of columns that 16 divides, found {}.", columns);
  Quantized out{at::empty({rows, columns / 2}, x.options().dtype(at::kByte)),
                at::empty({rows, columns / kFp4Block}, x.options().dtype(at::kByte)),
                scale_2.defined() ? scale_2.to(x.device(), at::kFloat).reshape({})
                                  : dynamic_scale(block_max(x, columns, /*skip_nan=*/true))};
  Nvfp4EncodeArguments a;
  a.element = element_of(x);
  a.rows = rows;
  a.columns = columns;
  a.x = x.const_data_ptr();
  a.tensor_scale = out.scale_2.const_data_ptr<float>();
  a.codes = mutable_bytes_of(out.codes);
  a.scale = mutable_bytes_of(out.scale);
  LTX_RUN(cpu::rows().nvfp4_encode, nvfp4_encode, a, x, columns);
  return out;
}

void decode_codes(const at::Tensor& codes, const at::Tensor& scale, const at::Tensor& scale_2,
                  const at::Tensor& out) {
  const auto in = codes.contiguous(), scales = scale.contiguous();
  const auto tensor_scale = scale_2.to(in.device(), at::kFloat);
  if (in.numel() * 2 != out.numel() || scales.numel() * kFp4Block != out.numel())
    fail(Status::TensorMismatch, "{} bytes of codes with {} scales do not make a weight [{}, {}].",
         in.numel(), scales.numel(), out.size(0), out.size(1));
  Nvfp4DecodeArguments a;
  a.out_element = out_element(out);
  a.rows = out.size(0);
  a.columns = out.size(1);
  a.codes = bytes_of(in);
  a.scale = bytes_of(scales);
  a.tensor_scale = tensor_scale.const_data_ptr<float>();
  a.out = out.data_ptr();
  LTX_RUN(cpu::rows().nvfp4_decode, nvfp4_decode, a, in, a.columns);
}

}  // namespace

Quantized nvfp4(const at::Tensor& x, const at::Tensor& scale_2) {
  // fp16 keeps its values, fp32 is rounded to bf16 (spec 08 §12.4).
  return quantize(readable(x.scalar_type() == at::kFloat ? x.to(at::kBFloat16) : x), scale_2);
}

at::Tensor dequantize_nvfp4(const Quantized& x) {
  const auto out = at::empty({x.codes.size(0), x.codes.size(1) * 2}, x.codes.options().dtype(at::kFloat));
  decode_codes(x.codes, x.scale, x.scale_2, out);
  return out;
}

Matrix encode_nvfp4(const at::Tensor& weight, const at::Tensor& scale_2) {
  const auto w = readable(weight.to(at::kBFloat16));
  const auto bits = block_max(w, w.size(1));
  require_finite(w, bits);
  const auto quantized = quantize(w, scale_2.defined() ? scale_2 : dynamic_scale(bits));
  Matrix matrix;
  matrix.format = Format::Nvfp4;
  matrix.rows = weight.size(0);
  matrix.columns = weight.size(1);
  matrix.codes = quantized.codes;
  matrix.scale = quantized.scale;
  matrix.scale_2 = quantized.scale_2;
  return matrix;
}

void decode_nvfp4(const Matrix& matrix, const at::Tensor& out) {
  const int64_t stored = 2 * matrix.codes.size(1);
  if (stored <= matrix.columns) return decode_codes(matrix.codes, matrix.scale, matrix.scale_2, out);
  // Columns of a file that fill the last block up.
  const auto whole = at::empty({matrix.rows, stored}, out.options());
  decode_codes(matrix.codes, matrix.scale, matrix.scale_2, whole);
  out.copy_(whole.narrow(1, 0, matrix.columns));
}

}  // namespace ltx::formats
