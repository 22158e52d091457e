#include "diffusion/steps.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/error.h"

namespace ltx::diffusion {
namespace {

/// A divisor as 0-d tensor on the device: a host scalar would be multiplied by its reciprocal there (spec 06
/// §3.4).
at::Tensor divisor(float value, const at::Tensor& like) {
  return at::full({}, value, at::TensorOptions(at::kFloat).device(like.device()));
}

}  // namespace

SigmaPair sigma_pair(const at::Tensor& sigmas, int64_t step) {
  if (sigmas.dim() != 1 || step < 0 || step + 1 >= sigmas.numel())
    fail(Status::InvalidArgument, "step {} is not in a schedule of {} levels. Use 0 to {}.", step,
         sigmas.numel(), sigmas.numel() - 2);
  const auto pair = sigmas.narrow(0, step, 2).to(at::kCPU, at::kFloat).contiguous();
  return {pair.const_data_ptr<float>()[0], pair.const_data_ptr<float>()[1]};
}

at::Tensor to_velocity(const at::Tensor& sample, float sigma, const at::Tensor& denoised) {
  if (sigma == 0)
    fail(Status::InvalidArgument,
         "a velocity at noise level 0 is not defined. End the schedule with the only 0.");
  return ((sample.to(at::kFloat) - denoised.to(at::kFloat)) / at::Scalar(sigma)).to(sample.scalar_type());
}

at::Tensor to_denoised(const at::Tensor& sample, const at::Tensor& velocity, float sigma) {
  return (sample.to(at::kFloat) - velocity.to(at::kFloat) * sigma).to(sample.scalar_type());
}

Remask::Remask(const at::Tensor& denoise_mask, const at::Tensor& clean_latent)
    : mask_(denoise_mask), kept_(clean_latent.to(at::kFloat) * (1 - denoise_mask)) {}

at::Tensor Remask::operator()(const at::Tensor& denoised) const {
  return (denoised * mask_ + kept_).to(denoised.scalar_type());
}

at::Tensor euler_step(const at::Tensor& sample, const at::Tensor& denoised, SigmaPair sigma) {
  const auto velocity = to_velocity(sample, sigma.now, denoised);
  return (sample.to(at::kFloat) + velocity.to(at::kFloat) * (sigma.next - sigma.now))
      .to(sample.scalar_type());
}

at::Tensor ancestral_step(const at::Tensor& sample, const at::Tensor& denoised, SigmaPair sigma, double eta,
                          double s_noise, const std::optional<at::Tensor>& noise) {
  if (eta > 0 && !noise)
    fail(Status::InvalidArgument, "an ancestral step with eta {} has no noise. Draw some or set eta to 0.",
         eta);
  if (sigma.next == 0) return denoised.to(sample.scalar_type());
  const float down = sigma.next * (1 + (sigma.next / sigma.now - 1) * static_cast<float>(eta));
  const float keep = down / sigma.now;
  auto next = sample.to(at::kFloat) * keep + denoised.to(at::kFloat) * (1 - keep);
  if (eta > 0) {
    const float alpha_next = 1 - sigma.next, alpha_down = 1 - down;
    const float variance =
        sigma.next * sigma.next - down * down * (alpha_next * alpha_next) / (alpha_down * alpha_down);
    const float amount = std::sqrt(std::max(variance, 0.0f));
    next = next * (alpha_next / alpha_down) + noise->to(at::kFloat) * s_noise * amount;
  }
  return next.to(sample.scalar_type());
}

at::Tensor cfg_pp_step(const at::Tensor& sample, const at::Tensor& denoised, const at::Tensor& uncond,
                       SigmaPair sigma, double eta, double s_noise, const std::optional<at::Tensor>& noise) {
  constexpr float kEpsilon = std::numeric_limits<float>::epsilon();
  const float alpha = std::max(1 - sigma.now, kEpsilon), alpha_next = std::max(1 - sigma.next, kEpsilon);
  const auto direction = (sample.to(at::kFloat) - uncond.to(at::kFloat) * alpha) / divisor(sigma.now, sample);
  const float a = sigma.now / alpha, b = sigma.next / alpha_next;
  float up = 0, down = b;
  if (eta != 0) {
    const float spread = std::sqrt(b * b * std::max(a * a - b * b, 0.0f) / (a * a));
    up = std::min(static_cast<float>(eta) * spread, b);
    down = std::sqrt(std::max(b * b - up * up, 0.0f));
  }
  auto next = denoised.to(at::kFloat) * alpha_next + direction * (alpha_next * down);
  if (noise) next = next + noise->to(at::kFloat) * alpha_next * s_noise * up;
  return next.to(sample.scalar_type());
}

}  // namespace ltx::diffusion
