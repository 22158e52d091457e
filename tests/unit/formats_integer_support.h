// Weights and measures of the integer formats' tests.
#pragma once
#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>

#include <limits>

#include "formats/matrix.h"

namespace ltx::formats {

inline at::Tensor gaussian(at::IntArrayRef shape, double sigma = 0.02, uint64_t seed = 1) {
  return at::randn(shape, at::make_generator<at::CPUGeneratorImpl>(seed), at::TensorOptions(at::kFloat)) *
         sigma;
}
/// What spec 08 §20 measures: Gaussian weights rounded to bf16.
inline at::Tensor measured_weight() {
  return gaussian({64, 4096}).to(at::kBFloat16);
}
inline double relative_error(const at::Tensor& found, const at::Tensor& expected) {
  const auto e = expected.to(at::kDouble);
  return ((found.to(at::kDouble) - e).norm() / e.norm()).item<double>();
}
/// Equal bits, whatever the dtype.
inline bool same_bits(const at::Tensor& a, const at::Tensor& b) {
  if (a.scalar_type() != b.scalar_type() || a.sizes() != b.sizes()) return false;
  return at::equal(a.reshape({-1}).view(at::kByte), b.reshape({-1}).view(at::kByte));
}
/// Rows that ask for trouble: zeros, subnormals, one outlier, a constant, one sign only, −0, huge values.
inline at::Tensor awkward(int64_t columns) {
  auto w = gaussian({9, columns}, 0.02, 7);
  w[0].zero_();
  w[1].mul_(1e-36);
  w[2][columns / 2] = 4;
  w[3].fill_(0.3);
  w[4].abs_();
  w[5].abs_().neg_();
  w[6].fill_(-0.0);
  w[7].mul_(1e30);
  return w;
}
constexpr float kNan = std::numeric_limits<float>::quiet_NaN(), kInf = std::numeric_limits<float>::infinity();

}  // namespace ltx::formats
