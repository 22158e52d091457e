// The audio VAE: log-mel spectra to latents and back (spec 05 §7, §8).
#pragma once
#include <ATen/ATen.h>

#include <vector>

#include "base/monitor.h"
#include "models/audio/mel.h"
#include "models/audio/vae_layers.h"

namespace ltx::audio {

class Encoder {
 public:
  /// `source` holds the names below `audio_vae.encoder.` plus `per_channel_statistics.`.
  Encoder(const quant::Source& source, const VaeConfig& config);

  /// mel [B, 2, M, mel_bins] -> normalized latent [B, z, ⌈M/4⌉, bins], both in the compute dtype.
  at::Tensor forward(const at::Tensor& mel, const Monitor& monitor = Monitor::silent()) const;

  /// waveform [B, C, S] at `rate` hertz -> log-mel [B, 2, M, mel_bins] fp32: stereo, resampled, transformed
  /// (§5).
  at::Tensor spectrum(const at::Tensor& waveform, int64_t rate) const;

  /// waveform [B, C, S] at `rate` hertz -> normalized latent.
  at::Tensor encode(const at::Tensor& waveform, int64_t rate,
                    const Monitor& monitor = Monitor::silent()) const;

 private:
  struct Level {
    std::vector<Stage> stages;
    std::optional<Downsample> downsample;
  };

  VaeConfig config_;
  at::Device device_;
  at::ScalarType compute_;
  MelFrontEnd front_end_;
  CausalConv2d conv_in_;
  std::vector<Level> levels_;
  Middle middle_;
  Head head_;
  Statistics statistics_;
};

class Decoder {
 public:
  /// `source` holds the names below `audio_vae.decoder.` plus `per_channel_statistics.`.
  Decoder(const quant::Source& source, const VaeConfig& config);

  /// Normalized latent [B, z, T, bins] of any dtype -> log-mel [B, 2, 4T − 3, mel_bins] in the compute dtype
  /// (4T frames where time is not causal).
  at::Tensor forward(const at::Tensor& latent, const Monitor& monitor = Monitor::silent()) const;

 private:
  struct Level {
    std::vector<Stage> stages;
    std::optional<Upsample> upsample;
  };

  VaeConfig config_;
  at::Device device_;
  at::ScalarType compute_;
  Statistics statistics_;
  CausalConv2d conv_in_;
  Middle middle_;
  std::vector<Level> levels_;  // in the order of computation: the deepest first
  Head head_;
};

}  // namespace ltx::audio
