#include "models/video_vae/layout.h"

#include "base/error.h"

namespace ltx::video_vae {
namespace {

enum class Axis { Time, Height, Width };
constexpr std::array<Axis, 3> kAxes = {Axis::Time, Axis::Height, Axis::Width};

std::string_view name_of(Axis axis) {
  return axis == Axis::Time ? "frames" : axis == Axis::Height ? "height" : "width";
}

template <class Three>
auto along(const Three& sizes, Axis axis) {
  return axis == Axis::Time ? sizes.frames : axis == Axis::Height ? sizes.height : sizes.width;
}

int64_t extent(const Grid& grid, Axis axis) {
  return axis == Axis::Time ? grid.frames : axis == Axis::Height ? grid.rows : grid.columns;
}

AxisTiles& tiles(TileLayout& layout, Axis axis) {
  return axis == Axis::Time ? layout.time : axis == Axis::Height ? layout.height : layout.width;
}

/// The intervals of one axis of `length` cells of `factor` pixels; nothing where the axis stays whole.
std::optional<Intervals> split(const Tiling& tiling, Axis axis, int64_t length, int64_t factor,
                               std::optional<int64_t> minimum = {}) {
  if (const auto* sizes = std::get_if<TileSizes>(&tiling)) {
    const auto size = along(*sizes, axis);
    if (size.tile == 0 && size.overlap == 0) return {};
    const auto cells = cells_of(size, factor, name_of(axis));
    return split_by_size(length, cells.size, cells.overlap, minimum);
  }
  if (const auto* counts = std::get_if<TileCounts>(&tiling)) {
    const auto count = along(*counts, axis);
    check_count(count, length, name_of(axis));
    if (count.tiled()) return split_by_count(length, count.tiles, count.overlap, minimum);
  }
  return {};
}

AxisTiles whole(Slice in, Slice out) {
  return {{in, out, at::ones({1}, at::kFloat)}};
}

/// Frames or pixels that `latents` [start, end) become; the first latent frame is one pixel frame (spec 04
/// §6.3).
Slice pixels_of(Slice latents, Axis axis, int64_t factor) {
  if (axis == Axis::Time) return {factor * latents.start, 1 + factor * (latents.end - 1)};
  return {factor * latents.start, factor * latents.end};
}

int64_t factor_of(const ScaleFactors& scale, Axis axis) {
  return axis == Axis::Time ? scale.time : axis == Axis::Height ? scale.height : scale.width;
}

bool sums_to_one(const AxisTiles& axis, int64_t length) {
  const auto sum = at::zeros({length}, at::kFloat);
  for (const auto& tile : axis) sum.narrow(0, tile.out.start, tile.out.length()).add_(tile.mask);
  return sum.sub_(1).abs_().max().item<float>() <= 1e-5f;
}

void finish(TileLayout& layout, const Grid& out) {
  layout.frames = out.frames;
  layout.rows = out.rows;
  layout.columns = out.columns;
  layout.complementary = sums_to_one(layout.time, out.frames) && sums_to_one(layout.height, out.rows) &&
                         sums_to_one(layout.width, out.columns);
}

int64_t round_up(int64_t value, int64_t step) {
  return (value + step - 1) / step * step;
}

}  // namespace

at::Tensor trapezoid(int64_t length, int64_t left, int64_t right, bool from_zero) {
  if (length <= 0) fail(Status::Internal, "mask of length {}", length);
  left = std::clamp<int64_t>(left, 0, length);
  right = std::clamp<int64_t>(right, 0, length);
  auto mask = at::ones({length}, at::kFloat);
  if (left > 0)
    mask.narrow(0, 0, left)
        .mul_(from_zero ? at::linspace(0, 1, left + 1, at::kFloat).narrow(0, 0, left)
                        : at::linspace(0, 1, left + 2, at::kFloat).narrow(0, 1, left));
  if (right > 0)
    mask.narrow(0, length - right, right).mul_(at::linspace(1, 0, right + 2, at::kFloat).narrow(0, 1, right));
  return mask.clamp_(0, 1);
}

TileLayout conv_decode_layout(const Tiling& tiling, const Grid& latents, const ScaleFactors& scale) {
  TileLayout layout;
  for (const auto axis : kAxes) {
    const int64_t length = extent(latents, axis), factor = factor_of(scale, axis);
    auto intervals = split(tiling, axis, length, factor);
    if (!intervals) {
      tiles(layout, axis) = whole({0, length}, pixels_of({0, length}, axis, factor));
      continue;
    }
    const bool time = axis == Axis::Time;
    if (time) intervals = start_earlier(std::move(*intervals));
    for (const auto& i : *intervals) {
      const auto out = pixels_of({i.start, i.end}, axis, factor);
      const int64_t left = !time ? factor * i.left : i.left == 0 ? 0 : 1 + factor * (i.left - 1);
      tiles(layout, axis)
          .push_back({{i.start, i.end}, out, trapezoid(out.length(), left, factor * i.right, time)});
    }
  }
  finish(layout,
         {1 + scale.time * (latents.frames - 1), scale.height * latents.rows, scale.width * latents.columns});
  return layout;
}

TileLayout conv_encode_layout(const Tiling& tiling, const Grid& latents, const ScaleFactors& scale) {
  TileLayout layout;
  for (const auto axis : kAxes) {
    const int64_t length = extent(latents, axis), factor = factor_of(scale, axis);
    if (const auto* sizes = std::get_if<TileSizes>(&tiling)) {
      const int64_t least = axis == Axis::Time ? 16 : 64;
      const auto size = along(*sizes, axis);
      if (size.tiled() && size.overlap < least)
        fail(Status::InvalidArgument,
             "{} overlap {} of a tiled encode, expected at least {}. Use a larger overlap.", name_of(axis),
             size.overlap, least);
    }
    auto intervals = split(tiling, axis, length, factor);
    if (!intervals) intervals = Intervals{{0, length, 0, 0}};
    const bool time = axis == Axis::Time;
    if (time) intervals = start_earlier(std::move(*intervals));
    for (const auto& i : *intervals)
      tiles(layout, axis)
          .push_back({pixels_of({i.start, i.end}, axis, factor),
                      {i.start, i.end},
                      trapezoid(i.length(), i.left, i.right, time)});
  }
  finish(layout, latents);
  return layout;
}

DiffusionTileRules DiffusionTileRules::of(int64_t depth4, nn::Triple kernel4, int64_t depth5,
                                          nn::Triple kernel5, int64_t patch_size) {
  std::array<int64_t, 3> tile{}, halo{};
  for (size_t i = 0; i < 3; ++i) {
    tile[i] = std::max(kernel4[i], (kernel5[i] + 1) / 2);
    halo[i] = std::max(depth4 * (kernel4[i] / 2), (depth5 * (kernel5[i] / 2) + 1) / 2);
  }
  DiffusionTileRules rules;
  rules.minimum_tile = {tile[0], tile[1], tile[2]};
  rules.minimum_overlap_frames = round_up(2 * halo[0], 8);
  rules.minimum_overlap_pixels = round_up(2 * patch_size * std::max(halo[1], halo[2]), 32);
  rules.patch_size = patch_size;
  return rules;
}

TileLayout diffusion_decode_layout(const Tiling& tiling, const Grid& latents,
                                   const DiffusionTileRules& rules) {
  const Grid grid{4 * latents.frames - 3, 4 * latents.rows, 4 * latents.columns};
  const int64_t side = 2 * rules.patch_size;
  TileLayout layout;
  for (const auto axis : kAxes) {
    const bool time = axis == Axis::Time;
    const int64_t length = extent(grid, axis), factor = time ? 2 : side;
    if (const auto* sizes = std::get_if<TileSizes>(&tiling)) {
      const int64_t least = time ? rules.minimum_overlap_frames : rules.minimum_overlap_pixels;
      const auto size = along(*sizes, axis);
      if (size.tiled() && size.overlap < least)
        fail(Status::InvalidArgument,
             "{} overlap {} of a diffusion decode, expected at least {}. Use a larger overlap.",
             name_of(axis), size.overlap, least);
    }
    // The first frame of the video is the one that stage 4 does not double.
    const auto to_pixels = [&](Slice s) -> Slice {
      if (!time) return {factor * s.start, factor * s.end};
      return {std::max<int64_t>(0, 2 * s.start - 1), 2 * s.end - 1};
    };
    const auto intervals = split(tiling, axis, length, factor, extent(rules.minimum_tile, axis));
    if (!intervals) {
      tiles(layout, axis) = whole({0, length}, to_pixels({0, length}));
      continue;
    }
    for (const auto& i : *intervals) {
      const auto out = to_pixels({i.start, i.end});
      tiles(layout, axis)
          .push_back({{i.start, i.end},
                      out,
                      trapezoid(out.length(), factor * i.left, factor * i.right, /*from_zero=*/false)});
    }
  }
  finish(layout, {2 * grid.frames - 1, side * grid.rows, side * grid.columns});
  return layout;
}

}  // namespace ltx::video_vae
