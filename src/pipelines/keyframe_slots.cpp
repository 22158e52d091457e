#include "pipelines/keyframe_slots.h"

#include "latents/frames.h"

namespace ltx::pipelines {

std::vector<int64_t> keyframe_positions(const engine::Request& request) {
  if (request.keyframe_indices.empty())
    return latents::evenly_spaced_keyframes(request.keyframe_count, request.num_frames);
  return latents::sorted_keyframes({request.keyframe_indices.begin(), request.keyframe_indices.end()},
                                   request.num_frames);
}

void append_keyframe_slots(const engine::Request& resolved,
                           std::vector<diffusion::Conditioning>& conditionings) {
  if (resolved.keyframe_count == 0) return;
  conditionings.emplace_back(diffusion::KeyframeSlots{keyframe_positions(resolved), std::nullopt});
}

}  // namespace ltx::pipelines
