#include "diffusion/guidance.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"

namespace ltx::diffusion {
namespace {

/// Python's math.isclose with its relative default.
bool is_close(double a, double b) {
  return a == b || std::abs(a - b) <= 1e-9 * std::max(std::abs(a), std::abs(b));
}

}  // namespace

bool GuiderParams::needs_uncond() const {
  return !is_close(cfg_scale, 1);
}
bool GuiderParams::needs_perturbed() const {
  return !is_close(stg_scale, 0);
}
bool GuiderParams::needs_isolated() const {
  return !is_close(modality_scale, 1);
}
bool GuiderParams::skips(int64_t step) const {
  return skip_step != 0 && step % (skip_step + 1) != 0;
}

at::Tensor combine(const GuiderParams& guider, const Passes& passes) {
  const auto cond = passes.cond.to(at::kFloat);
  auto guided = cond;
  const auto push_away = [&](double weight, const at::Tensor& pass) {
    if (weight == 0) return;
    guided = guided + (pass.defined() ? cond - pass.to(at::kFloat) : cond) * weight;
  };
  push_away(guider.cfg_scale - 1, passes.uncond);
  push_away(guider.stg_scale, passes.ptb);
  push_away(guider.modality_scale - 1, passes.mod);
  if (guider.rescale_scale != 0) {
    // 0-d tensors: the factor never leaves the device.
    const auto factor = cond.std() / guided.std();
    guided = guided * (factor * guider.rescale_scale + (1 - guider.rescale_scale));
  }
  return guided.to(passes.cond.scalar_type());
}

GuidanceByNoise::GuidanceByNoise(GuiderParams params)
    : bins_{{std::numeric_limits<double>::infinity(), std::move(params)}} {}

GuidanceByNoise::GuidanceByNoise(std::vector<std::pair<double, GuiderParams>> bins) : bins_(std::move(bins)) {
  if (bins_.empty())
    fail(Status::InvalidArgument, "the table of guidance by noise level is empty. Give at least one row.");
  std::sort(bins_.begin(), bins_.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
}

const GuiderParams& GuidanceByNoise::at(double sigma) const {
  for (const auto& [bound, params] : bins_)
    if (bound >= sigma) return params;
  return bins_.back().second;
}

}  // namespace ltx::diffusion
