#include "models/audio/mel.h"

#include <cmath>

#include "base/error.h"

namespace ltx::audio {
namespace {

// Slaney's scale: linear up to 1000 Hz, logarithmic above.
constexpr double kHertzPerMel = 200.0 / 3, kBreakHertz = 1000, kBreakMel = kBreakHertz / kHertzPerMel;
constexpr double kLogFloor = 1e-5;

double log_step() {
  return std::log(6.4) / 27;
}

double hertz_to_mel(double hertz) {
  return hertz < kBreakHertz ? hertz / kHertzPerMel : kBreakMel + std::log(hertz / kBreakHertz) / log_step();
}

at::Tensor mel_to_hertz(const at::Tensor& mel) {
  return at::where(mel >= kBreakMel, kBreakHertz * at::exp(log_step() * (mel - kBreakMel)),
                   kHertzPerMel * mel);
}

/// front + weight · sides, sides being summed first (§5.1).
at::Tensor mix(const at::Tensor& waveform, double norm, int64_t front,
               std::initializer_list<int64_t> shared) {
  const auto channel = [&](int64_t c) { return waveform.select(1, c); };
  at::Tensor result = (1 / norm) * channel(front);
  for (const int64_t c : shared) result = result + (0.707 / norm) * channel(c);
  return result;
}

}  // namespace

at::Tensor to_stereo(const at::Tensor& waveform) {
  enum : int64_t { L, R, C, LowFrequency, Ls, Rs, Lb, Rb };
  switch (waveform.size(1)) {
    case 1:
      return waveform.expand({-1, 2, -1});
    case 2:
      return waveform;
    case 6:
      return at::stack({mix(waveform, 2.414, L, {C, Ls}), mix(waveform, 2.414, R, {C, Rs})}, 1);
    case 8: {
      const auto side = [&](int64_t front, int64_t surround, int64_t back) {
        const auto sum = waveform.select(1, C) + waveform.select(1, surround) + waveform.select(1, back);
        return (1 / 3.121) * waveform.select(1, front) + (0.707 / 3.121) * sum;
      };
      return at::stack({side(L, Ls, Lb), side(R, Rs, Rb)}, 1);
    }
    default:
      return waveform.mean(1, /*keepdim=*/true).expand({-1, 2, -1});
  }
}

at::Tensor mel_filterbank(int64_t sampling_rate, int64_t n_fft, int64_t bins) {
  const auto frequencies = at::linspace(0, static_cast<double>(sampling_rate / 2), n_fft / 2 + 1, at::kFloat);
  const auto corners =  // F_0 … F_{bins+1}
      mel_to_hertz(
          at::linspace(0, hertz_to_mel(static_cast<double>(sampling_rate) / 2), bins + 2, at::kFloat));
  const auto below = corners.narrow(0, 0, bins), above = corners.narrow(0, 2, bins);
  const auto gaps = corners.diff();                                       // [bins + 1]
  const auto distance = corners.unsqueeze(0) - frequencies.unsqueeze(1);  // [n_fft / 2 + 1, bins + 2]
  const auto rising = distance.narrow(1, 0, bins).neg() / gaps.narrow(0, 0, bins);
  const auto falling = distance.narrow(1, 2, bins) / gaps.narrow(0, 1, bins);
  return at::minimum(rising, falling).clamp_min(0) * (2.0 / (above - below));
}

MelFrontEnd::MelFrontEnd(int64_t sampling_rate, int64_t n_fft, int64_t hop_length, int64_t bins,
                         at::Device device)
    : sampling_rate_(sampling_rate),
      n_fft_(n_fft),
      hop_length_(hop_length),
      window_(at::hann_window(n_fft, at::kFloat).to(device)),
      filterbank_(mel_filterbank(sampling_rate, n_fft, bins).to(device)) {}

at::Tensor MelFrontEnd::operator()(const at::Tensor& waveform) const {
  const int64_t samples = waveform.size(2);
  if (samples < n_fft_ / 2 + 1)
    fail(Status::InvalidArgument,
         "the sound has {} samples at {} Hz, its spectrum needs at least {}. Give a longer sound.", samples,
         sampling_rate_, n_fft_ / 2 + 1);
  const auto spectrum = at::stft(waveform.reshape({-1, samples}), n_fft_, hop_length_, n_fft_, window_,
                                 /*center=*/true, "reflect",
                                 /*normalized=*/false, /*onesided=*/true, /*return_complex=*/true);
  const auto mel = at::matmul(spectrum.abs().transpose(1, 2), filterbank_);  // [B·C, M, bins]
  return mel.clamp_min(kLogFloor).log().unflatten(0, {waveform.size(0), waveform.size(1)});
}

}  // namespace ltx::audio
