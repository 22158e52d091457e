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

/// Full model guided at half size, then the distilled LoRA; the given sound is held fixed and shipped as it
/// is (spec 07 §6.7).
Finished audio_to_video(Run& run);

/// Distilled model; reference videos steer stage 1, stage 2 knows neither them nor the LoRAs (spec 07 §6.8).
Latents ic_lora(Run& run);

/// One stage that makes a time window of a clip anew, guided where the request sets a guided field (spec 07
/// §6.9).
Latents retake(Run& run);

/// The audio stream alone, guided (spec 07 §6.10).
Latents text_to_audio(Run& run);

/// How strongly reference tokens are seen: the request's strength times that of its mask.
double attention_strength(const engine::Request& resolved);

/// Noise of its own, seeded by the request.
diffusion::Res2sLoop res2s_loop(const engine::Request& resolved);

/// The stage-1 loop of a guided request's sampler.
diffusion::Loop loop_of(const engine::Request& resolved);

/// The recipe of a kind that is built.
Finished run_recipe(engine::PipelineKind kind, Run& run);

}  // namespace ltx::pipelines
