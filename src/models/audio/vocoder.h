// From log-mel spectra to sound (spec 05 §9, §10).
#pragma once
#include <ATen/ATen.h>

#include <optional>

#include "models/audio/bandwidth.h"
#include "models/audio/vae.h"

namespace ltx::audio {

class Vocoder {
 public:
  /// `source` holds the names below `vocoder.`, the prefix removed once. The plain vocoder computes in the
  /// source's compute dtype; with bandwidth extension only the weights are rounded to it, the arithmetic is
  /// fp32 (§9.4).
  Vocoder(const quant::Source& source, const VocoderConfig& config);

  /// mel [B, 2, M, 64] -> [B, 2, N] in [−1, 1]. The plain vocoder's result has the compute dtype; with
  /// bandwidth extension it has the dtype of `mel`: a bf16 spectrum gives a wave of bf16 numbers, as the
  /// reference does.
  at::Tensor forward(const at::Tensor& mel, const Monitor& monitor = Monitor::silent()) const;

  int64_t sampling_rate() const { return sampling_rate_; }  // hertz

 private:
  int64_t sampling_rate_;
  at::Device device_;
  at::ScalarType arithmetic_;
  Generator main_;
  std::optional<BandwidthExtender> extender_;
};

struct Waveform {
  at::Tensor samples;         // fp32 [2, N]; [B, 2, N] for several
  int64_t sampling_rate = 0;  // hertz
};

/// Whether the wave of a bf16 decoder is rounded to bf16, as the reference does, or keeps its fp32 values
/// (§10). Only bandwidth extension makes a difference: the plain vocoder computes in bf16 anyway.
enum class WaveRounding { Reference, Full };

/// Normalized latent [B, z, T, bins] -> sound.
Waveform decode_audio(const Decoder& decoder, const Vocoder& vocoder, const at::Tensor& latent,
                      WaveRounding rounding = WaveRounding::Reference,
                      const Monitor& monitor = Monitor::silent());

}  // namespace ltx::audio
