// GELU in its tanh approximation, in place.
#pragma once
#include "kernels/fused.h"

namespace ltx::kernels {

/// x fusible.
void gelu_(at::Tensor& x);

}  // namespace ltx::kernels
