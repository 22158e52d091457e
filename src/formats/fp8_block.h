// e4m3 with a scale per block: weights 128 × 128 (spec 08 §13.1).
#pragma once
#include "formats/matrix.h"

namespace ltx::formats {

constexpr int64_t kBlock = 128;

/// reference: a block of zeros yields NaN, as in the public code.
Matrix encode_fp8_block128(const at::Tensor& weight, bool reference = false);
/// The same with blocks scaled to another largest value than 448, and codes packed as Fp6Block128 has them.
Matrix encode_fp8_block(const at::Tensor& weight, float target, bool reference, bool six_bits = false);
/// To `out` [N, K] in F32 or BF16. The last block of rows and of columns may be partial.
void decode_fp8_block128(const Matrix& matrix, const at::Tensor& out);

}  // namespace ltx::formats
