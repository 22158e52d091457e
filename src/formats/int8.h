// int8 weights: a scale per row of amax/127.5 (spec 08 §9.1), or ComfyUI's amax/127 per row or per tensor,
// with or without rotated K-groups (§9.3).
#pragma once
#include "formats/matrix.h"

namespace ltx::formats {

Matrix encode_int8(const at::Tensor& weight, const Encoding& encoding);
/// Into out [N, K], F32 or BF16; rotated weights in their original basis.
void decode_int8(const Matrix& matrix, const at::Tensor& out);

}  // namespace ltx::formats
