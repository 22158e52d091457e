#include "formats/scale_swizzle.h"

#include <fmt/ranges.h>

#include "base/error.h"

namespace ltx::formats {
namespace {

// A tile holds 128 rows × 4 columns as 32 lines of 16 bytes: line r has rows r, r + 32, r + 64, r + 96.
constexpr int64_t kTileRows = 128, kTileColumns = 4, kLines = 32, kRowsOfLine = 4;

int64_t round_up(int64_t a, int64_t b) {
  return (a + b - 1) / b * b;
}

}  // namespace

at::Tensor swizzle_scales(const at::Tensor& linear) {
  const int64_t rows = round_up(linear.size(0), kTileRows), columns = round_up(linear.size(1), kTileColumns);
  const auto padded = at::constant_pad_nd(linear.contiguous().view(at::kByte),
                                          {0, columns - linear.size(1), 0, rows - linear.size(0)});
  return padded.view({rows / kTileRows, kRowsOfLine, kLines, columns / kTileColumns, kTileColumns})
      .permute({0, 3, 2, 1, 4})
      .reshape({rows, columns})
      .view(linear.scalar_type());
}

at::Tensor unswizzle_scales(const at::Tensor& stored, int64_t rows, int64_t columns) {
  const int64_t padded = round_up(columns, kTileColumns);
  const int64_t row_bytes = padded * kTileRows;
  const int64_t stored_rows = row_bytes ? stored.numel() / row_bytes * kTileRows : 0;
  if (stored.element_size() != 1 || stored_rows < rows || stored_rows * padded != stored.numel())
    fail(Status::TensorMismatch,
         "Swizzled scales of {} rows and {} columns are one byte each in [{}, {}], found {} bytes in [{}].",
         rows, columns, round_up(rows, kTileRows), padded, stored.nbytes(), fmt::join(stored.sizes(), ", "));
  return stored.contiguous()
      .view(at::kByte)
      .view({stored_rows / kTileRows, padded / kTileColumns, kLines, kRowsOfLine, kTileColumns})
      .permute({0, 3, 2, 1, 4})
      .reshape({stored_rows, padded})
      .slice(0, 0, rows)
      .slice(1, 0, columns)
      .contiguous()
      .view(stored.scalar_type());
}

}  // namespace ltx::formats
