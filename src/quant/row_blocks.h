// Encoding and reading of a weight some rows at a time, so that no whole copy of it in fp32 exists.
#pragma once
#include <functional>

#include "formats/matrix.h"

namespace ltx::quant {

/// Rows begin … begin + count of a matrix, sharing its memory; a number of rows that is no multiple of
/// row_step() only at the end.
formats::Matrix rows_of(const formats::Matrix& matrix, int64_t begin, int64_t count);

/// Rows that a format can be cut at: weights::kRowsAtATime, or all where its blocks run over the ends of
/// rows.
int64_t row_step(formats::Format format, int64_t rows, int64_t columns, int64_t nf4_block = 64);

/// True where every row block is encoded independently of the others: no scale belongs to the whole tensor.
bool is_row_local(formats::Format format);

/// The matrix whose row blocks are `parts`, in order.
formats::Matrix join_rows(const std::vector<formats::Matrix>& parts);

}  // namespace ltx::quant
