// The beta distribution's quantile function, which the beta schedule needs.
#pragma once

namespace ltx::diffusion {

/// Regularized incomplete beta function: P(X <= x) for X ~ Beta(alpha, beta).
double beta_distribution(double x, double alpha, double beta);

/// x with beta_distribution(x) = probability.
double inverse_beta_distribution(double probability, double alpha, double beta);

}  // namespace ltx::diffusion
