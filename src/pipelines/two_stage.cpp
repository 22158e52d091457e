#include "pipelines/keyframe_slots.h"
#include "pipelines/recipes.h"
#include "pipelines/stages.h"

namespace ltx::pipelines {
namespace {

/// What the three guided two-stage recipes differ in.
struct Flavour {
  ImageUse images = ImageUse::Combined;
  std::optional<diffusion::Loop> loop = {};  // of both stages
  bool audio_of_stage_1 = true;
};

Latents guided_two_stage(Run& run, const Flavour& flavour) {
  const PromptContexts text = run.encode_prompts(true);
  const auto images = run.read_images();

  StagePlan half = half_size(run.request);
  half.loop = flavour.loop.value_or(loop_of(run.request));
  half.video->conditionings = run.image_conditionings(images, flavour.images, half);
  append_keyframe_slots(run.request, half.video->conditionings);

  auto denoiser = guided_denoiser(run.request, text);
  const Latents first = run.denoise(half, *run.transformer(1), denoiser);
  const Latents second = second_stage(run, images, flavour.images, first, text.positive,
                                      flavour.loop.value_or(diffusion::EulerLoop{}));
  // The second stage's audio pass is needed: the video hears it.
  return {second.video, flavour.audio_of_stage_1 ? first.audio : second.audio};
}

}  // namespace

Latents two_stage(Run& run) {
  return guided_two_stage(run, {});
}

Latents two_stage_hq(Run& run) {
  return guided_two_stage(run, {.loop = res2s_loop(run.request)});
}

Latents keyframes(Run& run) {
  return guided_two_stage(run, {.images = ImageUse::Guiding, .audio_of_stage_1 = false});
}

}  // namespace ltx::pipelines
