// From 16 kHz to 48 kHz: the resampled wave plus what a second generator adds (spec 05 §9.4).
#pragma once
#include <ATen/ATen.h>

#include "models/audio/generator.h"

namespace ltx::audio {

/// A windowed sinc that raises the sampling rate by an integer, with the edge samples repeated outside.
class SkipResampler {
 public:
  SkipResampler(int64_t ratio, at::Device device);
  /// x [B, C, L] fp32 -> [B, C, ratio · L].
  at::Tensor operator()(const at::Tensor& x) const;

 private:
  int64_t ratio_;
  at::Tensor filter_;  // [1, 1, 14 · ratio + 1] fp32; it is no tensor of the file and never rounded
};

/// The log-mel spectrum of the second generator: frames see only the past, and all tables come from the file.
class CausalMel {
 public:
  /// Takes `mel_basis` and `stft_fn.forward_basis`; `stft_fn.inverse_basis` is not used.
  CausalMel(const quant::Source& source, int64_t n_fft, int64_t hop_length);
  /// x [B, C, L], L a multiple of the hop -> [B, C, L / hop, 64].
  at::Tensor operator()(const at::Tensor& x) const;

 private:
  int64_t n_fft_, hop_length_;
  at::Tensor mel_basis_;      // [64, n_fft / 2 + 1]
  at::Tensor forward_basis_;  // [2 · (n_fft / 2 + 1), n_fft]: the real rows, then the imaginary ones
};

class BandwidthExtender {
 public:
  /// `source` holds `bwe_generator.` and `mel_stft.`.
  BandwidthExtender(const quant::Source& source, const BandwidthExtension& config);

  /// wave [B, 2, L] fp32 in [−1, 1] -> [B, 2, L · output rate / input rate] in [−1, 1].
  at::Tensor forward(const at::Tensor& wave, const Monitor& monitor) const;

 private:
  BandwidthExtension config_;
  CausalMel mel_;
  Generator generator_;
  SkipResampler skip_;
};

}  // namespace ltx::audio
