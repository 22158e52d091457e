// How a video is cut into tiles: what a caller asks for, and the intervals that follow from it (spec 04 §6.2,
// §6.4).
#pragma once
#include <cstdint>
#include <optional>
#include <variant>
#include <vector>

#include "models/video_vae/config.h"

namespace ltx::video_vae {

/// Tile size and overlap along one axis, in frames or pixels; size 0 leaves the axis whole.
struct AxisSize {
  int64_t tile = 0, overlap = 0;
  bool tiled() const { return tile > 0; }
  bool operator==(const AxisSize&) const = default;
};
struct TileSizes {
  AxisSize frames, height, width;
  bool operator==(const TileSizes&) const = default;
};

/// Number of tiles and overlap along one axis, in cells of the latent grid; {1, 0} leaves the axis whole.
struct AxisCount {
  int64_t tiles = 1, overlap = 0;
  bool tiled() const { return tiles > 1 || overlap > 0; }
};
struct TileCounts {
  AxisCount frames, height, width;
};

struct Untiled {};

/// AUTO is not among these: it is resolved first, see auto_tiling.h.
using Tiling = std::variant<Untiled, TileSizes, TileCounts>;

/// The defaults for encoding: 80 frames with 24 in common, 768 pixels with 64.
TileSizes default_tile_sizes();

/// Throws InvalidArgument unless the sizes fit the factors and the video they are meant for; `frames` <= 0
/// skips the number of frames. For sizes that a user gave.
void validate(const TileSizes& sizes, const ScaleFactors& scale, int64_t frames, int64_t height,
              int64_t width);

/// Number of emitted chunks to expect, for progress only: it may be one too many.
int64_t expected_chunks(const Tiling& tiling, int64_t frames);

/// A range of a grid's axis and the lengths over which it fades in and out.
struct Interval {
  int64_t start, end, left, right;
  int64_t length() const { return end - start; }
  bool operator==(const Interval&) const = default;
};
using Intervals = std::vector<Interval>;

/// Intervals of `size` with `overlap` in common; the last may be shorter, unless `minimum` makes it grow to
/// the left.
Intervals split_by_size(int64_t length, int64_t size, int64_t overlap, std::optional<int64_t> minimum = {});

/// `count` intervals whose lengths differ by at most one.
Intervals split_by_count(int64_t length, int64_t count, int64_t overlap, std::optional<int64_t> minimum = {});

/// All but the first begin one cell earlier: their first frame is decoded as if it were a clip's first, and
/// gets no weight.
Intervals start_earlier(Intervals intervals);

/// One axis of a size in pixels in cells of the grid. Throws InvalidArgument unless the size is legal for the
/// factor.
struct CellSize {
  int64_t size, overlap;
};
CellSize cells_of(const AxisSize& axis, int64_t factor, std::string_view name);

/// Throws InvalidArgument unless the count is legal for an axis of `extent` cells.
void check_count(const AxisCount& axis, int64_t extent, std::string_view name);

}  // namespace ltx::video_vae
