// Denoising loops (spec 06 §10).
#pragma once
#include <ATen/ATen.h>

#include <cstdint>
#include <optional>
#include <variant>

#include "base/monitor.h"
#include "diffusion/denoiser.h"
#include "diffusion/noise.h"

namespace ltx::diffusion {

struct EulerLoop {};

struct GradientEstimationLoop {
  double gamma = 2;
};

/// Rectified-flow ancestral Euler.
struct AncestralLoop {
  uint64_t noise_seed = 0;
  double eta = 1, s_noise = 1;
  SamplerNoise noise = SamplerNoise::Plain;
};

/// Needs a guided denoiser whose unconditional pass runs at every step.
struct CfgPlusPlusLoop {
  uint64_t noise_seed = 0;
  double eta = 1, s_noise = 1;
  SamplerNoise noise = SamplerNoise::Plain;
};

struct Res2sLoop {
  int64_t noise_seed = -1;
  std::optional<int64_t> noise_seed_substep;  // noise_seed + 10000
  double eta = 0.5;
  bool bongmath = true;  // refine the anchor of a step
  int64_t bongmath_iterations = 100;
  bool legacy = true;  // false: noise per token instead of re-masking
  SamplerNoise noise = SamplerNoise::Normalized;
};

using Loop = std::variant<EulerLoop, GradientEstimationLoop, AncestralLoop, CfgPlusPlusLoop, Res2sLoop>;

/// One call of the denoiser: its number within the loop, the step it belongs to, both from 0, and the latents
/// it sees.
struct Evaluation {
  int32_t stage = 1;
  int64_t index = 0, step = 0;
  double sigma = 0;
  const Streams& streams;
};

/// Sees intermediate values; for tests and previews.
class Observer {
 public:
  virtual ~Observer() = default;
  /// Before the loop: the state after noising (and freezing).
  virtual void noised(int32_t /*stage*/, const Streams&) {}
  virtual void evaluating(const Evaluation&) {}
  virtual void predicted(const Evaluation&, const Denoised&) {}
};

/// What a stage needs from its surroundings.
struct Surroundings {
  NoiseSource& noise;
  Monitor& monitor = Monitor::silent();
  Observer* observer = nullptr;
  int32_t stage = 1, stage_count = 1;  // for progress, recorded noise and observers
};

struct LoopResult {
  Streams streams;          // with the final latents
  int64_t evaluations = 0;  // calls of the denoiser
};

/// Runs the states through all levels of `sigmas` (F32). Progress is reported per step, cancellation asked
/// per network call.
LoopResult run_loop(const Loop& loop, const at::Tensor& sigmas, Streams streams, Denoiser& denoiser,
                    X0Model& model, const Surroundings& surroundings);

}  // namespace ltx::diffusion
