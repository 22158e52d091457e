// What two-stage recipes have in common (spec 07 §6, S2).
#pragma once
#include "pipelines/run.h"

namespace ltx::pipelines {

/// Stage 1 at half the size, with its schedule; conditionings are the recipe's.
StagePlan half_size(const engine::Request& resolved);

/// The second stage: the first one's video at twice the size, its audio, one pass per step. The transformer
/// is loaded when everything else of the stage is done. `audio` is for a recipe that treats its sound
/// otherwise.
Latents second_stage(Run& run, const std::vector<ConditionImage>& images, ImageUse use, const Latents& first,
                     const PromptContext& text, const diffusion::Loop& loop = diffusion::EulerLoop{},
                     const std::optional<diffusion::StreamSpec>& audio = {});

/// Guided denoiser of a request: each stream with its own parameters and negative context. A stream without
/// parameters takes the conditional prediction, and its unconditional pass reads the positive context.
diffusion::GuidedDenoiser guided_denoiser(const engine::Request& resolved, const PromptContexts& text);

}  // namespace ltx::pipelines
