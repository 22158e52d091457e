// e2m1 with an e4m3 scale per 16 elements of a row and one fp32 scale (spec 08 §12).
#pragma once
#include "formats/matrix.h"

namespace ltx::formats {

/// The weight is rounded to bf16 first. `scale_2` F32 [] given: used in place of amax/2688.
Matrix encode_nvfp4(const at::Tensor& weight, const at::Tensor& scale_2 = {});
/// To `out` [N, K] in F32 or BF16.
void decode_nvfp4(const Matrix& matrix, const at::Tensor& out);

}  // namespace ltx::formats
