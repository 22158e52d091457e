// Where each tile is read, where it is written and with which weights (spec 04 §6.1–§6.3, 04b §7.1).
#pragma once
#include <ATen/ATen.h>

#include "models/video_vae/tiling.h"

namespace ltx::video_vae {

struct Slice {
  int64_t start, end;
  int64_t length() const { return end - start; }
  bool operator==(const Slice&) const = default;
};

/// Ones of length `length` that rise over the first `left` and fall over the last `right` entries.
/// `from_zero`: the first entry of a rise is 0. F32 on CPU.
at::Tensor trapezoid(int64_t length, int64_t left, int64_t right, bool from_zero);

/// One interval of one axis; the mask has the length of `out`, or length 1 and the value 1 where the axis is
/// whole.
struct AxisTile {
  Slice in, out;
  at::Tensor mask;
};
using AxisTiles = std::vector<AxisTile>;

/// Tiles are the product of the axes, time slowest.
struct TileLayout {
  AxisTiles time, height, width;
  int64_t frames = 0, rows = 0, columns = 0;  // extent of the output
  bool complementary = true;                  // the masks sum to 1 everywhere: nothing has to be divided

  int64_t tile_count() const { return static_cast<int64_t>(time.size() * height.size() * width.size()); }
};

/// Cells of a grid along time, height and width.
struct Grid {
  int64_t frames, rows, columns;
};

/// `in` on the latent grid, `out` in frames and pixels.
TileLayout conv_decode_layout(const Tiling& tiling, const Grid& latents, const ScaleFactors& scale);

/// `in` in frames and pixels, `out` on the latent grid. Size configurations need an overlap of 16 frames and
/// 64 pixels.
TileLayout conv_encode_layout(const Tiling& tiling, const Grid& latents, const ScaleFactors& scale);

/// What a diffusion decoder's kernels and depths demand of its tiles (04b §1). Defaults: LTX-2.5.
struct DiffusionTileRules {
  Grid minimum_tile{6, 6, 6};  // on the grid of stage 4
  int64_t minimum_overlap_frames = 40, minimum_overlap_pixels = 160;
  int64_t patch_size = 4;

  /// From stage 4 and stage 5: number of blocks and attention window (time, height, width) of each.
  static DiffusionTileRules of(int64_t depth4, nn::Triple kernel4, int64_t depth5, nn::Triple kernel5,
                               int64_t patch_size);
};

/// `in` on the grid of stage 4, (4T − 3, 4H, 4W) for T×H×W latents; `out` in frames and pixels.
TileLayout diffusion_decode_layout(const Tiling& tiling, const Grid& latents,
                                   const DiffusionTileRules& rules = {});

}  // namespace ltx::video_vae
