#include "formats/nf4.h"

#include <algorithm>

#include "base/error.h"
#include "formats/integer_launch.h"

namespace ltx::formats {

at::Tensor nf4_table() {
  return at::tensor({LTX_NF4_LEVELS}, at::kFloat);
}

Matrix encode_nf4(const at::Tensor& weight) {
  integer::require_matrix(weight);
  const auto readable = integer::readable(weight);
  Matrix m;
  m.format = Format::Nf4;
  m.rows = weight.size(0);
  m.columns = weight.size(1);
  integer::Nf4EncodeArguments a;
  a.element = integer::element_of(readable);
  a.block = m.nf4_block;
  a.elements = readable.numel();
  a.rows = (a.elements + a.block - 1) / a.block;
  m.codes = at::empty({(a.elements + 1) / 2}, readable.options().dtype(at::kByte));
  m.scale = at::empty({a.rows}, readable.options().dtype(at::kFloat));
  m.table = nf4_table().to(readable.device());
  a.x = readable.data_ptr();
  a.codes = m.codes.data_ptr<uint8_t>();
  a.amax = m.scale.data_ptr<float>();
  LTX_INTEGER(nf4_encode, a, readable, a.block);
  integer::require_finite(m.scale, weight);
  return m;
}

void decode_nf4(const Matrix& matrix, const at::Tensor& out) {
  const int64_t elements = matrix.rows * matrix.columns, block = matrix.nf4_block;
  if (block <= 0 || block % 2 != 0 || !matrix.table.defined() || matrix.table.numel() != 16) {
    fail(Status::TensorMismatch,
         "A weight [{}, {}] in NF4 has blocks of {} and a table of {}; expected an even number and 16. The "
         "file is "
         "damaged; get it again.",
         matrix.rows, matrix.columns, block, matrix.table.defined() ? matrix.table.numel() : 0);
  }
  const int64_t blocks = (elements + block - 1) / block;
  integer::require_parts(matrix, (elements + 1) / 2, blocks);
  integer::require_writable(out, elements);
  const auto codes = matrix.codes.contiguous();
  const auto scale = matrix.scale.to(at::kFloat).contiguous(),
             table = matrix.table.to(at::kFloat).contiguous();
  integer::Nf4DecodeArguments a;
  a.element = integer::element_of(out);
  a.rows = blocks;
  a.elements = elements;
  a.block = block;
  a.codes = static_cast<const uint8_t*>(codes.data_ptr());
  a.amax = scale.data_ptr<float>();
  a.table = table.data_ptr<float>();
  a.out = out.data_ptr();
  LTX_INTEGER(nf4_decode, a, codes, block);
}

at::Tensor expand_double_quantized(const at::Tensor& codes, const at::Tensor& nested_maxima,
                                   const at::Tensor& nested_table, float offset, int64_t nested_block) {
  const int64_t blocks = codes.numel();
  // A block beyond the last element changes nothing; the scales are repeated no more often than needed.
  const int64_t repeats = std::min(nested_block, std::max<int64_t>(1, blocks));
  if (repeats <= 0 || nested_maxima.numel() != (blocks + repeats - 1) / repeats ||
      nested_table.numel() != 256 || codes.scalar_type() != at::kByte) {
    fail(Status::TensorMismatch,
         "{} block maxima, quantized in blocks of {}, come with {} scales and a table of {}; expected U8 "
         "codes, a "
         "scale per block and a table of 256. The file is damaged; get it again.",
         blocks, nested_block, nested_maxima.numel(), nested_table.numel());
  }
  const auto scale =
      nested_maxima.to(at::kFloat).reshape({-1}).repeat_interleave(repeats).narrow(0, 0, blocks);
  return nested_table.to(at::kFloat).reshape({-1}).index_select(0, codes.reshape({-1}).to(at::kLong)) *
             scale +
         offset;
}

}  // namespace ltx::formats
