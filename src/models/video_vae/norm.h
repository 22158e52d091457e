// The norms of the video VAE (spec 04 §3.3).
#pragma once
#include "models/video_vae/config.h"
#include "nn/group_norm.h"

namespace ltx::video_vae {

/// x / sqrt(mean over channels of x² + 1e-8), each operation in x's dtype. [B, C, F, H, W].
at::Tensor pixel_norm(const at::Tensor& x);

/// Of the GroupNorm variants; PixelNorm has its own.
constexpr double kEpsilon = 1e-6;

/// The norm that the configuration names: PixelNorm, or GroupNorm with 32 groups.
class Norm {
 public:
  Norm(NormKind kind, const quant::Source& source, int64_t channels);
  at::Tensor operator()(const at::Tensor& x) const;
  /// False where the statistics run over all frames.
  bool per_frame() const { return !group_.has_value(); }

 private:
  std::optional<nn::GroupNorm> group_;
};

}  // namespace ltx::video_vae
