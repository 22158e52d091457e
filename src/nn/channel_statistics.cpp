#include "nn/channel_statistics.h"

namespace ltx::nn {
namespace {

/// [C] -> [1, C, 1, …] with x's rank, dtype and device.
at::Tensor beside(const at::Tensor& values, const at::Tensor& x) {
  std::vector<int64_t> shape(static_cast<size_t>(x.dim()), 1);
  shape[1] = values.numel();
  return values.to(x.device(), x.scalar_type()).view(shape);
}

}  // namespace

ChannelStatistics::ChannelStatistics(const quant::Source& source, int64_t channels)
    : mean_((source / "per_channel_statistics").tensor("mean-of-means", {channels})),
      deviation_((source / "per_channel_statistics").tensor("std-of-means", {channels})) {}

at::Tensor ChannelStatistics::un_normalize(const at::Tensor& x) const {
  return x.mul(beside(deviation_, x)).add(beside(mean_, x));
}

at::Tensor ChannelStatistics::normalize(const at::Tensor& x) const {
  return x.sub(beside(mean_, x)).div(beside(deviation_, x));
}

}  // namespace ltx::nn
