#include "formats/float8.h"

#include "formats/launch.h"

namespace ltx::formats {

at::Tensor encode_float8(const at::Tensor& x, at::ScalarType dtype, Overflow overflow) {
  const auto in = readable(x);
  const auto codes = at::empty(in.sizes(), in.options().dtype(dtype));
  Fp8EncodeArguments a;
  a.element = element_of(in);
  a.code = code_of(dtype);
  a.saturate = overflow == Overflow::Saturate;
  a.columns = in.dim() ? in.size(-1) : 1;
  a.rows = a.columns ? in.numel() / a.columns : 0;
  a.x = in.const_data_ptr();
  a.codes = mutable_bytes_of(codes);
  a.codes_stride = a.columns;
  LTX_RUN(cpu::rows().fp8_encode, fp8_encode, a, in, a.columns);
  return codes;
}

at::Tensor decode_float8(const at::Tensor& codes, at::ScalarType dtype) {
  const auto out = at::empty(codes.sizes(), codes.options().dtype(dtype));
  if (codes.numel() == 0) return out;
  const int64_t columns = codes.dim() ? codes.size(-1) : 1;
  decode_under(codes.reshape({-1, columns}), {}, 1, columns, out.view({-1, columns}));
  return out;
}

}  // namespace ltx::formats
