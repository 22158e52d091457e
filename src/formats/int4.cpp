#include "formats/int4.h"

#include "base/error.h"
#include "formats/integer_launch.h"

namespace ltx::formats {

Matrix encode_int4(const at::Tensor& weight, const Encoding& encoding) {
  integer::require_matrix(weight);
  const int64_t group = encoding.group_size, rows = weight.size(0), columns = weight.size(1);
  if (!is_int4_group(group)) {
    fail(Status::Quant, "int4 has no groups of {}. Use 32, 64, 128 or 256.", group);
  }
  if (columns % group != 0) {
    fail(Status::Quant, "Rows of {} elements have no whole int4 groups of {}. Use a size that divides them.",
         columns, group);
  }
  const auto readable = integer::readable(weight);
  Matrix m;
  m.format = Format::Int4;
  m.rows = rows;
  m.columns = columns;
  m.codes = at::empty({rows, columns / 2}, readable.options().dtype(at::kByte));
  m.scale = at::empty({rows, columns / group}, readable.options().dtype(at::kBFloat16));
  if (!encoding.symmetric) m.zero = at::empty_like(m.scale);
  integer::Int4EncodeArguments a;
  a.element = integer::element_of(readable);
  a.reference = encoding.reference;
  a.rows = m.scale.numel();
  a.group = group;
  a.x = readable.data_ptr();
  a.codes = m.codes.data_ptr<uint8_t>();
  a.scale = static_cast<uint16_t*>(m.scale.data_ptr());
  a.zero = m.zero.defined() ? static_cast<uint16_t*>(m.zero.data_ptr()) : nullptr;
  LTX_INTEGER(int4_encode, a, readable, group);
  integer::require_finite(m.scale, weight);
  return m;
}

void decode_int4(const Matrix& matrix, const at::Tensor& out) {
  const int64_t elements = matrix.rows * matrix.columns, groups = matrix.scale.numel();
  integer::require_parts(matrix, elements / 2, groups);
  integer::require_writable(out, elements);
  const int64_t group = groups > 0 ? elements / groups : 0;
  const bool whole = groups == 0 ? elements == 0 : elements % groups == 0 && matrix.columns % group == 0;
  if (!whole || group % 32 != 0 || (matrix.zero.defined() && matrix.zero.numel() != groups)) {
    fail(Status::TensorMismatch,
         "A weight [{}, {}] in int4 has {} scales and {} centres; expected as many of both, for whole groups "
         "of a "
         "multiple of 32. The file is damaged; get it again.",
         matrix.rows, matrix.columns, groups, matrix.zero.defined() ? matrix.zero.numel() : 0);
  }
  const auto codes = matrix.codes.contiguous();
  const auto scale = matrix.scale.to(at::kBFloat16).contiguous();
  at::Tensor zero;
  if (matrix.zero.defined()) zero = matrix.zero.to(at::kBFloat16).contiguous();
  integer::Int4DecodeArguments a;
  a.element = integer::element_of(out);
  a.rows = groups;
  a.group = group;
  a.codes = static_cast<const uint8_t*>(codes.data_ptr());
  a.scale = static_cast<const uint16_t*>(scale.data_ptr());
  a.zero = zero.defined() ? static_cast<const uint16_t*>(zero.data_ptr()) : nullptr;
  a.out = out.data_ptr();
  LTX_INTEGER(int4_decode, a, codes, group);
}

}  // namespace ltx::formats
