#include "pipelines/keyframe_slots.h"
#include "pipelines/recipes.h"
#include "pipelines/stages.h"

namespace ltx::pipelines {

Latents one_stage(Run& run) {
  const auto& request = run.request;
  const PromptContexts text = run.encode_prompts(true);

  StagePlan plan{.width = request.width, .height = request.height};
  plan.sigmas = Run::sigmas(request.stage_1_sigmas);
  plan.loop = loop_of(request);
  plan.video->conditionings = run.image_conditionings(run.read_images(), ImageUse::Combined, plan);
  append_keyframe_slots(request, plan.video->conditionings);

  auto denoiser = guided_denoiser(request, text);
  const auto network = run.transformer(1);
  return run.denoise(plan, *network, denoiser);
}

}  // namespace ltx::pipelines
