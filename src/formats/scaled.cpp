// The steps that the scaled formats share.
#include "formats/launch.h"

namespace ltx::formats {

void fail_not_finite(const at::Tensor& weight) {
  const auto count = weight.isfinite().logical_not().sum().item<int64_t>();
  fail(Status::Numeric,
       "The weight [{}, {}] holds {} values that are NaN or Inf and cannot be quantized. Check the file, or "
       "keep this layer unquantized.",
       weight.size(0), weight.size(1), count);
}

void require_finite(const at::Tensor& weight, const at::Tensor& bits) {
  if (bits.numel() && bits.max().item<int32_t>() >= static_cast<int32_t>(scalar::kInfinity))
    fail_not_finite(weight);
}

at::Tensor block_max(const at::Tensor& x, int64_t block, bool skip_nan) {
  BlockMaxArguments a;
  a.element = element_of(x);
  a.rows = x.size(0);
  a.columns = x.size(1);
  a.block = std::max<int64_t>(1, block);
  a.skip_nan = skip_nan;
  a.x = x.const_data_ptr();
  const auto bits = at::empty({a.rows, ceil_div(a.columns, a.block)}, x.options().dtype(at::kInt));
  a.bits = bits.mutable_data_ptr<int32_t>();
  LTX_RUN(cpu::rows().block_max, block_max, a, x, a.columns);
  return bits;
}

Scales scales_of(const at::Tensor& bits, const ScaleRule& rule) {
  const auto in = bits.contiguous();
  const Scales out{at::empty(in.sizes(), in.options().dtype(at::kFloat)),
                   at::empty(in.sizes(), in.options().dtype(at::kFloat))};
  ScaleArguments a;
  a.rule = rule;
  a.rows = in.numel();
  a.bits = in.const_data_ptr<int32_t>();
  a.scale = out.scale.mutable_data_ptr<float>();
  a.factor = out.factor.mutable_data_ptr<float>();
  LTX_RUN(cpu::scales, scales, a, in, 1);
  return out;
}

at::Tensor encode_under(const at::Tensor& x, const at::Tensor& factor, Fp8EncodeArguments::Scaling scaling,
                        int64_t block_rows, int64_t block_columns, bool six_bits) {
  const auto codes = six_bits ? at::empty({x.size(0), x.size(1) / 4 * 3}, x.options().dtype(at::kByte))
                              : at::empty(x.sizes(), x.options().dtype(at::kFloat8_e4m3fn));
  const auto factors = factor.contiguous();
  Fp8EncodeArguments a;
  a.element = element_of(x);
  a.scaling = scaling;
  a.rows = x.size(0);
  a.columns = x.size(1);
  a.x = x.const_data_ptr();
  a.codes = mutable_bytes_of(codes);
  a.codes_stride = codes.size(1);
  a.six_bits = six_bits;
  a.factor = factors.const_data_ptr<float>();
  a.block_rows = std::max<int64_t>(1, block_rows);
  a.block_columns = std::max<int64_t>(1, block_columns);
  LTX_RUN(cpu::rows().fp8_encode, fp8_encode, a, x, a.columns);
  return codes;
}

void decode_under(const at::Tensor& codes, const at::Tensor& scale, int64_t block_rows, int64_t block_columns,
                  const at::Tensor& out, bool six_bits) {
  if (out.numel() == 0) return;
  const auto in = codes.contiguous();
  const auto scales = scale.defined() ? scale.contiguous() : scale;
  Fp8DecodeArguments a;
  a.out_element = out_element(out);
  a.code = six_bits ? Code::E4m3 : code_of(in.scalar_type());
  a.rows = out.size(0);
  a.columns = out.size(1);
  a.codes = bytes_of(in);
  a.codes_stride = in.size(1);
  a.six_bits = six_bits;
  a.block_rows = std::max<int64_t>(1, block_rows);
  a.block_columns = std::max<int64_t>(1, block_columns);
  a.scale_stride = ceil_div(a.columns, a.block_columns);
  const int64_t wanted = ceil_div(a.rows, a.block_rows) * a.scale_stride;
  const int64_t row_bytes = six_bits ? a.columns / 4 * 3 : a.columns;
  if (in.size(0) != a.rows || a.codes_stride < row_bytes || (scales.defined() && scales.numel() != wanted))
    fail(Status::TensorMismatch,
         "Codes of {} × {} with {} scales do not make a weight [{}, {}] with {} scales.", in.size(0),
         in.size(1), scales.defined() ? scales.numel() : 0, a.rows, a.columns, wanted);
  if (scales.defined() && scales.scalar_type() == at::kByte) {
    a.exponent = bytes_of(scales);
  } else if (scales.defined()) {
    a.scale = scales.const_data_ptr<float>();
  }
  a.out = out.data_ptr();
  LTX_RUN(cpu::rows().fp8_decode, fp8_decode, a, in, a.columns);
}

}  // namespace ltx::formats
