#include "models/transformer/x0_model.h"

namespace ltx::transformer {
namespace {

class X0Session : public Session {
 public:
  explicit X0Session(std::unique_ptr<Session> velocity) : velocity_(std::move(velocity)) {}

  Outputs step(const latents::Modality* video, const latents::Modality* audio,
               const latents::Perturbations* perturbations, const Monitor& monitor) const override {
    auto outputs = velocity_->step(video, audio, perturbations, monitor);
    if (outputs.video) outputs.video = denoised(video->latent, *outputs.video, video->timesteps);
    if (outputs.audio) outputs.audio = denoised(audio->latent, *outputs.audio, audio->timesteps);
    return outputs;
  }

 private:
  std::unique_ptr<Session> velocity_;
};

}  // namespace

at::Tensor denoised(const at::Tensor& latent, const at::Tensor& velocity, const at::Tensor& timesteps) {
  const auto level = timesteps.to(latent.device(), at::kFloat);
  return (latent.to(at::kFloat) - velocity.to(at::kFloat) * level).to(latent.scalar_type());
}

std::unique_ptr<Session> X0Model::open(const latents::Modality* video, const latents::Modality* audio) const {
  return std::make_unique<X0Session>(velocity_->open(video, audio));
}

}  // namespace ltx::transformer
