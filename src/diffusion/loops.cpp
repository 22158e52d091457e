#include "diffusion/loops.h"

#include "base/error.h"
#include "diffusion/loop_runner.h"
#include "diffusion/schedule.h"
#include "diffusion/steps.h"

namespace ltx::diffusion {
namespace {

/// Calls `step(index, pair of levels)` after evaluating each level but the last.
template <class Step>
void for_each_step(const at::Tensor& sigmas, LoopRunner& runner, Step&& step) {
  const int64_t steps = sigmas.numel() - 1;
  for (int64_t i = 0; i < steps; ++i) {
    const auto pair = sigma_pair(sigmas, i);
    runner.begin(i, steps, pair.now);
    runner.evaluate(sigmas, i, i);
    step(i, pair);
  }
}

void run(const EulerLoop&, const at::Tensor& sigmas, LoopRunner& runner) {
  for_each_step(sigmas, runner, [&](int64_t, SigmaPair sigma) {
    runner.for_each([&](LoopStream& stream) {
      if (!stream.prediction) return;
      auto& latent = stream.state.latent;
      latent = euler_step(latent, stream.remask(stream.prediction->denoised), sigma);
    });
  });
}

void run(const GradientEstimationLoop& options, const at::Tensor& sigmas, LoopRunner& runner) {
  std::array<at::Tensor, 2> last_velocities;
  for_each_step(sigmas, runner, [&](int64_t, SigmaPair sigma) {
    runner.for_each([&](LoopStream& stream) {
      if (!stream.prediction) return;
      auto& latent = stream.state.latent;
      auto denoised = stream.remask(stream.prediction->denoised);
      if (sigma.next == 0) {
        latent = denoised.to(latent.scalar_type());
        return;
      }
      auto& last = last_velocities[static_cast<size_t>(stream.which)];
      const auto velocity = to_velocity(latent, sigma.now, denoised);
      if (last.defined()) {
        const auto corrected = (velocity - last) * options.gamma + last;
        denoised = to_denoised(latent, corrected, sigma.now);
      }
      last = velocity;
      latent = euler_step(latent, denoised, sigma);
    });
  });
}

/// The frame of both stochastic Euler loops: predictions in float32, the last step takes them as they are,
/// noised results are re-masked. `step(stream, denoised, sigma, noise)`.
template <class Step>
void run_stochastic(uint64_t seed, bool noisy, SamplerNoise kind, const at::Tensor& sigmas,
                    LoopRunner& runner, Step&& step) {
  const auto source = runner.fork(seed);
  for_each_step(sigmas, runner, [&](int64_t i, SigmaPair sigma) {
    std::array<std::optional<at::Tensor>, 2> noise;
    if (noisy && sigma.next != 0)
      runner.for_each([&](LoopStream& stream) {
        if (stream.prediction)
          noise[static_cast<size_t>(stream.which)] = runner.draw(kind, *source, stream, Purpose::Step, i);
      });
    runner.for_each([&](LoopStream& stream) {
      if (!stream.prediction) return;
      auto& latent = stream.state.latent;
      const auto denoised = stream.remask(stream.prediction->denoised.to(at::kFloat));
      const auto dtype = latent.scalar_type();
      if (sigma.next == 0) {
        latent = denoised.to(dtype);
        return;
      }
      const auto& stream_noise = noise[static_cast<size_t>(stream.which)];
      auto next = step(stream, denoised, sigma, stream_noise);
      if (stream_noise) next = stream.remask(next);
      latent = next.to(dtype);
    });
  });
}

void run(const AncestralLoop& options, const at::Tensor& sigmas, LoopRunner& runner) {
  run_stochastic(options.noise_seed, options.eta > 0, options.noise, sigmas, runner,
                 [&](const LoopStream& stream, const at::Tensor& denoised, SigmaPair sigma,
                     const std::optional<at::Tensor>& noise) {
                   return ancestral_step(stream.state.latent.to(at::kFloat), denoised, sigma, options.eta,
                                         options.s_noise, noise);
                 });
}

void run(const CfgPlusPlusLoop& options, const at::Tensor& sigmas, LoopRunner& runner) {
  run_stochastic(
      options.noise_seed, options.eta > 0 && options.s_noise > 0, options.noise, sigmas, runner,
      [&](const LoopStream& stream, const at::Tensor& denoised, SigmaPair sigma,
          const std::optional<at::Tensor>& noise) {
        const auto& uncond = stream.prediction->passes.uncond;
        if (!uncond.defined())
          fail(Status::InvalidArgument,
               "CFG++ needs the unconditional prediction of the {} stream at every step, and there is none. "
               "Force the unconditional pass and set skip_step to 0.",
               latents::name(stream.which));
        return cfg_pp_step(stream.state.latent.to(at::kFloat), denoised, uncond, sigma, options.eta,
                           options.s_noise, noise);
      });
}

void run(const Res2sLoop& options, const at::Tensor& sigmas, LoopRunner& runner) {
  run_res2s(options, sigmas, runner);
}

}  // namespace

LoopResult run_loop(const Loop& loop, const at::Tensor& sigmas, Streams streams, Denoiser& denoiser,
                    X0Model& model, const Surroundings& surroundings) {
  check_schedule(sigmas, "the loop's schedule");
  if (!streams.video && !streams.audio)
    fail(Status::InvalidArgument, "neither video nor audio is to be generated. Ask for one of them.");
  const auto levels = sigmas.to(at::kCPU, at::kFloat);
  LoopRunner runner(std::move(streams), denoiser, model, surroundings);
  std::visit([&](const auto& kind) { run(kind, levels, runner); }, loop);
  return runner.finish();
}

}  // namespace ltx::diffusion
