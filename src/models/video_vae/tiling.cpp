#include "models/video_vae/tiling.h"

#include "base/error.h"

namespace ltx::video_vae {
namespace {

/// The last interval reaches back until it has the minimum length; then all have to fit together (spec 04
/// §6.2).
void grow_last(Intervals& intervals, int64_t length, int64_t minimum) {
  if (intervals.size() < 2) return;
  auto& last = intervals.back();
  if (last.length() < minimum) {
    last.start = length - minimum;
    auto& before = intervals[intervals.size() - 2];
    before.right = last.left = before.end - last.start;
  }
  bool fits = intervals.front().start == 0 && last.end == length;
  for (size_t i = 0; i < intervals.size(); ++i) {
    const auto& now = intervals[i];
    fits = fits && now.start >= 0 && now.length() >= minimum && now.left >= 0 && now.left <= now.length() &&
           now.right >= 0 && now.right <= now.length();
    if (i > 0)
      fits = fits && intervals[i - 1].end - now.start == now.left && intervals[i - 1].right == now.left;
  }
  if (!fits)
    fail(Status::InvalidArgument,
         "an axis of {} cells cannot be cut into {} tiles of at least {} cells that meet their neighbours. "
         "Use larger tiles.",
         length, intervals.size(), minimum);
}

}  // namespace

TileSizes default_tile_sizes() {
  return {{80, 24}, {768, 64}, {768, 64}};
}

Intervals split_by_size(int64_t length, int64_t size, int64_t overlap, std::optional<int64_t> minimum) {
  if (size <= 0 || overlap < 0 || overlap >= size || (minimum && *minimum < 1))
    fail(Status::InvalidArgument,
         "tiles of {} cells with {} in common, expected 0 <= overlap < size. Change the tiling.", size,
         overlap);
  if (length <= size || (minimum && length < *minimum)) return {{0, length, 0, 0}};
  const int64_t step = size - overlap;
  const int64_t n = (length - overlap + step - 1) / step;
  Intervals result;
  for (int64_t i = 0; i < n; ++i)
    result.push_back(
        {i * step, i == n - 1 ? length : i * step + size, i == 0 ? 0 : overlap, i == n - 1 ? 0 : overlap});
  if (minimum) grow_last(result, length, *minimum);
  return result;
}

Intervals split_by_count(int64_t length, int64_t count, int64_t overlap, std::optional<int64_t> minimum) {
  if (count < 1 || overlap < 0 || count > length)
    fail(Status::InvalidArgument,
         "{} tiles with {} cells in common on an axis of {} cells. Use at most one tile per cell.", count,
         overlap, length);
  if (count == 1) return {{0, length, 0, 0}};
  const int64_t total = length + overlap * (count - 1);
  const int64_t size = total / count, remainder = total % count;
  if (size <= overlap)
    fail(Status::InvalidArgument,
         "{} tiles of {} cells with {} in common on an axis of {} cells. Use fewer tiles or less overlap.",
         count, size, overlap, length);
  auto result = split_by_size(length - remainder, size, overlap);
  // The first `remainder` tiles are one cell longer.
  for (int64_t i = 0; i < static_cast<int64_t>(result.size()); ++i) {
    auto& tile = result[static_cast<size_t>(i)];
    tile.start += std::min(i, remainder);
    tile.end += std::min(i, remainder) + (i < remainder ? 1 : 0);
  }
  if (minimum) grow_last(result, length, *minimum);
  return result;
}

Intervals start_earlier(Intervals intervals) {
  for (size_t i = 1; i < intervals.size(); ++i) {
    intervals[i].start -= 1;
    intervals[i].left += 1;
  }
  return intervals;
}

CellSize cells_of(const AxisSize& axis, int64_t factor, std::string_view name) {
  const bool legal = axis.tile >= 2 * factor && axis.overlap >= 0 && axis.overlap < axis.tile &&
                     axis.tile % factor == 0 && axis.overlap % factor == 0;
  if (!legal)
    fail(Status::InvalidArgument,
         "{} tile {} with overlap {}: expected multiples of {}, a tile of at least {} and an overlap below "
         "the tile. Change the "
         "tiling.",
         name, axis.tile, axis.overlap, factor, 2 * factor);
  const int64_t overlap = axis.overlap / factor;
  return {std::max({int64_t{2}, overlap + 1, axis.tile / factor}), overlap};
}

void check_count(const AxisCount& axis, int64_t extent, std::string_view name) {
  if (axis.tiles < 1 || axis.overlap < 0 || axis.tiles > extent || axis.overlap > extent - axis.tiles)
    fail(Status::InvalidArgument,
         "{} tiles with overlap {} along {} of {} cells: expected at least 1 and at most one per cell, and "
         "an overlap of at most "
         "the cells beyond that. Change the tiling.",
         axis.tiles, axis.overlap, name, extent);
}

void validate(const TileSizes& sizes, const ScaleFactors& scale, int64_t frames, int64_t height,
              int64_t width) {
  const auto check = [](const AxisSize& axis, int64_t factor, std::string_view name) {
    if (axis.tile != 0)
      cells_of(axis, factor, name);
    else if (axis.overlap != 0)
      fail(Status::InvalidArgument,
           "{} overlap {} without a tile size, expected 0. Give the axis a tile size.", name, axis.overlap);
  };
  check(sizes.frames, scale.time, "frames");
  check(sizes.height, scale.height, "height");
  check(sizes.width, scale.width, "width");
  if (height % scale.height != 0 || width % scale.width != 0)
    fail(Status::InvalidArgument, "height {} and width {}: expected multiples of {} and {}. Change the size.",
         height, width, scale.height, scale.width);
  if (frames > 0 && (frames - 1) % scale.time != 0)
    fail(Status::InvalidArgument, "{} frames: expected a multiple of {} plus 1. Change the number of frames.",
         frames, scale.time);
}

int64_t expected_chunks(const Tiling& tiling, int64_t frames) {
  if (const auto* sizes = std::get_if<TileSizes>(&tiling); sizes && sizes->frames.tiled()) {
    const int64_t step = sizes->frames.tile - sizes->frames.overlap;
    return std::max<int64_t>(1, (frames - 1 + step - 1) / step);
  }
  if (const auto* counts = std::get_if<TileCounts>(&tiling)) return counts->frames.tiles;
  return 1;
}

}  // namespace ltx::video_vae
