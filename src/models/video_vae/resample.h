// Blocks that change the resolution (spec 04 §3.6–§3.8).
#pragma once
#include "models/video_vae/config.h"
#include "models/video_vae/resnet.h"
#include "nn/space_depth.h"

namespace ltx::video_vae {

/// The cell that the middle part of a block's name states: "space" (1, 2, 2), "time" (2, 1, 1), "all" (2, 2,
/// 2).
nn::Triple cell_of(std::string_view block_name);

/// `compress_*_res` of the encoder: convolution and space-to-depth, plus the means of channel groups as a
/// shortcut.
class SpaceToDepthDownsample {
 public:
  SpaceToDepthDownsample(const quant::Source& source, int64_t in, int64_t out, nn::Triple cell,
                         const BlockStyle& style);
  at::Tensor operator()(const at::Tensor& x) const;

 private:
  nn::CausalConv3d conv_;
  nn::Triple cell_;
  int64_t out_;
};

/// `compress_*` of the decoder: convolution and depth-to-space; the first frame goes where time doubles.
class DepthToSpaceUpsample {
 public:
  /// `reduction` divides the channels.
  DepthToSpaceUpsample(const quant::Source& source, int64_t in, int64_t reduction, nn::Triple cell,
                       bool residual, const BlockStyle& style);
  at::Tensor operator()(at::Tensor x) const;

 private:
  at::Tensor expand(const at::Tensor& z) const;

  nn::CausalConv3d conv_;
  nn::Triple cell_;
  int64_t repeats_;  // of the shortcut's channels; 0: no shortcut
};

}  // namespace ltx::video_vae
