#include "pipelines/keyframe_slots.h"
#include "pipelines/recipes.h"
#include "pipelines/stages.h"

namespace ltx::pipelines {
namespace {

/// What the three guided two-stage recipes differ in.
struct Flavour {
  ImageUse images = ImageUse::Combined;
  bool distilled_in_stage_1 = false;
  double factor_1 = 0, factor_2 = 1;         // of the distilled LoRA
  std::optional<diffusion::Loop> loop = {};  // of both stages
  bool audio_of_stage_1 = true;
};

Latents guided_two_stage(Run& run, const Flavour& flavour) {
  const PromptContexts text = run.encode_prompts(true);
  const auto images = run.read_images();

  StagePlan half = half_size(run.request);
  half.loop = flavour.loop.value_or(loop_of(run.request));
  half.conditionings = run.image_conditionings(images, flavour.images, half);
  append_keyframe_slots(run.request, half.conditionings);

  auto denoiser = guided_denoiser(run.request, text);
  auto network = flavour.distilled_in_stage_1 ? run.transformer(1, flavour.factor_1) : run.transformer(1);
  const Latents first = run.denoise(half, *network, denoiser);

  network.reset();  // one set of weights at a time
  network = run.transformer(2, flavour.factor_2);
  const Latents second = second_stage(run, images, flavour.images, first, *network, text.positive,
                                      flavour.loop.value_or(diffusion::EulerLoop{}));
  // The second stage's audio pass is needed: the video hears it.
  return {second.video, flavour.audio_of_stage_1 ? first.audio : second.audio};
}

}  // namespace

Latents two_stage(Run& run) {
  return guided_two_stage(run, {});
}

Latents two_stage_hq(Run& run) {
  return guided_two_stage(
      run,
      {.distilled_in_stage_1 = true, .factor_1 = 0.25, .factor_2 = 0.5, .loop = res2s_loop(run.request)});
}

Latents keyframes(Run& run) {
  return guided_two_stage(run, {.images = ImageUse::Guiding, .audio_of_stage_1 = false});
}

}  // namespace ltx::pipelines
