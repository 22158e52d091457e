// The recipes: each reads top to bottom like its section of the specification.
#pragma once
#include "pipelines/run.h"

namespace ltx::pipelines {

/// Distilled model, two stages, one pass per step (spec 07 §6.2).
Latents distilled(Run& run);

/// Full model, guided, final size at once (spec 07 §6.3).
Latents one_stage(Run& run);

/// Full model guided at half size, then the distilled LoRA at full size; the sound of stage 1 (spec 07 §6.4).
Latents two_stage(Run& run);

/// The same with res_2s in both stages and a share of the distilled LoRA in each (spec 07 §6.5).
Latents two_stage_hq(Run& run);

/// Two stages between pictures: every image guides, none replaces frames; the sound of stage 2 (spec 07
/// §6.6).
Latents keyframes(Run& run);

/// Noise of its own, seeded by the request.
diffusion::Res2sLoop res2s_loop(const engine::Request& resolved);

/// The stage-1 loop of a guided request's sampler.
diffusion::Loop loop_of(const engine::Request& resolved);

/// The recipe of a kind that is built.
Latents run_recipe(engine::PipelineKind kind, Run& run);

}  // namespace ltx::pipelines
