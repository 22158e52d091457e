// Single steps from one noise level to the next (spec 06 §7, §10.1–10.4). Scalars are rounded to float as the
// reference's 0-d tensors are; every product and sum is an operation of its own.
#pragma once
#include <ATen/ATen.h>

#include <optional>

namespace ltx::diffusion {

/// Two neighbouring entries of a schedule.
struct SigmaPair {
  float now = 0, next = 0;
};
SigmaPair sigma_pair(const at::Tensor& sigmas, int64_t step);

/// (f32(x) − f32(x0)) / sigma in x's dtype.
at::Tensor to_velocity(const at::Tensor& sample, float sigma, const at::Tensor& denoised);

/// f32(x) − f32(v) · sigma in x's dtype.
at::Tensor to_denoised(const at::Tensor& sample, const at::Tensor& velocity, float sigma);

/// Re-masking of predictions: D·m + f32(clean)·(1 − m) in D's dtype. What is constant in a loop is computed
/// once.
class Remask {
 public:
  Remask(const at::Tensor& denoise_mask, const at::Tensor& clean_latent);
  at::Tensor operator()(const at::Tensor& denoised) const;

 private:
  at::Tensor mask_, kept_;
};

at::Tensor euler_step(const at::Tensor& sample, const at::Tensor& denoised, SigmaPair sigma);

/// Computed in float32, returned in the sample's dtype. `noise` may be absent where eta is 0.
at::Tensor ancestral_step(const at::Tensor& sample, const at::Tensor& denoised, SigmaPair sigma, double eta,
                          double s_noise, const std::optional<at::Tensor>& noise);

/// CFG++: `uncond` is the unconditional prediction, unmasked.
at::Tensor cfg_pp_step(const at::Tensor& sample, const at::Tensor& denoised, const at::Tensor& uncond,
                       SigmaPair sigma, double eta, double s_noise, const std::optional<at::Tensor>& noise);

}  // namespace ltx::diffusion
