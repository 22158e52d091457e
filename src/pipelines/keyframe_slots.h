// Generated keyframes: tokens that stand for single pixel frames (spec 07 §5.4).
#pragma once
#include "diffusion/conditioning.h"
#include "engine/request.h"

namespace ltx::pipelines {

/// Appends one item with all slots of the request, after the images; nothing where none are asked for.
void append_keyframe_slots(const engine::Request& resolved,
                           std::vector<diffusion::Conditioning>& conditionings);

/// Pixel frames of the slots; evenly spaced where the request gives only their number. Throws
/// InvalidArgument.
std::vector<int64_t> keyframe_positions(const engine::Request& request);

}  // namespace ltx::pipelines
