// Layout of diffusion fidelity rendering: the canvas of keyframe slots and its temporal tiles (spec 06 §12,
// spec 07b §1.2).
#pragma once
#include <cstdint>
#include <vector>

namespace ltx::diffusion {

struct KeyframeCanvas {
  int64_t frames = 0, segment = 0;
  std::vector<int64_t> positions;  // segment, 2·segment, …, frames − 1
};
KeyframeCanvas keyframe_canvas(int64_t frames);

struct TemporalTile {
  int64_t pixel_start = 0, pixel_end = 0;    // inclusive
  int64_t latent_start = 0, latent_end = 0;  // exclusive
  int64_t dropped_prefix = 0;                // latent frames that the tile before owns
  std::vector<int64_t> anchors, slots;       // pixel frames of the clip
};
/// `seams` increase and end at frames − 1.
std::vector<TemporalTile> temporal_tiles(const std::vector<int64_t>& seams, int64_t frames, int64_t count);

}  // namespace ltx::diffusion
