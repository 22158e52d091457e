// Residual blocks of the video VAE and stacks of them (spec 04 §3.5).
#pragma once
#include <functional>

#include "models/video_vae/noise.h"
#include "models/video_vae/norm.h"
#include "models/video_vae/timestep.h"
#include "nn/causal_conv.h"

namespace ltx::video_vae {

/// What a forward pass hands to its blocks beside the activations.
struct Conditioning {
  at::Tensor timestep;                 // [B], scaled; undefined without timestep conditioning
  const NoiseSource* noise = nullptr;  // null where nothing may be drawn
};

/// A block of an encoder or decoder: [B, C, F, H, W] -> [B, C', F', H', W']. Takes its input by value, so
/// that the caller can give up the only reference and the memory is free for the result.
using Block = std::function<at::Tensor(at::Tensor x, const Conditioning& conditioning)>;

/// What all blocks of one network have in common.
struct BlockStyle {
  NormKind norm = NormKind::Pixel;
  bool causal = true;
  nn::SpatialPadding padding = nn::SpatialPadding::Zeros;
  bool timestep_conditioning = false;
};

/// ResnetBlock3D.
class ResBlock {
 public:
  ResBlock(const quant::Source& source, int64_t in, int64_t out, const BlockStyle& style, bool inject_noise);

  /// `embedding` [B, 4·in] with timestep conditioning, else undefined.
  at::Tensor operator()(const at::Tensor& x, const at::Tensor& embedding, const NoiseSource* noise) const;

 private:
  void add_noise(at::Tensor& h, const at::Tensor& scale, const NoiseSource* noise) const;

  Norm norm1_, norm2_;
  nn::CausalConv3d conv1_, conv2_;
  at::Tensor table_;                        // [4, C]: rows shift1, scale1, shift2, scale2
  at::Tensor noise_scale1_, noise_scale2_;  // [C, 1, 1]
  std::optional<nn::GroupNorm> norm3_;
  std::optional<nn::Conv3dWeights> shortcut_;
};

/// `res_x`: blocks of one width, sharing a time embedder.
class ResStack {
 public:
  ResStack(const quant::Source& source, int64_t channels, int64_t layers, const BlockStyle& style,
           bool inject_noise);
  at::Tensor operator()(at::Tensor x, const Conditioning& conditioning) const;

 private:
  std::vector<ResBlock> blocks_;
  std::optional<TimestepEmbedder> embedder_;
};

}  // namespace ltx::video_vae
