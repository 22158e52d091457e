// The second-order exponential step with stochastic noise, res_2s (spec 06 §10.5).
#pragma once
#include <ATen/ATen.h>

#include <optional>

namespace ltx::diffusion {

/// Coefficients for the log step h.
struct Res2sCoefficients {
  double a21, b1, b2;
};
Res2sCoefficients res2s_coefficients(double h);

/// How a step to `sigma_next` splits into a deterministic and a stochastic part; tensors of sigma_next's
/// shape.
struct SdeCoefficients {
  at::Tensor alpha_ratio, sigma_down, sigma_up;
};
SdeCoefficients sde_coefficients_of_up(const at::Tensor& sigma_next, const at::Tensor& sigma_up,
                                       const std::optional<at::Tensor>& sigma_max = std::nullopt);
SdeCoefficients sde_coefficients_of_down(const at::Tensor& sigma_next, const at::Tensor& sigma_down);
/// A step without noise.
SdeCoefficients sde_coefficients(const at::Tensor& sigma_next);

/// From `sample` at sigma to the noised version of `denoised` at sigma_next. The levels are 0-d CPU tensors,
/// or [B, T, 1] per token on the sample's device, and their dtype is that of the scalar arithmetic.
at::Tensor sde_step(const at::Tensor& sample, const at::Tensor& denoised, const at::Tensor& sigma,
                    const at::Tensor& sigma_next, double eta, const at::Tensor& noise);

}  // namespace ltx::diffusion
