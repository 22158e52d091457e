#include "models/audio/activation.h"

#include "models/audio/convolution.h"

namespace ltx::audio {
namespace {

constexpr int64_t kRatio = 2;

/// The same filter for every channel.
at::Tensor filter_channels(const at::Tensor& x, const at::Tensor& filter, bool transposed) {
  Convolution shape;
  shape.stride = kRatio;
  shape.groups = x.size(1);
  shape.transposed = transposed;
  return convolve(x, filter.expand({x.size(1), 1, -1}), {}, shape);
}

/// [B, C, L] -> [B, C, 2L]; `filter` is already doubled.
at::Tensor upsample(const at::Tensor& x, const at::Tensor& filter) {
  const int64_t taps = filter.size(2), pad = taps / kRatio - 1;
  const int64_t left = pad * kRatio + (taps - kRatio) / 2, right = pad * kRatio + (taps - kRatio + 1) / 2;
  const auto y = filter_channels(at::replication_pad1d(x, {pad, pad}), filter, true);
  return y.narrow(2, left, y.size(2) - left - right);
}

/// [B, C, 2L] -> [B, C, L].
at::Tensor downsample(const at::Tensor& x, const at::Tensor& filter) {
  const int64_t taps = filter.size(2);
  return filter_channels(at::replication_pad1d(x, {(taps - 1) / 2, taps / 2}), filter, false);
}

}  // namespace

AntiAliasedSnake::AntiAliasedSnake(const quant::Source& source, at::ScalarType dtype, int64_t channels)
    : alpha_(loaded(source, "act.alpha", {channels}, dtype).unsqueeze(1)),
      beta_(loaded(source, "act.beta", {channels}, dtype).unsqueeze(1)),
      // The gain of the upsampling belongs to the filter: a multiplication by 2 is exact and rounds nothing
      // anew.
      up_(loaded(source, "upsample.filter", {1, 1, -1}, dtype) * kRatio),
      down_(loaded(source, "downsample.lowpass.filter", {1, 1, -1}, dtype)) {}

at::Tensor AntiAliasedSnake::operator()(const at::Tensor& x) const {
  const auto y = upsample(x, up_);
  const auto wave = at::sin(y * alpha_.exp());
  return downsample(at::addcmul(y, wave.square(), (beta_.exp() + 1e-9).reciprocal()), down_);
}

}  // namespace ltx::audio
