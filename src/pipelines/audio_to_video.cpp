#include "base/error.h"
#include "latents/frames.h"
#include "pipelines/recipes.h"
#include "pipelines/stages.h"

namespace ltx::pipelines {

Finished audio_to_video(Run& run) {
  const PromptContexts text = run.encode_prompts(true);

  auto sound = read_sound(*run.request.audio, run.request.reference_parity, run.sink);
  if (!sound)
    fail(Status::MediaDecode, "request.audio has no sound in its window any more. Give the file anew.");
  // Held fixed in both stages: the picture listens, the sound does not change.
  const diffusion::StreamSpec heard{
      .initial = latents::fit_latent(run.encode_sound(*sound), run.audio_frames()),
      .conditionings = {},
      .noise_scale = 0,
      .frozen = true};

  const auto images = run.read_images();
  StagePlan half = half_size(run.request);
  half.loop = loop_of(run.request);
  half.video->conditionings = run.image_conditionings(images, ImageUse::Combined, half);
  half.audio = heard;

  auto denoiser = guided_denoiser(run.request, text);
  const Latents first = run.denoise(half, *run.transformer(1), denoiser);
  const Latents second =
      second_stage(run, images, ImageUse::Combined, first, text.positive, diffusion::EulerLoop{}, heard);
  return {second, std::move(sound)};
}

}  // namespace ltx::pipelines
