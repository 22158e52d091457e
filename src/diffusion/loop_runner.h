// What all loops share: asking the denoiser, telling observers, walking over the present streams.
#pragma once
#include <array>
#include <optional>
#include <utility>

#include "base/error.h"
#include "diffusion/loops.h"
#include "diffusion/steps.h"

namespace ltx::diffusion {

/// One present stream within a loop.
struct LoopStream {
  Stream which;
  latents::State& state;
  Remask remask;
  std::optional<Prediction> prediction;  // of the last evaluation
};

class LoopRunner {
 public:
  LoopRunner(Streams streams, Denoiser& denoiser, X0Model& model, const Surroundings& surroundings)
      : streams_(std::move(streams)), denoiser_(denoiser), model_(model), surroundings_(surroundings) {
    if (streams_.video) present_[count_++].emplace(make(Stream::Video, *streams_.video));
    if (streams_.audio) present_[count_++].emplace(make(Stream::Audio, *streams_.audio));
  }
  LoopRunner(const LoopRunner&) = delete;
  LoopRunner& operator=(const LoopRunner&) = delete;

  /// Reports that step `step` of `steps` begins.
  void begin(int64_t step, int64_t steps, double sigma) const {
    Progress progress;
    progress.phase = Phase::Denoise;
    progress.stage = surroundings_.stage;
    progress.stage_count = surroundings_.stage_count;
    progress.step = static_cast<int32_t>(step + 1);
    progress.step_count = static_cast<int32_t>(steps);
    progress.sigma = sigma;
    surroundings_.monitor.progress(progress);
  }

  /// Fills every stream's prediction for its present latent; `sigmas` and `index` as the denoiser takes them.
  void evaluate(const at::Tensor& sigmas, int64_t index, int64_t step) {
    const Evaluation evaluation{surroundings_.stage, evaluations_++, step, sigmas[index].item<double>(),
                                streams_};
    if (surroundings_.observer) surroundings_.observer->evaluating(evaluation);
    auto denoised = predict(sigmas, index, step);
    if (surroundings_.observer) surroundings_.observer->predicted(evaluation, denoised);
    for_each([&](LoopStream& stream) {
      stream.prediction = std::move(stream.which == Stream::Video ? denoised.video : denoised.audio);
    });
  }

  /// Video first, then audio: the order of all random draws. A stream without prediction passes through.
  template <class Function>
  void for_each(Function&& function) {
    for (size_t i = 0; i < count_; ++i) function(*present_[i]);
  }

  /// The next draw of a sampler for a stream's latent.
  at::Tensor draw(SamplerNoise kind, NoiseSource& source, const LoopStream& stream, Purpose purpose,
                  int64_t step) const {
    const auto& latent = stream.state.latent;
    return sampler_noise(kind, source,
                         {purpose, stream.which, surroundings_.stage, step, latent.sizes(),
                          latent.scalar_type(), latent.device()});
  }

  std::unique_ptr<NoiseSource> fork(uint64_t seed) const {
    return surroundings_.noise.fork(present_[0]->state.latent.device(), seed);
  }

  LoopResult finish() { return {std::move(streams_), evaluations_}; }

 private:
  /// Names stage and step where the network fails on numbers.
  Denoised predict(const at::Tensor& sigmas, int64_t index, int64_t step) {
    try {
      return denoiser_(model_, streams_, sigmas, index);
    } catch (const Error& error) {
      if (error.status() != Status::Numeric) throw;
      fail(Status::Numeric, "stage {}, step {} of {}: {}", surroundings_.stage, step + 1, sigmas.numel() - 1,
           error.what());
    }
  }

  static LoopStream make(Stream which, latents::State& state) {
    return {which, state, Remask(state.denoise_mask, state.clean_latent), std::nullopt};
  }

  Streams streams_;
  Denoiser& denoiser_;
  X0Model& model_;
  const Surroundings& surroundings_;
  std::array<std::optional<LoopStream>, 2> present_;
  size_t count_ = 0;
  int64_t evaluations_ = 0;
};

void run_res2s(const Res2sLoop& options, const at::Tensor& sigmas, LoopRunner& runner);

}  // namespace ltx::diffusion
