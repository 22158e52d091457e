#include "latents/frames.h"
#include "media/tensors.h"
#include "pipelines/numbers.h"
#include "pipelines/recipes.h"
#include "pipelines/stages.h"

namespace ltx::pipelines {
namespace {

using engine::VideoRole;

/// The mask video [1, 1, f, H, W] in [0, 1] at the size of stage 1, if the request gives one.
std::optional<at::Tensor> read_mask(Run& run, const StagePlan& plan) {
  for (const auto& video : run.request.videos)
    if (video.role == VideoRole::Mask)
      return media::mask_from_video(read_frames(video, media::IndexWindow{0, run.request.num_frames},
                                                plan.height, plan.width, run.components.device(),
                                                run.components.compute(), holding_of(run.request), run.sink));
  return std::nullopt;
}

/// Reference videos as appended tokens, seen as strongly as the request says (spec 07 §6.8).
void append_references(Run& run, const video_vae::VideoEncoder& encoder, StagePlan& plan) {
  const auto& request = run.request;
  const auto scale = run.components.reference_scale();
  const auto mask = read_mask(run, plan);
  const double strength = attention_strength(request);
  auto item = static_cast<int64_t>(request.images.size());
  for (const auto& video : request.videos) {
    if (video.role != VideoRole::Reference) continue;
    run.sink.progress({.phase = Phase::Condition, .stage = plan.stage, .stage_count = plan.stage_count});
    const auto frames = read_frames(
        video, media::IndexWindow{0, request.num_frames}, plan.height / scale.down, plan.width / scale.down,
        run.components.device(), run.components.compute(), holding_of(request), run.sink);
    const auto latent = encoder.encode(latents::subsample_frames(frames, scale.time), run.sink);
    run.observe(fmt::format("stage{}.video.condition{}", plan.stage, item++), latent);
    diffusion::Conditioning reference =
        diffusion::ReferenceVideo{latent, scale.down, scale.time, shortest_double(video.strength)};
    if (mask) {
      const latents::VideoShape shape{1, latent.size(1), latent.size(2), latent.size(3), latent.size(4)};
      reference = diffusion::with_attention_strength(
          std::move(reference), diffusion::attention_weights_of_mask(*mask, shape, strength));
    } else if (strength < 1) {
      reference = diffusion::with_attention_strength(std::move(reference), strength);
    }
    plan.video->conditionings.push_back(std::move(reference));
  }
}

}  // namespace

double attention_strength(const engine::Request& resolved) {
  double strength = shortest_double(resolved.attention_strength);
  for (const auto& video : resolved.videos)
    if (video.role == VideoRole::Mask) strength *= shortest_double(video.strength);
  return strength;
}

Latents ic_lora(Run& run) {
  const PromptContexts text = run.encode_prompts(false);
  const auto images = run.read_images();

  StagePlan half = half_size(run.request);
  {
    const auto encoder = run.components.video_encoder(run.sink);  // one load for images and references
    half.video->conditionings = run.image_conditionings(images, ImageUse::Combined, half);
    append_references(run, *encoder, half);
  }

  diffusion::SimpleDenoiser denoiser({text.positive.video, text.positive.audio});
  const Latents first = run.denoise(half, *run.transformer(1), denoiser);
  if (run.request.skip_stage_2) return first;
  // The second stage knows neither the references nor, unless a LoRA names it, any LoRA.
  return second_stage(run, images, ImageUse::Combined, first, text.positive);
}

}  // namespace ltx::pipelines
