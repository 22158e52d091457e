#include "models/transformer/x0_model.h"

namespace ltx::transformer {
namespace {

class X0Session : public Session {
 public:
  explicit X0Session(std::unique_ptr<Session> velocity) : velocity_(std::move(velocity)) {}

  std::vector<Outputs> evaluate(at::ArrayRef<Pass> passes, const Monitor& monitor) const override {
    auto outputs = velocity_->evaluate(passes, monitor);
    for (size_t i = 0; i < passes.size(); ++i) {
      const auto convert = [](std::optional<at::Tensor>& output, const latents::Modality* given) {
        if (output) output = denoised(given->latent, *output, given->timesteps);
      };
      convert(outputs[i].video, passes[i].video);
      convert(outputs[i].audio, passes[i].audio);
    }
    return outputs;
  }
  int64_t bytes() const override { return velocity_->bytes(); }

 private:
  std::unique_ptr<Session> velocity_;
};

}  // namespace

at::Tensor denoised(const at::Tensor& latent, const at::Tensor& velocity, const at::Tensor& timesteps) {
  const auto level = timesteps.to(latent.device(), at::kFloat);
  return (latent.to(at::kFloat) - velocity.to(at::kFloat) * level).to(latent.scalar_type());
}

std::unique_ptr<Session> X0Model::prepare(at::ArrayRef<Pass> passes) const {
  return std::make_unique<X0Session>(velocity_->prepare(passes));
}

}  // namespace ltx::transformer
