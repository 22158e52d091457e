// The clips and sounds of a request against what its recipe needs, from their headers alone where that is
// enough.
#pragma once
#include "pipelines/resolve.h"

namespace ltx::pipelines {

/// RETAKE: the one clip that gives size, length and rate, and the window in it (spec 07 §6.9).
void resolve_source(engine::Request& request);

/// IC_LORA: reference videos and the mask, against sizes and lengths that are resolved (spec 07 §6.8).
void resolve_references(const engine::Request& request, const ReferenceScale& scale);

/// The sound of AUDIO_TO_VIDEO, which must last as long as the clip, or of a retake's source.
void resolve_sound(engine::Request& request, const RecipeTraits& traits);

}  // namespace ltx::pipelines
