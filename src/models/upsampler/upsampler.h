// The latent upsamplers: twice or 1.5 times the height and width, or twice the frame rate (spec 04 §8).
#pragma once
#include <vector>

#include "models/upsampler/config.h"
#include "nn/channel_statistics.h"
#include "nn/conv3d.h"
#include "nn/group_norm.h"

namespace ltx::upsampler {

/// A convolution with zeros on all sides. A 2-D kernel sees every frame as an image.
class Conv {
 public:
  Conv(const quant::Source& source, int64_t in, int64_t out, int64_t dims);
  at::Tensor operator()(const at::Tensor& x) const;

 private:
  nn::Conv3dWeights weights_;  // a 2-D kernel has one tap in time
};

class ResBlock {
 public:
  ResBlock(const quant::Source& source, int64_t channels, int64_t dims);
  at::Tensor operator()(const at::Tensor& x) const;

 private:
  Conv conv1_, conv2_;
  nn::GroupNorm norm1_, norm2_;
};

class Upsampler {
 public:
  /// Takes the tensors of an upsampler file under their stored names (component upsampler).
  Upsampler(const quant::Source& source, const UpsamplerConfig& config);

  /// Un-normalised latent [B, C, F, H, W] -> [B, C, F', H', W'] in the same dtype. F' = 2F − 1 with a
  /// temporal model.
  at::Tensor forward(const at::Tensor& latent) const;

  /// Normalised latent -> normalised latent: `statistics` of the video VAE are taken off and put on again.
  at::Tensor upsample(const at::Tensor& latent, const nn::ChannelStatistics& statistics) const;

  const UpsamplerConfig& config() const { return config_; }

 private:
  at::Tensor resample(const at::Tensor& x) const;
  at::Tensor blur(const at::Tensor& x) const;

  UpsamplerConfig config_;
  at::Device device_;
  at::ScalarType dtype_;
  nn::Triple cell_;  // cells of channels that become time, rows and columns
  Conv initial_conv_;
  nn::GroupNorm initial_norm_;
  std::vector<ResBlock> before_, after_;
  Conv resample_conv_;
  at::Tensor blur_kernel_;  // [1, 1, 5, 5], where the ratio has a denominator
  Conv final_conv_;
};

}  // namespace ltx::upsampler
