#include "models/audio/bandwidth.h"

#include <cmath>
#include <numbers>

namespace ltx::audio {
namespace {

constexpr double kFilterWidth = 6, kRolloff = 0.99;
constexpr int64_t kWidth = 7;  // ⌈6 / 0.99⌉ samples on either side
constexpr double kLogFloor = 1e-5;

at::Tensor skip_filter(int64_t ratio) {
  const auto options = at::TensorOptions(at::kFloat);
  const auto t = (at::arange(2 * kWidth * ratio + 1, options) / ratio - kWidth) * kRolloff;
  const auto window =
      (t.clamp(-kFilterWidth, kFilterWidth) * std::numbers::pi / kFilterWidth / 2).cos().square();
  return (at::sinc(t) * window * kRolloff / ratio).view({1, 1, -1});
}

}  // namespace

SkipResampler::SkipResampler(int64_t ratio, at::Device device)
    : ratio_(ratio), filter_((skip_filter(ratio) * ratio).to(device)) {}

at::Tensor SkipResampler::operator()(const at::Tensor& x) const {
  Convolution shape;
  shape.stride = ratio_;
  shape.transposed = true;
  const auto padded = at::replication_pad1d(x, {kWidth, kWidth});
  const auto y = convolve(padded.reshape({-1, 1, padded.size(2)}), filter_, {}, shape);
  // The filter's own length and the padding hang over on both sides (§9.4: 14r in front).
  return y.narrow(2, 2 * kWidth * ratio_, ratio_ * x.size(2)).reshape({x.size(0), x.size(1), -1});
}

CausalMel::CausalMel(const quant::Source& source, int64_t n_fft, int64_t hop_length)
    : n_fft_(n_fft),
      hop_length_(hop_length),
      mel_basis_(loaded(source, "mel_basis", {kVocoderMelBins, n_fft / 2 + 1}, at::kFloat)),
      forward_basis_(
          loaded(source, "stft_fn.forward_basis", {2 * (n_fft / 2 + 1), 1, n_fft}, at::kFloat).squeeze(1)) {
  if (source.has("stft_fn.inverse_basis")) source.view().take("stft_fn.inverse_basis");
}

at::Tensor CausalMel::operator()(const at::Tensor& x) const {
  const auto frames =
      at::constant_pad_nd(x, {n_fft_ - hop_length_, 0}).unfold(2, n_fft_, hop_length_);  // [B, C, n, n_fft]
  const auto parts = at::matmul(frames, forward_basis_.t()).chunk(2, -1);
  const auto magnitude = (parts[0].square() + parts[1].square()).sqrt();
  return at::matmul(magnitude, mel_basis_.t()).clamp_min(kLogFloor).log();
}

BandwidthExtender::BandwidthExtender(const quant::Source& source, const BandwidthExtension& c)
    : config_(c),
      mel_(source / "mel_stft", c.n_fft, c.hop_length),
      generator_(source / "bwe_generator", at::kFloat, c.generator),
      skip_(c.ratio(), source.device()) {}

at::Tensor BandwidthExtender::forward(const at::Tensor& wave, const Monitor& monitor) const {
  const int64_t samples = wave.size(2), hop = config_.hop_length;
  const int64_t wanted = samples * config_.output_rate / config_.input_rate;
  const auto x = at::constant_pad_nd(wave, {0, (hop - samples % hop) % hop});
  const auto y = (generator_.forward(mel_(x), monitor) + skip_(x)).clamp(-1, 1);
  return y.narrow(2, 0, std::min(wanted, y.size(2)));
}

}  // namespace ltx::audio
