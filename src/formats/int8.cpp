#include "formats/int8.h"

#include "formats/int8_rows.h"

namespace ltx::formats {
namespace {

using integer::Int8Rule;

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
    q = integer::encode_int8_rows(rotated, Int8Rule::Tensorwise, integer::rounding_of(rotated));
  } else if (encoding.int8_form == Encoding::Int8Form::Rows) {
    q = integer::encode_int8_rows(weight, Int8Rule::Row,
                                  integer::reference_rounding(weight, encoding.reference));
  } else if (encoding.int8_form == Encoding::Int8Form::TensorwiseRows) {
    q = integer::encode_int8_rows(weight, Int8Rule::Tensorwise, integer::rounding_of(weight));
  } else {
    // By a tensor: CUDA multiplies by the reciprocal of a number.
    const auto amax = amax_of(weight);
    const auto scale = (amax / at::full_like(amax, 127.0F)).clamp_min_(1e-30F);
    q = integer::encode_int8_rows(weight, Int8Rule::Tensorwise, integer::rounding_of(weight), false, scale);
    q.scale = scale.reshape({});
  }
  integer::require_finite(q.scale, weight);
  m.codes = q.codes;
  m.scale = q.scale;
  return m;
}

void decode_int8(const Matrix& matrix, const at::Tensor& out) {
  integer::require_parts(matrix, matrix.rows * matrix.columns,
                         matrix.scale.defined() && matrix.scale.numel() == 1 ? 1 : matrix.rows);
  if (matrix.rotation == 0) {
    integer::decode_int8_rows(matrix.codes, matrix.scale, out);
    return;
  }
  require_rotation(matrix.columns, matrix.rotation);
  integer::require_writable(out, matrix.rows * matrix.columns);
  const auto codes = matrix.codes.contiguous();
  const auto scale = matrix.scale.to(at::kFloat).reshape({-1}).expand({matrix.rows}).contiguous();
  integer::RotateArguments a;
  a.out_element = integer::element_of(out);
  a.rows = codes.numel() / matrix.rotation;
  a.group = matrix.rotation;
  a.codes = static_cast<const int8_t*>(codes.data_ptr());
  a.scale = scale.data_ptr<float>();
  a.groups_per_scale = matrix.columns / matrix.rotation;
  a.out = out.data_ptr();
  LTX_INTEGER(rotate, a, codes, matrix.rotation);
}

}  // namespace ltx::formats
