#include "pipelines/keyframe_slots.h"
#include "pipelines/recipes.h"
#include "pipelines/stages.h"

namespace ltx::pipelines {

Latents distilled(Run& run) {
  const PromptContexts text = run.encode_prompts(false);
  const auto images = run.read_images();

  StagePlan half = half_size(run.request);
  // LTX-2.5 was distilled with an ancestral sampler, whose noise has a generator of its own.
  if (run.components.files().defaults().ancestral_sampler)
    half.loop = diffusion::AncestralLoop{.noise_seed = run.request.seed + 10000};
  half.video->conditionings = run.image_conditionings(images, ImageUse::Combined, half);
  append_keyframe_slots(run.request, half.video->conditionings);

  diffusion::SimpleDenoiser denoiser({text.positive.video, text.positive.audio});
  const Latents first = run.denoise(half, *run.transformer(1), denoiser);
  return second_stage(run, images, ImageUse::Combined, first, text.positive);
}

}  // namespace ltx::pipelines
