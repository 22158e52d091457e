// Pictures that come as pixels from the caller's memory.
#pragma once
#include "engine/media.h"
#include "media/image.h"

namespace ltx::pipelines {

/// The first frame as 8-bit RGB: alpha dropped, grey expanded, floats (0–1) scaled and rounded.
media::Image image_of(const engine::Pixels& pixels);

}  // namespace ltx::pipelines
