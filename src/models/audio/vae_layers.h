// What encoder and decoder of the audio VAE are made of (spec 05 §6). Tensors are [B, C, time, frequency].
#pragma once
#include <ATen/ATen.h>

#include <cstdint>
#include <optional>

#include "models/audio/config.h"
#include "quant/source.h"

namespace ltx::audio {

/// A 2-D convolution on input that is already padded.
class Conv2d {
 public:
  Conv2d(const quant::Source& source, int64_t in, int64_t out, int64_t kernel, int64_t stride = 1);
  at::Tensor operator()(const at::Tensor& x) const;

 private:
  at::Tensor weight_, bias_;
  int64_t stride_;
};

/// Zero padding on the past side of the causal axis, on both sides of the other.
class CausalConv2d {
 public:
  CausalConv2d(const quant::Source& source, Causality causality, int64_t in, int64_t out, int64_t kernel);
  at::Tensor operator()(const at::Tensor& x) const;

 private:
  std::vector<int64_t> padding_;
  Conv2d conv_;
};

class Normalization {
 public:
  /// Pixel norm has no tensors; group norm takes `weight` and `bias`.
  Normalization(const quant::Source& source, Norm kind, int64_t channels);
  at::Tensor operator()(const at::Tensor& x) const;

 private:
  at::Tensor weight_, bias_;
};

class ResnetBlock {
 public:
  ResnetBlock(const quant::Source& source, const VaeConfig& config, int64_t in, int64_t out);
  at::Tensor operator()(const at::Tensor& x) const;

 private:
  Normalization norm1_, norm2_;
  CausalConv2d conv1_, conv2_;
  std::optional<CausalConv2d> shortcut_;
};

/// Self-attention over all positions, not causal.
class Attention {
 public:
  Attention(const quant::Source& source, const VaeConfig& config, int64_t channels);
  at::Tensor operator()(const at::Tensor& x) const;

 private:
  Normalization norm_;
  Conv2d q_, k_, v_, out_;
};

/// A block and the attention behind it, where the level has one.
struct Stage {
  ResnetBlock block;
  std::optional<Attention> attention;
  at::Tensor operator()(const at::Tensor& x) const { return attention ? (*attention)(block(x)) : block(x); }
};

/// `count` stages at the width `out`; the first one changes the width.
std::vector<Stage> make_stages(const quant::Source& source, const VaeConfig& config, int64_t count,
                               int64_t in, int64_t out, bool attention);

/// Halves time and frequency.
class Downsample {
 public:
  Downsample(const quant::Source& source, const VaeConfig& config, int64_t channels);
  at::Tensor operator()(const at::Tensor& x) const;

 private:
  std::vector<int64_t> padding_;
  std::optional<Conv2d> conv_;  // absent: average of 2 × 2
};

/// Doubles time and frequency; along the causal axis the first element is dropped.
class Upsample {
 public:
  Upsample(const quant::Source& source, const VaeConfig& config, int64_t channels);
  at::Tensor operator()(const at::Tensor& x) const;

 private:
  Causality causality_;
  CausalConv2d conv_;
};

/// The middle of either half.
class Middle {
 public:
  Middle(const quant::Source& source, const VaeConfig& config, int64_t channels, bool attention);
  at::Tensor operator()(const at::Tensor& x) const;

 private:
  ResnetBlock block_1_;
  std::optional<Attention> attention_;
  ResnetBlock block_2_;
};

/// Norm, SiLU and the last convolution.
class Head {
 public:
  Head(const quant::Source& source, const VaeConfig& config, int64_t in, int64_t out);
  at::Tensor operator()(const at::Tensor& x) const;

 private:
  Normalization norm_;
  CausalConv2d conv_;
};

/// Mean and deviation of every latent value, in the order of the patchified latent: channel · bins + bin.
class Statistics {
 public:
  Statistics(const quant::Source& source, int64_t channels, int64_t bins);
  /// latent [B, channels, T, bins]
  at::Tensor normalize(const at::Tensor& latent) const;
  at::Tensor unnormalize(const at::Tensor& latent) const;

 private:
  void check(const at::Tensor& latent) const;
  at::Tensor mean_, deviation_;  // [channels, 1, bins]
};

}  // namespace ltx::audio
