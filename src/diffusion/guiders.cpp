#include "diffusion/guiders.h"

#include <algorithm>
#include <vector>

namespace ltx::diffusion {
namespace {

/// The coefficient of `onto` in `vector`, per batch item: broadcasts against both.
at::Tensor projection(const at::Tensor& vector, const at::Tensor& onto) {
  const auto v = vector.flatten(1), o = onto.flatten(1);
  const auto coefficient = at::sum(v * o, {1}) / (at::sum(at::square(o), {1}) + 1e-8);
  std::vector<int64_t> shape(static_cast<size_t>(vector.dim()), 1);
  shape[0] = vector.size(0);
  return coefficient.view(shape);
}

/// Shrinks what is longer than the threshold; the norm is over the last three axes.
at::Tensor limit_norm(const at::Tensor& guidance, double threshold) {
  if (!(threshold > 0)) return guidance;
  std::vector<int64_t> axes;
  for (int64_t axis = std::max<int64_t>(guidance.dim() - 3, 0); axis < guidance.dim(); ++axis)
    axes.push_back(axis);
  const auto norm = at::norm(guidance, 2, axes, /*keepdim=*/true);
  return guidance * (norm.reciprocal() * threshold).clamp_max(1);
}

/// The part of `guidance` along cond weighted by eta, and the rest.
at::Tensor reweigh_parallel(const at::Tensor& guidance, const at::Tensor& cond, double eta) {
  const auto parallel = projection(guidance, cond) * cond;
  return parallel * eta + (guidance - parallel);
}

}  // namespace

at::Tensor CfgGuider::delta(const at::Tensor& cond, const at::Tensor& uncond) const {
  return (cond - uncond) * (scale - 1);
}

at::Tensor CfgStarGuider::delta(const at::Tensor& cond, const at::Tensor& uncond) const {
  return (cond - projection(cond, uncond) * uncond) * (scale - 1);
}

at::Tensor StgGuider::delta(const at::Tensor& cond, const at::Tensor& perturbed) const {
  return (cond - perturbed) * scale;
}

at::Tensor ApgGuider::delta(const at::Tensor& cond, const at::Tensor& uncond) const {
  return reweigh_parallel(limit_norm(cond - uncond, norm_threshold), cond, eta) * (scale - 1);
}

at::Tensor LegacyApgGuider::delta(const at::Tensor& cond, const at::Tensor& uncond) {
  auto guidance = cond - uncond;
  if (momentum_ != 0) {
    average_ = average_.defined() ? average_ * momentum_ + guidance : guidance;
    guidance = average_;
  }
  return reweigh_parallel(limit_norm(guidance, norm_threshold_), cond, eta_) * scale_;
}

}  // namespace ltx::diffusion
