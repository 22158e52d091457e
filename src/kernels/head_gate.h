// The gate of each attention head, in place (spec 02 §5).
#pragma once
#include "kernels/fused.h"

namespace ltx::kernels {

/// o [B, T, H·d] ← o · 2 sigmoid(logits [B, T, H]) per head. Both fusible, of one dtype.
void head_gate_(at::Tensor& o, const at::Tensor& logits);

}  // namespace ltx::kernels
