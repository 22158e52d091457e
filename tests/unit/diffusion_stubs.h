// A velocity model, a denoiser and noise sources that tests can see through.
#pragma once
#include <map>
#include <optional>

#include "base/error.h"
#include "diffusion/denoiser.h"
#include "diffusion/loops.h"
#include "diffusion/noise.h"

namespace ltx::diffusion {

/// Per-token velocities that depend on every input; counts its calls and their samples.
class StubModel : public VelocityModel {
 public:
  StreamTensors velocities(const std::optional<latents::Modality>& video,
                           const std::optional<latents::Modality>& audio,
                           const latents::Perturbations& perturbations) override {
    ++calls;
    const auto& any = video ? *video : *audio;
    samples += any.latent.size(0);
    largest = std::max(largest, any.latent.size(0));
    contexts.push_back(any.context);
    if (!perturbations.empty() && static_cast<int64_t>(perturbations.size()) != any.latent.size(0))
      fail(Status::Internal, "{} perturbations for {} samples.", perturbations.size(), any.latent.size(0));
    const auto keep = perturbations.empty() ? at::ones({4, 2, any.latent.size(0)})
                                            : latents::keep_mask(perturbations, 2, at::kFloat, at::kCPU);
    StreamTensors result;
    if (video) result.video = velocity(*video, audio, keep[0], keep[2]);
    if (audio) result.audio = velocity(*audio, video, keep[1], keep[3]);
    return result;
  }
  bool supports_keyframe_slots() const override { return keyframe_slots; }

  int64_t calls = 0, samples = 0, largest = 0;
  bool keyframe_slots = false;
  std::vector<at::Tensor> contexts;

 private:
  static at::Tensor velocity(const latents::Modality& own, const std::optional<latents::Modality>& other,
                             const at::Tensor& self, const at::Tensor& cross) {
    const auto x = own.latent.to(at::kFloat);
    auto z = x * 0.6 + own.timesteps.to(at::kFloat) * 0.2 + own.context.to(at::kFloat).narrow(1, 0, 1) * 0.3;
    z = z + x.roll({1}, {1}) * self.mean(0).view({-1, 1, 1}) * 0.2;
    if (other) z = z + other->latent.to(at::kFloat).narrow(1, 0, 1) * cross.mean(0).view({-1, 1, 1}) * 0.1;
    return z.to(own.latent.scalar_type());
  }
};

/// D(x) = 0.5 x + 0.25, U(x) = 0.4 x + 0.1 (spec 06 §13).
class AffineDenoiser : public Denoiser {
 public:
  Denoised operator()(X0Model&, const Streams& streams, const at::Tensor&, int64_t) override {
    ++calls;
    const auto predict = [](const std::optional<latents::State>& state) -> std::optional<Prediction> {
      if (!state) return std::nullopt;
      Prediction prediction;
      prediction.denoised = prediction.passes.cond = state->latent * 0.5 + 0.25;
      prediction.passes.uncond = state->latent * 0.4 + 0.1;
      return prediction;
    };
    Denoised denoised;
    denoised.video = predict(streams.video);
    denoised.audio = predict(streams.audio);
    return denoised;
  }
  int64_t calls = 0;
};

/// One value per purpose, whatever is asked for. Remembers the requests.
class ConstantNoise : public NoiseSource {
 public:
  explicit ConstantNoise(std::map<Purpose, double> values) : values_(std::move(values)) {}

  at::Tensor normal(const NoiseRequest& request) override {
    asked->push_back(request.stream);
    return at::full(request.shape, values_.at(request.purpose),
                    at::TensorOptions(request.dtype).device(request.device));
  }
  std::unique_ptr<NoiseSource> fork(const at::Device&, uint64_t) const override {
    return std::make_unique<ConstantNoise>(*this);
  }

  std::shared_ptr<std::vector<Stream>> asked = std::make_shared<std::vector<Stream>>();

 private:
  std::map<Purpose, double> values_;
};

inline latents::State one_token(double latent, double mask, double clean) {
  latents::State state;
  state.latent = at::full({1, 1, 1}, latent, at::kFloat);
  state.clean_latent = at::full({1, 1, 1}, clean, at::kFloat);
  state.denoise_mask = at::full({1, 1, 1}, mask, at::kFloat);
  state.positions = at::zeros({1, 3, 1, 2});
  return state;
}

/// Collects the video latents that the denoiser sees.
class Trace : public Observer {
 public:
  void evaluating(const Evaluation& evaluation) override {
    latents.push_back(evaluation.streams.video->latent);
    sigmas.push_back(evaluation.sigma);
  }
  std::vector<at::Tensor> latents;
  std::vector<double> sigmas;
};

}  // namespace ltx::diffusion
