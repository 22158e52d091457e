// What two-stage recipes have in common (spec 07 §6, S2).
#pragma once
#include "pipelines/run.h"

namespace ltx::pipelines {

/// Stage 1 at half the size, with its schedule; conditionings are the recipe's.
StagePlan half_size(const engine::Request& resolved);

/// The second stage: the first one's video at twice the size, its audio, one pass per step. The transformer
/// is loaded when everything else of the stage is done.
Latents second_stage(Run& run, const std::vector<ConditionImage>& images, ImageUse use, const Latents& first,
                     const PromptContext& text, const diffusion::Loop& loop = diffusion::EulerLoop{});

/// Guided denoiser of a request: both streams with their own parameters and negative contexts.
diffusion::GuidedDenoiser guided_denoiser(const engine::Request& resolved, const PromptContexts& text);

}  // namespace ltx::pipelines
