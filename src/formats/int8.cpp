#include "formats/int8.h"

#include "base/error.h"
#include "formats/activations.h"
#include "formats/int8_filter.h"
#include "formats/integer_launch.h"

namespace ltx::formats {
namespace {

using integer::Int8Rule;
using integer::Rounding;

/// Codes of x, whose last axis is a row, and the scale of each row, or of all where `scale` is given.
Quantized encode_rows(const at::Tensor& x, Int8Rule rule, Rounding rounding, bool unsigned_codes = false,
                      const at::Tensor& scale = {}) {
  const auto readable = integer::readable(x);
  integer::Int8EncodeArguments a;
  a.element = integer::element_of(readable);
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

/// codes · scale; `scale` has an element per row, or one.
at::Tensor decode_rows(const at::Tensor& codes, const at::Tensor& scale, at::ScalarType dtype) {
  const auto readable = codes.contiguous();
  const auto scales = scale.to(at::kFloat).contiguous();
  integer::Int8DecodeArguments a;
  a.rows = readable.size(0);
  a.columns = a.rows > 0 ? readable.numel() / a.rows : 0;
  a.codes = static_cast<const int8_t*>(readable.data_ptr());
  a.flip = readable.scalar_type() == at::kByte ? 0x80 : 0;
  a.scale = scales.data_ptr<float>();
  a.scale_stride = scales.numel() == 1 ? 0 : 1;
  auto out = integer::writable(readable.sizes(), dtype, readable);
  a.element = integer::element_of(out);
  a.out = out.data_ptr();
  LTX_INTEGER(int8_decode, a, readable, a.columns);
  return out.to(dtype);
}

/// max |x| as F32 [1].
at::Tensor amax_of(const at::Tensor& x) {
  const auto readable = integer::readable(x);
  integer::AmaxArguments a;
  a.element = integer::element_of(readable);
  a.columns = readable.size(-1);
  a.rows = readable.size(0);
  a.x = readable.data_ptr();
  auto rows = at::empty({a.rows}, readable.options().dtype(at::kFloat));
  a.amax = rows.data_ptr<float>();
  LTX_INTEGER(amax, a, readable, a.columns);
  return rows.amax(0, true);
}

Rounding reference_rounding(const at::Tensor& x, bool reference) {
  return reference ? integer::rounding_of(x) : Rounding::Float;
}

}  // namespace

Matrix encode_int8(const at::Tensor& weight, const Encoding& encoding) {
  integer::require_matrix(weight);
  Matrix m;
  m.format = Format::Int8;
  m.rows = weight.size(0);
  m.columns = weight.size(1);
  m.rotation = encoding.rotation;
  Quantized q;
  if (encoding.rotation > 0) {
    // In fp32; the reference has the rotated weight in its dtype.
    auto rotated = rotate(weight.to(at::kFloat), encoding.rotation);
    if (encoding.reference) rotated = rotated.to(weight.scalar_type());
    q = encode_rows(rotated, Int8Rule::Tensorwise, integer::rounding_of(rotated));
  } else if (encoding.int8_form == Encoding::Int8Form::Rows) {
    q = encode_rows(weight, Int8Rule::Row, reference_rounding(weight, encoding.reference));
  } else if (encoding.int8_form == Encoding::Int8Form::TensorwiseRows) {
    q = encode_rows(weight, Int8Rule::Tensorwise, integer::rounding_of(weight));
  } else {
    // By a tensor: CUDA multiplies by the reciprocal of a number.
    const auto amax = amax_of(weight);
    const auto scale = (amax / at::full_like(amax, 127.0F)).clamp_min_(1e-30F);
    q = encode_rows(weight, Int8Rule::Tensorwise, integer::rounding_of(weight), false, scale);
    q.scale = scale.reshape({});
  }
  integer::require_finite(q.scale, weight);
  m.codes = q.codes;
  m.scale = q.scale;
  return m;
}

at::Tensor decode_int8(const Matrix& matrix, at::ScalarType dtype) {
  if (matrix.rotation == 0) return decode_rows(matrix.codes, matrix.scale, dtype);
  return rotate(decode_rows(matrix.codes, matrix.scale, at::kFloat), matrix.rotation, dtype);
}

bool can_store_int8_filter(at::IntArrayRef shape) {
  return shape.size() >= 3 && shape[0] >= 64 && shape[1] >= 64;
}

Int8Filter encode_int8_filter(const at::Tensor& weight) {
  const auto filters = weight.flatten(1);
  const auto q = encode_rows(filters, Int8Rule::Filter, Rounding::Float);
  integer::require_finite(q.scale, weight);
  return {q.codes.view(weight.sizes()), q.scale};
}

at::Tensor decode_int8_filter(const Int8Filter& filter, at::ScalarType dtype) {
  return decode_rows(filter.codes, filter.scale, dtype);
}

Quantized int8_per_row(const at::Tensor& x, bool reference) {
  return encode_rows(x, Int8Rule::Row, reference_rounding(x, reference));
}
Quantized uint8_per_row(const at::Tensor& x, bool reference) {
  return encode_rows(x, Int8Rule::Row, reference_rounding(x, reference), true);
}
Quantized int8_tensorwise(const at::Tensor& x) {
  return encode_rows(x, Int8Rule::Tensorwise, integer::rounding_of(x));
}
Quantized uint8_tensorwise(const at::Tensor& x) {
  return encode_rows(x, Int8Rule::Tensorwise, integer::rounding_of(x), true);
}

at::Tensor dequantize_int8(const Quantized& x) {
  return decode_rows(x.codes, x.scale, at::kFloat);
}

}  // namespace ltx::formats
