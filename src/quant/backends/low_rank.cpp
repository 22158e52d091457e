#include "quant/backends/low_rank.h"

namespace ltx::quant {

LowRank::LowRank(const std::vector<weights::ScaledFactors>& factors, at::Device device,
                 at::ScalarType dtype) {
  std::vector<at::Tensor> downs, ups, scales;
  bool scaled = false;
  for (const auto& factor : factors) {
    const double scale = factor.strength * factor.alpha;
    if (scale == 0) continue;
    scaled |= scale != 1;
    downs.push_back(factor.down.to(device, dtype));
    ups.push_back(factor.up.to(device, dtype));
    scales.push_back(at::full({factor.down.size(0)}, scale, downs.back().options()));
  }
  if (downs.empty()) return;
  down_ = at::cat(downs, 0);
  up_ = at::cat(ups, 1);
  if (scaled) scale_ = at::cat(scales, 0);
}

at::Tensor LowRank::add_to(const at::Tensor& y, const at::Tensor& x) const {
  const auto dtype = down_.scalar_type();
  auto t = at::linear(x.reshape({-1, down_.size(1)}).to(dtype), down_);
  if (scale_.defined()) t = t * scale_;
  const auto base = y.reshape({-1, up_.size(0)});
  const auto sum = base.scalar_type() == dtype ? at::addmm(base, t, up_.t())
                                               : base + at::linear(t, up_).to(base.scalar_type());
  return sum.view(y.sizes());
}

}  // namespace ltx::quant
