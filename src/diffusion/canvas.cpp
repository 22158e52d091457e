#include "diffusion/canvas.h"

#include <algorithm>

#include "base/error.h"

namespace ltx::diffusion {

KeyframeCanvas keyframe_canvas(int64_t frames) {
  if (frames < 2 || (frames - 1) % 8 != 0)
    fail(Status::InvalidArgument, "a canvas of {} frames is not possible. Use 8k+1 frames, 9 or more.",
         frames);
  const int64_t content = frames - 1;
  const auto padding = [&](int64_t segment) { return (segment - content % segment) % segment; };
  const int64_t segment = padding(32) <= padding(24) ? 32 : 24;
  KeyframeCanvas canvas{content + padding(segment) + 1, segment, {}};
  for (int64_t position = segment; position < canvas.frames; position += segment)
    canvas.positions.push_back(position);
  return canvas;
}

std::vector<TemporalTile> temporal_tiles(const std::vector<int64_t>& seams, int64_t frames, int64_t count) {
  if (seams.empty() || seams.back() != frames - 1)
    fail(Status::InvalidArgument,
         "the {} seams of {} frames do not end at frame {}. Let the last one be that frame.", seams.size(),
         frames, frames - 1);
  if (count < 1) fail(Status::InvalidArgument, "{} temporal tiles were asked for. Use 1 or more.", count);
  std::vector<int64_t> bounds = {0};
  for (const int64_t seam : seams) {
    const int64_t span = seam - bounds.back();
    if (span < 16 || span % 8 != 0)
      fail(Status::InvalidArgument,
           "seam {} follows seam {}. Seams must increase by multiples of 8, by 16 or more.", seam,
           bounds.back());
    bounds.push_back(seam);
  }
  const auto segments = static_cast<int64_t>(seams.size());
  count = std::min(count, segments);
  std::vector<TemporalTile> tiles;
  for (int64_t tile = 0, low = 0; tile < count; ++tile) {
    const int64_t high = low + segments / count + (tile < segments % count ? 1 : 0);
    const int64_t window = tile == 0 ? low : std::max<int64_t>(0, low - 1);  // one segment to lead in
    TemporalTile t;
    t.pixel_start = bounds[window];
    t.pixel_end = bounds[high];
    t.latent_start = bounds[window] / 8;
    t.latent_end = bounds[high] / 8 + 1;
    t.dropped_prefix = bounds[low] / 8 - bounds[window] / 8 + (low > 0 ? 1 : 0);
    for (int64_t i = window; i <= high; ++i)
      if (bounds[i] != 0) t.anchors.push_back(bounds[i]);
    for (int64_t i = window; i < high; ++i) t.slots.push_back((bounds[i] + bounds[i + 1]) / 2);
    tiles.push_back(std::move(t));
    low = high;
  }
  return tiles;
}

}  // namespace ltx::diffusion
