// SnakeBeta at twice the sampling rate, so that the harmonics which it makes do not fold back (spec 05 §9.2,
// §9.3).
#pragma once
#include <ATen/ATen.h>

#include "quant/source.h"

namespace ltx::audio {

class AntiAliasedSnake {
 public:
  /// Takes `act.alpha`, `act.beta`, `upsample.filter` and `downsample.lowpass.filter`. The filters are those
  /// of the file: they are rounded there, and their sum is not 1.
  AntiAliasedSnake(const quant::Source& source, at::ScalarType dtype, int64_t channels);

  /// x [B, C, L] -> [B, C, L].
  at::Tensor operator()(const at::Tensor& x) const;

 private:
  at::Tensor alpha_, beta_;  // [C, 1], logarithms
  at::Tensor up_, down_;     // [1, 1, taps]
};

}  // namespace ltx::audio
