// Where random numbers come from (spec 06 §4.4, §10.3, §10.5): always a source that the caller owns.
#pragma once
#include <ATen/ATen.h>

#include <cstdint>
#include <memory>

#include "latents/state.h"

namespace ltx::diffusion {

using latents::Stream;

/// What a draw is for. A source with recorded noise finds its tensor by this; a generator needs only shape
/// and dtype.
enum class Purpose { Initial, Step, Substep };

struct NoiseRequest {
  Purpose purpose = Purpose::Initial;
  Stream stream = Stream::Video;
  int32_t stage = 1;  // from 1
  int64_t step = 0;   // from 0; 0 for the initial noise
  at::IntArrayRef shape;
  at::ScalarType dtype = at::kBFloat16;
  at::Device device = at::kCPU;
};

/// A sequence of standard-normal draws.
class NoiseSource {
 public:
  virtual ~NoiseSource() = default;

  /// The next draw: `shape`, made directly in `dtype`.
  virtual at::Tensor normal(const NoiseRequest& request) = 0;

  /// An independent sequence for a sampler's own noise.
  virtual std::unique_ptr<NoiseSource> fork(const at::Device& device, uint64_t seed) const = 0;
};

/// The framework's generator of a device.
class GeneratorNoise final : public NoiseSource {
 public:
  GeneratorNoise(const at::Device& device, uint64_t seed);

  at::Tensor normal(const NoiseRequest& request) override;
  std::unique_ptr<NoiseSource> fork(const at::Device& device, uint64_t seed) const override;

  /// For what draws after the diffusion stages (the diffusion video decoder).
  at::Generator& generator() { return generator_; }

 private:
  at::Generator generator_;
};

/// Gaussian noiser: latent ← lerp(clean, lerp(latent, noise, noise_scale), denoise mask); draws even where
/// the scale is 0.
latents::State add_noise(latents::State state, double noise_scale, NoiseSource& source, NoiseRequest request);

/// A sampler's noise: as drawn, in the latent's dtype, or float64 and standardized over the tensor, then per
/// sample.
enum class SamplerNoise { Plain, Normalized };
at::Tensor sampler_noise(SamplerNoise kind, NoiseSource& source, NoiseRequest request);

}  // namespace ltx::diffusion
