#include <array>
#include <cmath>

#include "diffusion/loop_runner.h"
#include "diffusion/res2s.h"

namespace ltx::diffusion {
namespace {

constexpr float kLastSigma = 0.0011f;     // stands in for a final 0, whose logarithm does not exist
constexpr double kSubstepEta = 0.5;       // whatever the loop's eta is
constexpr double kRefineBelowStep = 0.5;  // in log sigma
constexpr double kRefineAboveSigma = 0.03;

at::Tensor f64(const at::Tensor& tensor) {
  return tensor.to(at::kDouble);
}

/// [σ₀ … σ_{N−1}, 0.0011, 0] where the schedule ends with 0.
at::Tensor with_reachable_end(const at::Tensor& sigmas) {
  const int64_t steps = sigmas.numel() - 1;
  if (sigmas[steps].item<float>() != 0) return sigmas;
  return at::cat({sigmas.narrow(0, 0, steps), at::tensor({kLastSigma, 0.0f}, at::kFloat)});
}

/// One stream's values within a step, in float64.
struct Midway {
  at::Tensor anchor;  // x at σ_i
  at::Tensor first;   // prediction at σ_i minus the anchor
  at::Tensor latent;  // x at the midpoint, then at σ_{i+1}
};

/// Noise that the step from `now` to `next` adds, and re-masking.
at::Tensor add_step_noise(const Res2sLoop& options, const LoopStream& stream, const at::Tensor& anchor,
                          const at::Tensor& latent, const at::Tensor& now, const at::Tensor& next, double eta,
                          const at::Tensor& noise) {
  if (options.legacy) return stream.remask(sde_step(anchor, latent, now, next, eta, noise));
  const auto mask = f64(stream.state.denoise_mask);
  return sde_step(anchor, latent, mask * now, mask * next, eta, noise);
}

}  // namespace

void run_res2s(const Res2sLoop& options, const at::Tensor& schedule, LoopRunner& runner) {
  const int64_t steps = schedule.numel() - 1;
  const auto sigmas = with_reachable_end(schedule);
  const bool ends_at_zero = sigmas.numel() > schedule.numel();
  const auto step_noise = runner.fork(static_cast<uint64_t>(options.noise_seed));
  const auto substep_noise =
      runner.fork(options.noise_seed_substep ? static_cast<uint64_t>(*options.noise_seed_substep)
                                             : static_cast<uint64_t>(options.noise_seed) + 10000);
  const auto slot = [](const LoopStream& stream) { return static_cast<size_t>(stream.which); };

  for (int64_t i = 0; i < steps; ++i) {
    const auto now = f64(sigmas[i]), next = f64(sigmas[i + 1]);
    const double sigma = now.item<double>(), sigma_next = next.item<double>();
    const double h = -std::log(sigma_next / sigma);
    const auto c = res2s_coefficients(h);
    const double half = h * c.a21;
    const auto middle = at::sqrt(now * next);
    std::array<Midway, 2> midway;

    runner.begin(i, steps, sigma);
    runner.evaluate(sigmas, i, i);
    runner.for_each([&](LoopStream& stream) {
      if (!stream.prediction) return;
      auto& m = midway[slot(stream)];
      const auto denoised = f64(stream.remask(stream.prediction->denoised));
      m.anchor = f64(stream.state.latent);
      m.first = denoised - m.anchor;
      m.latent = m.anchor + m.first * half;
      const auto noise = runner.draw(options.noise, *substep_noise, stream, Purpose::Substep, i);
      m.latent = add_step_noise(options, stream, m.anchor, m.latent, now, middle, kSubstepEta, noise);
      if (options.bongmath && h < kRefineBelowStep && sigma > kRefineAboveSigma)
        for (int64_t k = 0; k < options.bongmath_iterations; ++k) {
          m.anchor = m.latent - m.first * half;
          m.first = denoised - m.anchor;
        }
    });

    // The denoiser sees the midpoint in the state's place.
    std::array<at::ScalarType, 2> dtypes = {at::kFloat, at::kFloat};
    runner.for_each([&](LoopStream& stream) {
      if (!stream.prediction) return;
      dtypes[slot(stream)] = stream.state.latent.scalar_type();
      stream.state.latent = midway[slot(stream)].latent.to(dtypes[slot(stream)]);
    });
    runner.evaluate(middle.view({1}), 0, i);
    runner.for_each([&](LoopStream& stream) {
      if (!stream.prediction) return;
      auto& m = midway[slot(stream)];
      const auto second = f64(stream.remask(stream.prediction->denoised)) - m.anchor;
      m.latent = m.anchor + (m.first * c.b1 + second * c.b2) * h;
      const auto noise = runner.draw(options.noise, *step_noise, stream, Purpose::Step, i);
      // The levels in float32 here: the scalar arithmetic has the schedule's dtype.
      m.latent = options.legacy
                     ? add_step_noise(options, stream, m.anchor, m.latent, sigmas[i], sigmas[i + 1],
                                      options.eta, noise)
                     : add_step_noise(options, stream, m.anchor, m.latent, now, next, options.eta, noise);
      stream.state.latent = m.latent.to(dtypes[slot(stream)]);
    });
  }

  if (!ends_at_zero) return;
  runner.evaluate(sigmas, steps, steps);
  runner.for_each([&](LoopStream& stream) {
    if (!stream.prediction) return;
    auto& latent = stream.state.latent;
    latent = stream.remask(stream.prediction->denoised).to(latent.scalar_type());
  });
}

}  // namespace ltx::diffusion
