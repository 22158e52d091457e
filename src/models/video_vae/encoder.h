// Pixels to latents (spec 04 §4, §6.5).
#pragma once
#include "base/monitor.h"
#include "models/video_vae/config.h"
#include "models/video_vae/resnet.h"
#include "models/video_vae/tiling.h"
#include "nn/channel_statistics.h"

namespace ltx::video_vae {

class VideoEncoder {
 public:
  /// Takes `conv_in`, `down_blocks`, `conv_out` and the statistics at the source's place (component
  /// video_encoder).
  VideoEncoder(const quant::Source& source, const EncoderConfig& config);

  /// Pixels [B, 3, F, H, W] in [−1, 1] -> normalised latent [B, C, F', H', W'] in the build's dtype on its
  /// device. Frames that do not fill a latent are dropped from the end, with a warning. H and W must be
  /// multiples of the scale.
  at::Tensor encode(const at::Tensor& pixels, Monitor& monitor = Monitor::silent()) const;

  /// The same in tiles; pixels may lie on another device and in another dtype. With a tiling, what exceeds
  /// the latent grid at the bottom and right is ignored.
  at::Tensor encode_tiled(const at::Tensor& pixels, const Tiling& tiling, Monitor& monitor) const;

  const ScaleFactors& scale() const { return scale_; }
  const nn::ChannelStatistics& statistics() const { return statistics_; }

 private:
  at::Tensor crop(const at::Tensor& pixels, Monitor& monitor) const;
  at::Tensor forward(const at::Tensor& pixels) const;

  EncoderConfig config_;
  ScaleFactors scale_;
  at::Device device_;
  at::ScalarType dtype_;
  nn::ChannelStatistics statistics_;
  nn::CausalConv3d conv_in_;
  std::vector<Block> blocks_;
  std::optional<Norm> norm_out_;
  std::optional<nn::CausalConv3d> conv_out_;
};

}  // namespace ltx::video_vae
