// The timestep embedding of a timestep-conditioned decoder (spec 04 §5.2).
#pragma once
#include "quant/linear.h"

namespace ltx::video_vae {

/// [cos(t·ω), sin(t·ω)] [B, 256] in fp32 for t [B]; ω_i = 10000^(−i/128).
at::Tensor timestep_sinusoid(const at::Tensor& timestep);

class TimestepEmbedder {
 public:
  /// Takes `timestep_embedder.linear_1` and `.linear_2`.
  TimestepEmbedder(const quant::Source& source, int64_t width);

  /// Scaled timestep [B] -> [B, width] in `dtype`.
  at::Tensor operator()(const at::Tensor& timestep, at::ScalarType dtype) const;

 private:
  quant::Linear first_, second_;
};

/// Rows of a table [n, C] plus an embedding [B, n·C], as [B, n, C, 1, 1, 1] in the embedding's dtype: the
/// shifts and scales.
at::Tensor modulation(const at::Tensor& table, const at::Tensor& embedding);

/// x·(1 + scale) + shift.
at::Tensor modulate(const at::Tensor& x, const at::Tensor& shift, const at::Tensor& scale);

}  // namespace ltx::video_vae
