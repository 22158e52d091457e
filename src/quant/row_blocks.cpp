#include "quant/row_blocks.h"

#include <algorithm>

#include "weights/lora_delta.h"

namespace ltx::quant {
namespace {

using formats::Format;
using formats::Matrix;

constexpr int64_t kBlock = 128;  // height of the blocks of fp8-block128 and fp6-block128

/// The members that have a part for every row (or row block, or piece of the flat array).
std::vector<at::Tensor Matrix::*> row_members(const Matrix& matrix) {
  std::vector<at::Tensor Matrix::*> members = {&Matrix::codes};
  if (matrix.scale.defined() && matrix.scale.dim() > 0 && matrix.format != Format::Fp8PerTensor)
    members.push_back(&Matrix::scale);
  if (matrix.zero.defined()) members.push_back(&Matrix::zero);
  return members;
}

}  // namespace

bool is_row_local(Format format) {
  return format != Format::Fp8PerTensor && format != Format::Nvfp4;
}

int64_t row_step(Format format, int64_t rows, int64_t columns, int64_t nf4_block) {
  const bool cut = format != Format::Nf4 || (weights::kRowsAtATime * columns) % nf4_block == 0;
  return cut ? weights::kRowsAtATime : std::max<int64_t>(rows, 1);
}

Matrix rows_of(const Matrix& matrix, int64_t begin, int64_t count) {
  if (begin == 0 && count == matrix.rows) return matrix;
  Matrix part = matrix;
  part.rows = count;
  for (const auto member : row_members(matrix)) {
    const auto& whole = matrix.*member;
    if (matrix.format == Format::Nf4) {
      const int64_t per_entry = member == &Matrix::codes ? 2 : matrix.nf4_block;
      const int64_t first = begin * matrix.columns / per_entry;
      const int64_t last = ((begin + count) * matrix.columns + per_entry - 1) / per_entry;
      part.*member = whole.narrow(0, first, last - first);
    } else if (member == &Matrix::scale &&
               (matrix.format == Format::Fp8Block128 || matrix.format == Format::Fp6Block128)) {
      const int64_t first = begin / kBlock, last = (begin + count + kBlock - 1) / kBlock;
      part.*member = whole.narrow(0, first, last - first);
    } else {
      part.*member = whole.narrow(0, begin, count);
    }
  }
  return part;
}

Matrix join_rows(const std::vector<Matrix>& parts) {
  if (parts.size() == 1) return parts.front();
  Matrix whole = parts.front();
  whole.rows = 0;
  for (const auto& part : parts) whole.rows += part.rows;
  for (const auto member : row_members(parts.front())) {
    std::vector<at::Tensor> pieces;
    for (const auto& part : parts) pieces.push_back(part.*member);
    whole.*member = at::cat(pieces);
  }
  return whole;
}

}  // namespace ltx::quant
