#include "diffusion/beta_distribution.h"

#include <cmath>

namespace ltx::diffusion {
namespace {

/// The continued fraction of the incomplete beta function (DLMF 8.17.22), by Lentz's method.
double continued_fraction(double x, double a, double b) {
  constexpr double kTiny = 1e-300, kPrecision = 1e-16;
  const auto nonzero = [](double value) { return std::abs(value) < kTiny ? kTiny : value; };
  double c = 1, d = 1 / nonzero(1 - (a + b) * x / (a + 1)), result = d;
  for (int m = 1; m <= 10000; ++m) {
    const double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
    d = 1 / nonzero(1 + even * d);
    c = nonzero(1 + even / c);
    result *= d * c;
    const double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
    d = 1 / nonzero(1 + odd * d);
    c = nonzero(1 + odd / c);
    const double factor = d * c;
    result *= factor;
    if (std::abs(factor - 1) < kPrecision) break;
  }
  return result;
}

}  // namespace

double beta_distribution(double x, double alpha, double beta) {
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  const double log_front = std::lgamma(alpha + beta) - std::lgamma(alpha) - std::lgamma(beta) +
                           alpha * std::log(x) + beta * std::log1p(-x);
  // The fraction converges fast on one side of the mean; the other side is its mirror image.
  if (x < (alpha + 1) / (alpha + beta + 2))
    return std::exp(log_front) * continued_fraction(x, alpha, beta) / alpha;
  return 1 - std::exp(log_front) * continued_fraction(1 - x, beta, alpha) / beta;
}

double inverse_beta_distribution(double probability, double alpha, double beta) {
  if (probability <= 0) return 0;
  if (probability >= 1) return 1;
  // The median of a symmetric distribution, exactly: it lies on the border between two entries of the
  // schedule's table.
  if (alpha == beta && probability == 0.5) return 0.5;
  double low = 0, high = 1;
  // Bisection to the last bit: a table index has to be right, not fast.
  for (int i = 0; i < 200 && low < high; ++i) {
    const double middle = 0.5 * (low + high);
    if (middle == low || middle == high) break;
    (beta_distribution(middle, alpha, beta) < probability ? low : high) = middle;
  }
  return 0.5 * (low + high);
}

}  // namespace ltx::diffusion
