// The recipes: each reads top to bottom like its section of the specification.
#pragma once
#include "pipelines/run.h"

namespace ltx::pipelines {

/// Distilled model, two stages, one pass per step (spec 07 §6.2).
Latents distilled(Run& run);

/// Full model, guided, final size at once (spec 07 §6.3).
Latents one_stage(Run& run);

}  // namespace ltx::pipelines
