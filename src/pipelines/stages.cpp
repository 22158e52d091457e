#include "pipelines/stages.h"

#include "pipelines/numbers.h"

namespace ltx::pipelines {
namespace {

diffusion::GuiderParams guider_of(const engine::Guidance& g) {
  diffusion::GuiderParams params;
  params.cfg_scale = shortest_double(g.cfg_scale);
  params.stg_scale = shortest_double(g.stg_scale);
  params.rescale_scale = shortest_double(g.rescale_scale);
  params.modality_scale = shortest_double(g.modality_scale);
  params.skip_step = g.skip_step;
  params.stg_blocks.assign(g.stg_blocks->begin(), g.stg_blocks->end());
  return params;
}

}  // namespace

StagePlan half_size(const engine::Request& resolved) {
  StagePlan plan{.stage = 1, .stage_count = 2, .width = resolved.width / 2, .height = resolved.height / 2};
  plan.sigmas = Run::sigmas(resolved.stage_1_sigmas);
  return plan;
}

Latents second_stage(Run& run, const std::vector<ConditionImage>& images, ImageUse use, const Latents& first,
                     const PromptContext& text, const diffusion::Loop& loop,
                     const std::optional<diffusion::StreamSpec>& audio) {
  StagePlan plan{.stage = 2, .stage_count = 2, .width = run.request.width, .height = run.request.height};
  plan.sigmas = Run::sigmas(run.request.stage_2_sigmas);
  plan.loop = loop;
  plan.video->initial = run.upsample(first.video);
  plan.video->noise_scale = diffusion::first_sigma(plan.sigmas);
  plan.video->conditionings = run.image_conditionings(images, use, plan);
  plan.audio = audio.value_or(diffusion::StreamSpec{
      .initial = first.audio, .conditionings = {}, .noise_scale = plan.video->noise_scale});
  diffusion::SimpleDenoiser denoiser({text.video, text.audio});
  return run.denoise(plan, *run.transformer(2), denoiser);
}

diffusion::GuidedDenoiser guided_denoiser(const engine::Request& resolved, const PromptContexts& text) {
  const auto stream = [](const std::optional<engine::Guidance>& guidance, const at::Tensor& negative) {
    return guidance ? std::optional(diffusion::StreamGuidance{guider_of(*guidance), negative}) : std::nullopt;
  };
  return {{text.positive.video, text.positive.audio},
          stream(resolved.video_guidance, text.negative->video),
          stream(resolved.audio_guidance, text.negative->audio)};
}

}  // namespace ltx::pipelines
