// Attention over the positions of each frame (spec 04 §3.9).
#pragma once
#include "quant/source.h"

namespace ltx::video_vae {

class FrameAttention {
 public:
  FrameAttention(const quant::Source& source, int64_t channels);

  /// x [B, C, F, H, W] -> same shape, x included.
  at::Tensor operator()(const at::Tensor& x) const;

 private:
  at::Tensor gamma_;                    // [C]
  at::Tensor qkv_weight_, qkv_bias_;    // [3C, C], [3C]
  at::Tensor proj_weight_, proj_bias_;  // [C, C], [C]
};

}  // namespace ltx::video_vae
