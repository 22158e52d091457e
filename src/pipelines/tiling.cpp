#include "pipelines/tiling.h"

#include "base/error.h"
#include "models/video_vae/auto_tiling.h"

namespace ltx::pipelines {
namespace {

using engine::kDefault;

// The grid of every convolutional decoder of the family (spec 07 §1).
constexpr video_vae::ScaleFactors kScale{};

video_vae::TileSizes sizes_of(const engine::Tiling& t) {
  const auto axis = [](int32_t tile, int32_t overlap) {
    return tile > 0 ? video_vae::AxisSize{tile, overlap} : video_vae::AxisSize{};
  };
  return {axis(t.tile_frames, t.overlap_frames), axis(t.tile_height, t.overlap_height),
          axis(t.tile_width, t.overlap_width)};
}

/// An axis without a tile stays whole; a tile without an overlap has none.
void check_axis(const char* axis, int32_t tile, int32_t& overlap) {
  if (tile > 0) {
    if (overlap == kDefault) overlap = 0;
  } else if (overlap > 0) {
    fail(Status::InvalidArgument,
         "request.tiling.overlap_{} is {}, but tile_{} is not set. Set both or neither.", axis, overlap,
         axis);
  }
}

}  // namespace

void resolve_tiling(engine::Request& request) {
  auto& t = request.tiling;
  if (t.mode != engine::TilingMode::Explicit) return;
  check_axis("frames", t.tile_frames, t.overlap_frames);
  check_axis("height", t.tile_height, t.overlap_height);
  check_axis("width", t.tile_width, t.overlap_width);
  video_vae::validate(sizes_of(t), kScale, request.num_frames, request.height, request.width);
}

video_vae::Tiling decode_tiling(const engine::Request& resolved) {
  switch (resolved.tiling.mode) {
    case engine::TilingMode::Off:
      return video_vae::Untiled{};
    case engine::TilingMode::Auto:
      return video_vae::auto_conv_tiling(resolved.height, resolved.width);
    case engine::TilingMode::Explicit:
      break;
  }
  return sizes_of(resolved.tiling);
}

}  // namespace ltx::pipelines
