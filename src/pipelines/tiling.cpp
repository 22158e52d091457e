#include "pipelines/tiling.h"

#include "base/error.h"
#include "models/video_vae/auto_tiling.h"

namespace ltx::pipelines {
namespace {

using engine::kDefault;

// The grid of every convolutional decoder of the family (spec 07 §1).
constexpr video_vae::ScaleFactors kScale{};

video_vae::TileSizes sizes_of(const engine::Tiling& t) {
  return {
      {t.tile_frames, t.overlap_frames}, {t.tile_height, t.overlap_height}, {t.tile_width, t.overlap_width}};
}

/// Unset tile: the axis stays whole. Unset overlap: none.
void fill_axis(const char* axis, int32_t& tile, int32_t& overlap) {
  if (tile == kDefault) {
    if (overlap != kDefault && overlap != 0)
      fail(Status::InvalidArgument,
           "request.tiling.overlap_{} is {}, but tile_{} is not set. Set both or neither.", axis, overlap,
           axis);
    tile = 0;
  }
  if (overlap == kDefault) overlap = 0;
}

}  // namespace

void resolve_tiling(engine::Request& request) {
  auto& t = request.tiling;
  switch (t.mode) {
    case engine::TilingMode::Off:
      t = engine::Tiling{.mode = engine::TilingMode::Off};
      return;
    case engine::TilingMode::Auto: {
      const auto sizes = video_vae::auto_conv_tiling(request.height, request.width);
      const auto set = [](int32_t& tile, int32_t& overlap, const video_vae::AxisSize& axis) {
        tile = static_cast<int32_t>(axis.tile);
        overlap = static_cast<int32_t>(axis.overlap);
      };
      // Stays AUTO, so that a resolved request resolves to itself; the sizes are there to be seen.
      set(t.tile_frames, t.overlap_frames, sizes.frames);
      set(t.tile_height, t.overlap_height, sizes.height);
      set(t.tile_width, t.overlap_width, sizes.width);
      return;
    }
    case engine::TilingMode::Explicit:
      fill_axis("frames", t.tile_frames, t.overlap_frames);
      fill_axis("height", t.tile_height, t.overlap_height);
      fill_axis("width", t.tile_width, t.overlap_width);
      video_vae::validate(sizes_of(t), kScale, request.num_frames, request.height, request.width);
  }
}

video_vae::Tiling decode_tiling(const engine::Request& resolved) {
  if (resolved.tiling.mode == engine::TilingMode::Off) return video_vae::Untiled{};
  return sizes_of(resolved.tiling);
}

}  // namespace ltx::pipelines
