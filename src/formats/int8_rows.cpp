#include "formats/int8_rows.h"

namespace ltx::formats::integer {

Quantized encode_int8_rows(const at::Tensor& x, Int8Rule rule, Rounding rounding, bool unsigned_codes,
                           const at::Tensor& scale) {
  const auto readable = integer::readable(x);
  Int8EncodeArguments a;
  a.element = element_of(readable);
  a.rule = rule;
  a.rounding = rounding;
  a.columns = readable.size(-1);
  a.rows = a.columns > 0 ? readable.numel() / a.columns : 0;
  a.x = readable.data_ptr();
  a.scale_given = scale.defined();
  Quantized q;
  q.scale = scale.defined() ? scale : at::empty({a.rows}, readable.options().dtype(at::kFloat));
  q.codes = at::empty(readable.sizes(), readable.options().dtype(unsigned_codes ? at::kByte : at::kChar));
  a.flip = unsigned_codes ? 0x80 : 0;
  a.scale = q.scale.data_ptr<float>();
  a.codes = static_cast<int8_t*>(q.codes.data_ptr());
  LTX_INTEGER(int8_encode, a, readable, a.columns);
  return q;
}

void decode_int8_rows(const at::Tensor& codes, const at::Tensor& scale, const at::Tensor& out) {
  require_writable(out, codes.numel());
  const auto readable = codes.contiguous();
  const auto scales = scale.to(at::kFloat).contiguous();
  Int8DecodeArguments a;
  a.element = element_of(out);
  a.rows = readable.size(0);
  a.columns = a.rows > 0 ? readable.numel() / a.rows : 0;
  a.codes = static_cast<const int8_t*>(readable.data_ptr());
  a.flip = readable.scalar_type() == at::kByte ? 0x80 : 0;
  a.scale = scales.data_ptr<float>();
  a.scale_stride = scales.numel() == 1 ? 0 : 1;
  a.out = out.data_ptr();
  LTX_INTEGER(int8_decode, a, readable, a.columns);
}

}  // namespace ltx::formats::integer
