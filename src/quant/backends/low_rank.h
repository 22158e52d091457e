// LoRAs that stay factors while the layer runs (spec 08 §3.3, `runtime`).
#pragma once
#include <ATen/ATen.h>

#include <vector>

#include "weights/store.h"

namespace ltx::quant {

/// All updates of a layer as one pair of factors, so that their number costs no further products. In order:
/// t = bf16(x · downᵀ), t ← bf16(t · strength·alpha) per rank where any is not 1, y ← bf16(y + t · upᵀ) with
/// the sum over all LoRAs in fp32. In the dtype of the factors given to the constructor instead of bf16.
class LowRank {
 public:
  LowRank() = default;
  /// Factors of zero strength are left out.
  LowRank(const std::vector<weights::ScaledFactors>& factors, at::Device device, at::ScalarType dtype);

  bool empty() const { return !down_.defined(); }
  /// y [..., N] of the base layer -> y plus the updates of x [..., K], in y's dtype.
  at::Tensor add_to(const at::Tensor& y, const at::Tensor& x) const;

 private:
  at::Tensor down_, up_;  // [Σr, K], [N, Σr]
  at::Tensor scale_;      // [Σr]; undefined: all 1
};

}  // namespace ltx::quant
