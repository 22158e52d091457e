// The 128 × 128 blocks of fp8_block.h with codes small enough for six bits (spec 08 §13.2).
#pragma once
#include "formats/matrix.h"

namespace ltx::formats {

/// reference: as encode_fp8_block128.
Matrix encode_fp6_block128(const at::Tensor& weight, bool reference = false);
/// To `out` [N, K] in F32 or BF16.
void decode_fp6_block128(const Matrix& matrix, const at::Tensor& out);

/// e4m3 codes whose bits 5 and 6 are 0, Float8_e4m3fn [N, K], K%4 = 0 -> U8 [N, 3K/4].
at::Tensor pack_fp6(const at::Tensor& codes);
/// U8 [N, 3K/4] -> Float8_e4m3fn [N, K].
at::Tensor unpack_fp6(const at::Tensor& packed);

/// The same weight as Fp8Block128, for a multiplication in that format.
Matrix fp6_as_fp8(const Matrix& matrix);

}  // namespace ltx::formats
