// Tiles become one picture: weighted sums, streamed in time (spec 04 §6.5, §6.6).
#pragma once
#include <functional>

#include "base/monitor.h"
#include "models/video_vae/layout.h"

namespace ltx::video_vae {

/// One tile of a layout.
struct TileRef {
  const AxisTile& time;
  const AxisTile& height;
  const AxisTile& width;
};

/// x [B, C, f, h, w] times the tile's three masks, in fp32. Frames beyond those of x are cut off the mask.
at::Tensor scale_by_masks(const at::Tensor& x, const TileRef& tile);

/// Yields the pixels [B, C, f, h, w] of a tile, of the extent of its `out` slices.
using TileDecoder = std::function<at::Tensor(const TileRef& tile)>;

/// Receives [B, C, f, H, W]: the next f >= 1 frames, in order.
using ChunkSink = std::function<void(const at::Tensor& chunk)>;

/// Decodes tile after tile and hands frames over as soon as no later tile touches them. At most the frames of
/// one temporal tile and those that it shares with the one before are held, in `dtype`. Asks `monitor` before
/// each tile and each chunk.
void stream_tiles(const TileLayout& layout, at::ScalarType dtype, const Monitor& monitor,
                  const TileDecoder& decode, const ChunkSink& sink);

/// The weighted sum of all tiles [B, C, frames, rows, columns] in `dtype`, held as a whole.
at::Tensor merge_tiles(const TileLayout& layout, at::ScalarType dtype, const Monitor& monitor,
                       const TileDecoder& decode);

}  // namespace ltx::video_vae
