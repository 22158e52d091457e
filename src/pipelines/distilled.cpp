#include "pipelines/keyframe_slots.h"
#include "pipelines/recipes.h"

namespace ltx::pipelines {

Latents distilled(Run& run) {
  const auto& request = run.request;
  const PromptContexts text = run.encode_prompts(false);
  diffusion::SimpleDenoiser denoiser({text.positive.video, text.positive.audio});
  const auto images = run.read_images();

  StagePlan half{.stage = 1, .stage_count = 2, .width = request.width / 2, .height = request.height / 2};
  half.sigmas = Run::sigmas(request.stage_1_sigmas);
  // LTX-2.5 was distilled with an ancestral sampler, whose noise has a generator of its own.
  if (run.components.files().defaults().ancestral_sampler)
    half.loop = diffusion::AncestralLoop{.noise_seed = request.seed + 10000};
  half.conditionings = run.image_conditionings(images, half);
  append_keyframe_slots(request, half.conditionings);

  auto network = run.components.transformer(run.sink);
  const Latents stage_1 = run.denoise(half, *network, denoiser);

  StagePlan full{.stage = 2, .stage_count = 2, .width = request.width, .height = request.height};
  full.sigmas = Run::sigmas(request.stage_2_sigmas);
  full.initial = Latents{run.upsample(stage_1.video), stage_1.audio};
  full.noise_scale = diffusion::first_sigma(full.sigmas);
  full.conditionings = run.image_conditionings(images, full);
  return run.denoise(full, *network, denoiser);
}

}  // namespace ltx::pipelines
