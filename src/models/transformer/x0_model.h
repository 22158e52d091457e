// From velocities to clean latents (spec 02 §9.1).
#pragma once
#include "models/transformer/model.h"

namespace ltx::transformer {

/// x0 = latent − velocity · timesteps in fp32, rounded to the latent's dtype; timesteps [B, T, 1] or [B, 1,
/// 1].
at::Tensor denoised(const at::Tensor& latent, const at::Tensor& velocity, const at::Tensor& timesteps);

/// A model of velocities as a model of clean latents.
class X0Model : public Model {
 public:
  explicit X0Model(std::shared_ptr<const Model> velocity) : velocity_(std::move(velocity)) {}
  int64_t block_count() const override { return velocity_->block_count(); }
  std::unique_ptr<Session> prepare(at::ArrayRef<Pass> passes) const override;

 private:
  std::shared_ptr<const Model> velocity_;
};

}  // namespace ltx::transformer
