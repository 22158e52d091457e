// x · (1 + scale) + shift.
#pragma once
#include "kernels/fused.h"

namespace ltx::kernels {

/// x [B, T, D], fusible.
at::Tensor modulate(const at::Tensor& x, const TokenRows& scale, const TokenRows& shift);

}  // namespace ltx::kernels
