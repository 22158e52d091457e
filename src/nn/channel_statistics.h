// The mean and deviation of each latent channel, shared by encoder, decoder and upsampling (spec 04 §3.4).
#pragma once
#include "quant/source.h"

namespace ltx::nn {

class ChannelStatistics {
 public:
  /// `per_channel_statistics.{mean,std}-of-means` [channels] at the source's place, in the compute dtype.
  ChannelStatistics(const quant::Source& source, int64_t channels);

  /// x [B, C, …] -> x·σ + μ and (x − μ)/σ, each of the two operations rounding to x's dtype.
  at::Tensor un_normalize(const at::Tensor& x) const;
  at::Tensor normalize(const at::Tensor& x) const;

  int64_t channels() const { return mean_.numel(); }

 private:
  at::Tensor mean_, deviation_;  // [C]
};

}  // namespace ltx::nn
