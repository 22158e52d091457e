// Guiders of the library that no recipe uses (spec 06 §9.4). Each returns what is to be added to cond.
#pragma once
#include <ATen/ATen.h>

namespace ltx::diffusion {

struct CfgGuider {
  double scale = 1;
  bool enabled() const { return scale != 1; }
  at::Tensor delta(const at::Tensor& cond, const at::Tensor& uncond) const;
};

struct CfgStarGuider {
  double scale = 1;
  bool enabled() const { return scale != 1; }
  at::Tensor delta(const at::Tensor& cond, const at::Tensor& uncond) const;
};

struct StgGuider {
  double scale = 0;
  bool enabled() const { return scale != 0; }
  at::Tensor delta(const at::Tensor& cond, const at::Tensor& perturbed) const;
};

/// Adaptive projected guidance.
struct ApgGuider {
  double scale = 1, eta = 1, norm_threshold = 0;
  bool enabled() const { return scale != 1; }
  at::Tensor delta(const at::Tensor& cond, const at::Tensor& uncond) const;
};

/// The older APG with a running average of the guidance; one object per generation.
class LegacyApgGuider {
 public:
  explicit LegacyApgGuider(double scale, double eta = 1, double norm_threshold = 5, double momentum = 0)
      : scale_(scale), eta_(eta), norm_threshold_(norm_threshold), momentum_(momentum) {}
  bool enabled() const { return scale_ != 0; }
  at::Tensor delta(const at::Tensor& cond, const at::Tensor& uncond);

 private:
  double scale_, eta_, norm_threshold_, momentum_;
  at::Tensor average_;
};

}  // namespace ltx::diffusion
