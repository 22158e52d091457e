#include "pipelines/recipes.h"

#include "base/error.h"
#include "engine/rules.h"

namespace ltx::pipelines {

diffusion::Res2sLoop res2s_loop(const engine::Request& resolved) {
  diffusion::Res2sLoop loop;
  // The reference leaves the sampler's own noise at fixed seeds (spec 07 §6.5); otherwise another seed means
  // other noise throughout.
  if (!resolved.reference_parity) {
    // Apart from the seeds of the initial noise (seed) and of the ancestral sampler (seed + 10000).
    loop.noise_seed = static_cast<int64_t>(resolved.seed + 20000);
    loop.noise_seed_substep = static_cast<int64_t>(resolved.seed + 30000);
  }
  return loop;
}

diffusion::Loop loop_of(const engine::Request& resolved) {
  switch (resolved.sampler) {
    case engine::Sampler::EulerAncestral:
      return diffusion::AncestralLoop{.noise_seed = resolved.seed + 10000};
    case engine::Sampler::Res2s:
      return res2s_loop(resolved);
    case engine::Sampler::GradientEstimation:
      return diffusion::GradientEstimationLoop{};
    case engine::Sampler::Auto:
    case engine::Sampler::Euler:
      break;
  }
  return diffusion::EulerLoop{};
}

Finished run_recipe(engine::PipelineKind kind, Run& run) {
  using enum engine::PipelineKind;
  switch (kind) {
    case Distilled:
      return {distilled(run)};
    case OneStage:
      return {one_stage(run)};
    case TwoStage:
      return {two_stage(run)};
    case TwoStageHq:
      return {two_stage_hq(run)};
    case Keyframes:
      return {keyframes(run)};
    case AudioToVideo:
      return audio_to_video(run);
    case IcLora:
      return {ic_lora(run)};
    case Retake:
      return {retake(run)};
    case TextToAudio:
      return {text_to_audio(run)};
    default:
      fail(Status::NotBuilt, "the recipe {} is not part of this build. Use one that ltx_supports names.",
           engine::name_of(kind));
  }
}

}  // namespace ltx::pipelines
