#include "formats/int8_rows.h"

namespace ltx::formats {

using integer::encode_int8_rows, integer::Int8Rule, integer::reference_rounding;

Quantized int8_per_row(const at::Tensor& x, bool reference) {
  return encode_int8_rows(x, Int8Rule::Row, reference_rounding(x, reference));
}
Quantized uint8_per_row(const at::Tensor& x, bool reference) {
  return encode_int8_rows(x, Int8Rule::Row, reference_rounding(x, reference), true);
}
Quantized int8_tensorwise(const at::Tensor& x) {
  return encode_int8_rows(x, Int8Rule::Tensorwise, integer::rounding_of(x));
}
Quantized uint8_tensorwise(const at::Tensor& x) {
  return encode_int8_rows(x, Int8Rule::Tensorwise, integer::rounding_of(x), true);
}

at::Tensor dequantize_int8(const Quantized& x) {
  const auto rows = x.codes.flatten(0, -2);
  return integer::written(x.codes.sizes(), at::kFloat, rows,
                          [&](const at::Tensor& out) { integer::decode_int8_rows(rows, x.scale, out); });
}

}  // namespace ltx::formats
