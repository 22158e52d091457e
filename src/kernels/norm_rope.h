// RMS norm over all heads and rotary embedding of queries or keys, in place (spec 02 §5).
#pragma once
#include "kernels/fused.h"

namespace ltx::kernels {

/// x [B, T, D] ← rope(rms(x) · weight), split pairs. cos, sin [1 or B, T, D / 2], or undefined: no rotation.
/// All of x's dtype, x fusible.
void norm_rope_(at::Tensor& x, const at::Tensor& weight, double eps, int64_t heads, const at::Tensor& cos,
                const at::Tensor& sin);

}  // namespace ltx::kernels
