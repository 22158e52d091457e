// e4m3 weights without a scale, with one scale, with a scale per row (spec 08 §5.2, §6.6, §7).
#pragma once
#include "formats/matrix.h"

namespace ltx::formats {

/// Fp8Unscaled: codes only; reference: the cast that does not saturate.
Matrix encode_fp8_unscaled(const at::Tensor& weight, const Encoding& encoding);
/// Fp8PerTensor in either form of Encoding::fp8_form.
Matrix encode_fp8_per_tensor(const at::Tensor& weight, const Encoding& encoding);
/// Fp8PerRow; reference: amax and scale rounded to the dtype of the weight.
Matrix encode_fp8_per_row(const at::Tensor& weight, const Encoding& encoding);

/// Any of the three, e4m3 or e5m2, to `out` [N, K] in F32 or BF16.
void decode_fp8(const Matrix& matrix, const at::Tensor& out);

}  // namespace ltx::formats
