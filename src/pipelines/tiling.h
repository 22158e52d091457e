// The decode tiling of a request (spec 07 §5.6).
#pragma once
#include "engine/request.h"
#include "models/video_vae/tiling.h"

namespace ltx::pipelines {

/// Checks explicit tile sizes. Throws InvalidArgument.
void resolve_tiling(engine::Request& request);

/// Of a resolved request.
video_vae::Tiling decode_tiling(const engine::Request& resolved);

}  // namespace ltx::pipelines
