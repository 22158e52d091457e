// A diffusion stage: initial states, conditionings, noise, loop, clean latents (spec 06 §4.3, §11; spec 07
// §5.1).
#pragma once
#include <ATen/ATen.h>

#include <cstdint>
#include <optional>
#include <vector>

#include "diffusion/conditioning.h"
#include "diffusion/denoiser.h"
#include "diffusion/loops.h"
#include "diffusion/noise.h"

namespace ltx::diffusion {

/// One stream of a stage.
struct StreamSpec {
  std::optional<at::Tensor> initial;  // [B, C, F, H, W] or [B, C, T, M]; exactly the target's shape
  std::vector<Conditioning> conditionings;
  double noise_scale = 1;
  bool frozen = false;  // held fixed: sigma and mask 0 for the network
};

struct StageSpec {
  int64_t frames = 0, height = 0, width = 0;  // pixels; a stage without video needs only frames
  double fps = 24;
  std::optional<StreamSpec> video, audio;
  at::Tensor sigmas;  // F32
  Loop loop = EulerLoop{};
  int64_t max_batch_size = 1;  // samples per call of the network
  at::ScalarType dtype = at::kBFloat16;
  at::Device device = at::kCPU;
};

struct StageResult {
  std::optional<at::Tensor> video;                // [1, 128, F, H, W]
  std::optional<at::Tensor> audio;                // [1, 8, T, 16]
  std::optional<at::Tensor> generated_keyframes;  // [1, 128, K, H, W]
  int64_t evaluations = 0;
};

/// Noise is drawn for the video first, then for the audio; nothing is drawn for a stage that is refused.
StageResult run_stage(const StageSpec& spec, VelocityModel& model, Denoiser& denoiser,
                      const Surroundings& surroundings);

/// The first level of a schedule: the noise scale of a second stage.
double first_sigma(const at::Tensor& sigmas);

}  // namespace ltx::diffusion
