// From a waveform to its log-mel spectrum (spec 05 §5).
#pragma once
#include <ATen/ATen.h>

#include <cstdint>

namespace ltx::audio {

/// waveform [B, C, S] -> [B, 2, S]: mono is duplicated, 5.1 and 7.1 are mixed down, other layouts are
/// averaged (§5.1).
at::Tensor to_stereo(const at::Tensor& waveform);

/// The triangles that gather frequencies into mel bins: [n_fft / 2 + 1, bins] fp32 on the CPU, Slaney scale
/// and area (§5.3).
at::Tensor mel_filterbank(int64_t sampling_rate, int64_t n_fft, int64_t bins);

class MelFrontEnd {
 public:
  /// Window and filterbank are computed on the CPU, so that every device uses the same bits.
  MelFrontEnd(int64_t sampling_rate, int64_t n_fft, int64_t hop_length, int64_t bins, at::Device device);

  /// waveform [B, C, S] fp32 at sampling_rate() -> [B, C, 1 + S / hop, bins] fp32. Throws InvalidArgument if
  /// the sound is shorter than n_fft / 2 + 1 samples: the reflected padding needs them.
  at::Tensor operator()(const at::Tensor& waveform) const;

  int64_t sampling_rate() const { return sampling_rate_; }
  const at::Tensor& window() const { return window_; }          // [n_fft]
  const at::Tensor& filterbank() const { return filterbank_; }  // [n_fft / 2 + 1, bins]

 private:
  int64_t sampling_rate_, n_fft_, hop_length_;
  at::Tensor window_, filterbank_;
};

}  // namespace ltx::audio
