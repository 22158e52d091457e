#include "models/audio/resample.h"

#include <cmath>
#include <numbers>
#include <numeric>

#include "base/error.h"
#include "models/audio/convolution.h"

namespace ltx::audio {
namespace {

constexpr double kFilterWidth = 6, kRolloff = 0.99;

/// The two rates without their common factor, and what follows from them.
struct Ratio {
  int64_t from, to;
  double base;    // cut-off
  int64_t width;  // samples on either side

  Ratio(int64_t from_hertz, int64_t to_hertz) {
    if (from_hertz < 1 || to_hertz < 1)
      fail(Status::InvalidArgument,
           "cannot resample from {} Hz to {} Hz. Sampling rates are positive integers.", from_hertz,
           to_hertz);
    const int64_t common = std::gcd(from_hertz, to_hertz);
    from = from_hertz / common, to = to_hertz / common;
    base = static_cast<double>(std::min(from, to)) * kRolloff;
    width = static_cast<int64_t>(std::ceil(kFilterWidth * static_cast<double>(from) / base));
  }
};

/// [to, 1, 2·width + from], one row per phase. The order of operations is that of the definition: in fp32
/// another order shows up in the log-mel (§5.2).
at::Tensor kernel(const Ratio& r, const at::TensorOptions& options) {
  const auto taps = at::arange(-r.width, r.width + r.from, options).div(r.from);
  auto t = at::arange(0, -r.to, -1, options).div(r.to).unsqueeze(1) + taps.unsqueeze(0);
  t = t.mul(r.base).clamp(-kFilterWidth, kFilterWidth);
  const auto window = t.mul(std::numbers::pi).div(kFilterWidth).div(2).cos().square();
  t = t.mul(std::numbers::pi);
  const auto sinc = at::where(t == 0, at::ones({}, options), t.sin() / t);
  return (sinc * (window * (r.base / static_cast<double>(r.from)))).unsqueeze(1);
}

}  // namespace

int64_t resampled_length(int64_t samples, int64_t from, int64_t to) {
  const Ratio r(from, to);
  // Rounded to fp32 before the ceiling, as the reference does: from 65,536 samples on it may be one less
  // (§5.2).
  return static_cast<int64_t>(
      std::ceil(static_cast<float>(static_cast<double>(r.to * samples) / static_cast<double>(r.from))));
}

at::Tensor resample(const at::Tensor& waveform, int64_t from, int64_t to) {
  const Ratio r(from, to);
  if (r.from == r.to) return waveform;
  if (r.to * (2 * r.width + r.from) > int64_t{1} << 28)
    fail(Status::InvalidArgument,
         "cannot resample from {} Hz to {} Hz: the filter would need {} phases. Convert the sound to a "
         "common rate first.",
         from, to, r.to);
  const auto samples = waveform.size(-1);
  const auto channels = at::constant_pad_nd(waveform.reshape({-1, 1, samples}), {r.width, r.width + r.from});
  Convolution shape;
  shape.stride = r.from;
  const auto phases = convolve(channels, kernel(r, waveform.options()), {}, shape);  // [B·C, to, frames]
  auto sizes = waveform.sizes().vec();
  sizes.back() = resampled_length(samples, from, to);
  return phases.transpose(1, 2).flatten(1).narrow(1, 0, sizes.back()).reshape(sizes);
}

}  // namespace ltx::audio
