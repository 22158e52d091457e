// Residual, gate, RMS norm and modulation in one pass over the stream (spec 02 §7.3).
#pragma once
#include "kernels/fused.h"

namespace ltx::kernels {

struct ScaleShiftRows {
  TokenRows scale, shift;
};

/// x [B, T, D] ← x + y · gate in place (y undefined: unchanged; gate null: x + y). Returns, for each of up to
/// two `by`, rms(x) · (1 + scale) + shift, or rms(x) for a null entry. x and y must be fusible.
std::vector<at::Tensor> residual_norm(at::Tensor& x, const at::Tensor& y, const TokenRows* gate,
                                      at::ArrayRef<const ScaleShiftRows*> by, double eps);

}  // namespace ltx::kernels
