#include "base/error.h"
#include "pipelines/keyframe_slots.h"
#include "pipelines/recipes.h"

namespace ltx::pipelines {
namespace {

diffusion::GuiderParams guider_of(const engine::Guidance& g) {
  diffusion::GuiderParams params;
  params.cfg_scale = static_cast<double>(g.cfg_scale);
  params.stg_scale = static_cast<double>(g.stg_scale);
  params.rescale_scale = static_cast<double>(g.rescale_scale);
  params.modality_scale = static_cast<double>(g.modality_scale);
  params.skip_step = g.skip_step;
  params.stg_blocks.assign(g.stg_blocks->begin(), g.stg_blocks->end());
  return params;
}

diffusion::Loop loop_of(const engine::Request& request) {
  switch (request.sampler) {
    case engine::Sampler::EulerAncestral:
      return diffusion::AncestralLoop{.noise_seed = request.seed + 10000};
    case engine::Sampler::Res2s:
      return diffusion::Res2sLoop{};
    case engine::Sampler::GradientEstimation:
      return diffusion::GradientEstimationLoop{};
    case engine::Sampler::Auto:
    case engine::Sampler::Euler:
      break;
  }
  return diffusion::EulerLoop{};
}

}  // namespace

Latents one_stage(Run& run) {
  const auto& request = run.request;
  const PromptContexts text = run.encode_prompts(true);

  StagePlan plan{.width = request.width, .height = request.height};
  plan.sigmas = Run::sigmas(request.stage_1_sigmas);
  plan.loop = loop_of(request);
  plan.conditionings = run.image_conditionings(run.read_images(), plan);
  append_keyframe_slots(request, plan.conditionings);

  diffusion::GuidedDenoiser denoiser(
      {text.positive.video, text.positive.audio},
      diffusion::StreamGuidance{guider_of(*request.video_guidance), text.negative->video},
      diffusion::StreamGuidance{guider_of(*request.audio_guidance), text.negative->audio});
  const auto network = run.components.transformer(run.sink);
  return run.denoise(plan, *network, denoiser);
}

}  // namespace ltx::pipelines
