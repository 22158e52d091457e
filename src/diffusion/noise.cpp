#include "diffusion/noise.h"

#include <array>

#include "base/error.h"
#include "device/device.h"

namespace ltx::diffusion {

GeneratorNoise::GeneratorNoise(const at::Device& device, uint64_t seed)
    : generator_(device::make_generator(device, seed)) {}

at::Tensor GeneratorNoise::normal(const NoiseRequest& request) {
  return at::randn(request.shape, generator_, at::TensorOptions(request.dtype).device(generator_.device()))
      .to(request.device);
}

std::unique_ptr<NoiseSource> GeneratorNoise::fork(const at::Device&, uint64_t seed) const {
  // Where this one draws, so that noise drawn on the host is so throughout a run.
  return std::make_unique<GeneratorNoise>(generator_.device(), seed);
}

latents::State add_noise(latents::State state, double noise_scale, NoiseSource& source,
                         NoiseRequest request) {
  request.shape = state.latent.sizes();
  request.dtype = state.latent.scalar_type();
  request.device = state.latent.device();
  const auto noise = source.normal(request);
  if (noise.sizes() != request.shape)
    fail(Status::TensorMismatch,
         "the {} noise of stage {} has {} tokens, expected {}. Pass noise for all tokens.",
         latents::name(request.stream), request.stage, noise.dim() == 3 ? noise.size(1) : -1, state.tokens());
  const auto noisy = at::lerp(state.latent.to(at::kFloat), noise.to(at::kFloat), noise_scale);
  state.latent = at::lerp(state.clean_latent.to(at::kFloat), noisy, state.denoise_mask).to(request.dtype);
  return state;
}

at::Tensor sampler_noise(SamplerNoise kind, NoiseSource& source, NoiseRequest request) {
  if (kind == SamplerNoise::Plain) return source.normal(request);
  request.dtype = at::kDouble;
  auto noise = source.normal(request);
  noise = (noise - noise.mean()) / noise.std();
  // Per sample over tokens and features together, not per feature.
  constexpr std::array<int64_t, 2> kTokensAndFeatures = {-2, -1};
  noise = noise - noise.mean(kTokensAndFeatures, /*keepdim=*/true);
  return noise / noise.std(kTokensAndFeatures, /*unbiased=*/true, /*keepdim=*/true);
}

}  // namespace ltx::diffusion
