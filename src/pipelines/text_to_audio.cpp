#include "pipelines/recipes.h"
#include "pipelines/stages.h"

namespace ltx::pipelines {

Latents text_to_audio(Run& run) {
  const PromptContexts text = run.encode_prompts(true);

  StagePlan plan;
  plan.video.reset();
  plan.sigmas = Run::sigmas(run.request.stage_1_sigmas);
  plan.loop = loop_of(run.request);

  // Without a video to be isolated from, that pass equals the conditional one (spec 06 §9.2).
  engine::Request alone = run.request;
  alone.audio_guidance->modality_scale = 1;
  auto denoiser = guided_denoiser(alone, text);
  return run.denoise(plan, *run.transformer(1), denoiser);
}

}  // namespace ltx::pipelines
