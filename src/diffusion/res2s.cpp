#include "diffusion/res2s.h"

#include <cmath>

namespace ltx::diffusion {
namespace {

/// phi_j(z) = (e^z − sum of z^k / k! for k < j) / z^j
double phi(int j, double z) {
  double factorial = 1, series = 0, power = 1;
  for (int k = 0; k < j; ++k) {
    if (k > 0) factorial *= k;
    series += power / factorial;
    power *= z;
  }
  if (std::abs(z) < 1e-10) return 1 / (factorial * j);
  return (std::exp(z) - series) / power;
}

at::Tensor or_else(const at::Tensor& value, const at::Tensor& replacement) {
  return at::where(value.isnan(), replacement, value);
}

at::Tensor or_else(const at::Tensor& value, double replacement) {
  return or_else(value, at::full_like(value, replacement));
}

SdeCoefficients finite(const at::Tensor& sigma_next, const at::Tensor& alpha, const at::Tensor& down,
                       const at::Tensor& up) {
  return {or_else(alpha, 1), or_else(down, sigma_next), or_else(up, 0)};
}

}  // namespace

Res2sCoefficients res2s_coefficients(double h) {
  const double b2 = 2 * phi(2, -h);
  return {0.5 * phi(1, -h / 2), phi(1, -h) - b2, b2};
}

SdeCoefficients sde_coefficients_of_up(const at::Tensor& sigma_next, const at::Tensor& sigma_up,
                                       const std::optional<at::Tensor>& sigma_max) {
  const auto up = at::minimum(sigma_up, sigma_next * 0.9999);
  const auto residual = at::sqrt((sigma_next * sigma_next - up * up).clamp_min(0));
  const auto alpha = (sigma_max ? *sigma_max - sigma_next : 1 - sigma_next) + residual;
  return finite(sigma_next, alpha, residual / alpha, up);
}

SdeCoefficients sde_coefficients_of_down(const at::Tensor& sigma_next, const at::Tensor& sigma_down) {
  const auto alpha = (1 - sigma_next) / (1 - sigma_down);
  const auto up =
      at::sqrt((sigma_next * sigma_next - sigma_down * sigma_down * (alpha * alpha)).clamp_min(0));
  return finite(sigma_next, alpha, sigma_down, up);
}

SdeCoefficients sde_coefficients(const at::Tensor& sigma_next) {
  return finite(sigma_next, at::ones_like(sigma_next), sigma_next, at::zeros_like(sigma_next));
}

at::Tensor sde_step(const at::Tensor& sample, const at::Tensor& denoised, const at::Tensor& sigma,
                    const at::Tensor& sigma_next, double eta, const at::Tensor& noise) {
  const auto [alpha, down, up] = sde_coefficients_of_up(sigma_next, sigma_next * eta);
  if ((up == 0).logical_or(sigma_next == 0).any().item<bool>()) return denoised;
  // On the device, so that the division is one (spec 06 §3.4).
  const auto distance = (sigma - sigma_next).to(sample.device());
  const auto a = sample.to(at::kDouble);
  const auto direction = (a - denoised.to(at::kDouble)) / distance;
  const auto clean = a - direction * sigma;
  return ((clean + direction * down) * alpha + noise.to(at::kDouble) * up).to(denoised.scalar_type());
}

}  // namespace ltx::diffusion
