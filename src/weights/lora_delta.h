// The update of a weight by LoRAs, some rows at a time (spec 01 §8.5, spec 08 §3.3).
#pragma once
#include <ATen/ATen.h>

#include <vector>

#include "weights/store.h"

namespace ltx::weights {

/// Rows of a weight that are worked on at a time: bounds the fp32 temporaries, whatever the weight's size. A
/// multiple of every format's block height.
inline constexpr int64_t kRowsAtATime = 512;

/// Δ = Σ strength · alpha · up · down for a weight [N, K]. Each row's value depends on its own factors alone,
/// so pieces equal the whole.
class LoraDelta {
 public:
  enum class Sum {
    Fp32,  // factors as stored widened to fp32, products and sum in fp32
    Bf16,  // the public reference's roundings: factors, scaled first product and every partial sum in bf16
  };

  /// `updates` is not empty; all factors lie on one device.
  LoraDelta(const std::vector<ScaledFactors>& updates, Sum sum);

  /// F32 [count, K]; the values are bf16 values for Sum::Bf16.
  at::Tensor rows(int64_t begin, int64_t count) const;

 private:
  struct Factors {
    at::Tensor up, down;  // down widened
    double scale;
  };
  std::vector<Factors> factors_;
  Sum sum_;
};

}  // namespace ltx::weights
