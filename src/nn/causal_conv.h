// The convolution of the video VAE: time padded by repeating frames, space padded in one of four modes (spec
// 04 §3.2).
#pragma once
#include <functional>
#include <string_view>

#include "nn/conv3d.h"

namespace ltx::nn {

enum class SpatialPadding { Zeros, Reflect, Replicate, Circular };

/// A function that is applied to the input of a convolution while the padded copy is made, so that no further
/// copy exists.
struct Prologue {
  std::function<at::Tensor(const at::Tensor&)> apply;  // [B, C, f, H, W] -> same shape; empty: identity
  bool per_frame = true;                               // the frames may be handed over a few at a time
};

class CausalConv3d {
 public:
  /// 3×3×3 weights at the source's place (in checkpoints the level `conv`). `causal`: two copies of frame 0
  /// in front; otherwise one, and one of the last frame behind.
  CausalConv3d(const quant::Source& source, int64_t in, int64_t out, bool causal, SpatialPadding padding,
               Triple stride = {1, 1, 1});

  /// x [B, in, F, H, W] -> [B, out, F', H', W'] in channels-last memory, of prologue(x). Lets go of x once
  /// the padded copy is made.
  at::Tensor operator()(at::Tensor x, const Prologue& prologue = {}) const;

 private:
  at::Tensor padded(const at::Tensor& x, const Prologue& prologue) const;

  Conv3dWeights weights_;
  Triple stride_;
  bool causal_;
  SpatialPadding padding_;
};

}  // namespace ltx::nn
