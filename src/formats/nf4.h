// NF4 weights: 16 levels and a maximum per block of 64 elements in flat order (spec 08 §10.2).
#pragma once
#include "formats/matrix.h"

namespace ltx::formats {

Matrix encode_nf4(const at::Tensor& weight);
/// Into out [N, K], F32 or BF16, by whatever table the matrix brings.
void decode_nf4(const Matrix& matrix, const at::Tensor& out);

/// The 16 levels, F32.
at::Tensor nf4_table();

/// Block maxima that were quantized once more, as bitsandbytes stores them: F32 [blocks] =
/// nested_table[codes] · nested_maxima[block / nested_block] + offset.
at::Tensor expand_double_quantized(const at::Tensor& codes,          // U8 [blocks]
                                   const at::Tensor& nested_maxima,  // F32 [⌈blocks / nested_block⌉]
                                   const at::Tensor& nested_table,   // F32 [256]
                                   float offset, int64_t nested_block = 256);

}  // namespace ltx::formats
