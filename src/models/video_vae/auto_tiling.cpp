#include "models/video_vae/auto_tiling.h"

#include "base/error.h"

namespace ltx::video_vae {
namespace {

// The rule counts in these whatever a file's own factors are.
constexpr int64_t kPixelsPerLatent = 32;

int64_t round_up(int64_t value, int64_t step) {
  return (value + step - 1) / step * step;
}

int64_t round_half_even(int64_t numerator, int64_t denominator) {
  const int64_t quotient = numerator / denominator, twice = 2 * (numerator % denominator);
  return quotient + (twice > denominator || (twice == denominator && quotient % 2 == 1) ? 1 : 0);
}

struct Candidate {
  int64_t size, tiles;
};

/// Sizes from `minimum` upwards until the axis is one tile, with the number of tiles that each gives.
std::vector<Candidate> candidates(int64_t length, int64_t minimum, int64_t step, int64_t overlap) {
  std::vector<Candidate> result;
  const int64_t largest = std::max(round_up(length, step), minimum);
  for (int64_t size = minimum; size <= largest; size += step)
    result.push_back({size, static_cast<int64_t>(split_by_size(length, size, overlap).size())});
  return result;
}

constexpr int64_t kGiB = int64_t{1} << 30;

struct ModeCost {
  int64_t bytes_per_cell;  // 256 channels · 2 bytes · live tensors of the last stage
  int64_t safety;
};

ModeCost cost_of(DiffusionMode mode) {
  constexpr int64_t tensor = 256 * 2;
  switch (mode) {
    case DiffusionMode::CombinedCompile:
      return {tensor * 11, 2 * kGiB};
    case DiffusionMode::ChunkedCompile:
      return {tensor * 7, 2 * kGiB};
    case DiffusionMode::ChunkedEager:
      return {tensor * 5, kGiB};
    case DiffusionMode::BlackwellDsl:
      return {tensor * 5 / 2, 2 * kGiB};
  }
  fail(Status::Internal, "unknown diffusion decoder mode {}", static_cast<int>(mode));
}

}  // namespace

TileSizes auto_conv_tiling(int64_t height, int64_t width) {
  constexpr int64_t overlap = 64, size_cells = 768 / kPixelsPerLatent,
                    overlap_cells = overlap / kPixelsPerLatent;
  const int64_t rows = height / kPixelsPerLatent, columns = width / kPixelsPerLatent;
  const int64_t longest = std::max(rows, columns);
  if (rows < 1 || columns < 1)
    fail(Status::InvalidArgument, "height {} and width {}: expected at least {} each. Use a larger size.",
         height, width, kPixelsPerLatent);
  const auto tile = [&](int64_t cells) -> AxisSize {
    const int64_t scaled =
        std::max(std::max<int64_t>(2, overlap_cells + 1), round_half_even(size_cells * cells, longest));
    return {std::max(kPixelsPerLatent * scaled, std::max<int64_t>(64, overlap + kPixelsPerLatent)), overlap};
  };
  return {{80, 24}, tile(rows), tile(columns)};
}

DiffusionMode diffusion_mode_named(std::string_view name) {
  if (name == "combined_compile") return DiffusionMode::CombinedCompile;
  if (name == "chunked_compile") return DiffusionMode::ChunkedCompile;
  if (name == "chunked_eager") return DiffusionMode::ChunkedEager;
  if (name == "blackwell_dsl") return DiffusionMode::BlackwellDsl;
  fail(Status::InvalidArgument,
       "'{}' is no mode of the diffusion decoder. Use combined_compile, chunked_compile, chunked_eager or "
       "blackwell_dsl.",
       name);
}

TileSizes auto_diffusion_tiling(int64_t height, int64_t width, int64_t frames,
                                const DiffusionBudget& budget) {
  constexpr int64_t overlap_frames = 40, overlap_pixels = 160, minimum_frames = 80, minimum_pixels = 320;
  const auto [bytes_per_cell, safety] = cost_of(budget.mode);
  const int64_t latent_frames = (frames - 1) / 8 + 1, rows = height / 32, columns = width / 32;
  const int64_t stage4_bytes = (4 * (latent_frames + 2) - 3) * 4 * rows * 4 * columns * 512 * 2;
  const int64_t usable =
      std::max<int64_t>(0, budget.free_bytes - std::max(budget.weight_bytes, kGiB) - safety - stage4_bytes);

  const auto in_time = candidates(frames, minimum_frames, 8, overlap_frames);
  const auto in_height = candidates(height, minimum_pixels, 32, overlap_pixels);
  const auto in_width = candidates(width, minimum_pixels, 32, overlap_pixels);

  // Least waste first, then the largest tile, the fewest tiles, the smallest sizes.
  using Rank = std::tuple<double, int64_t, int64_t, int64_t, int64_t, int64_t>;
  std::optional<Rank> best;
  const double volume =
      static_cast<double>(frames) * static_cast<double>(height) * static_cast<double>(width);
  for (const auto& t : in_time) {
    const int64_t output = 2 * t.size * height * width * 3 * 2;
    if (output >= usable) continue;
    const int64_t cells = (usable - output) / bytes_per_cell;
    for (const auto& h : in_height)
      for (const auto& w : in_width) {
        if (t.size * (h.size / 4) * (w.size / 4) > cells) continue;
        const int64_t tile = t.size * h.size * w.size, count = t.tiles * h.tiles * w.tiles;
        const Rank rank{static_cast<double>(count * tile) / volume, -tile, count, t.size, h.size, w.size};
        if (!best || rank < *best) best = rank;
      }
  }
  if (!best)
    fail(Status::OutOfDeviceMemory,
         "no tiling of {} frames of {} x {} pixels fits the diffusion decoder into {} bytes. Free memory, or "
         "set a smaller size.",
         frames, width, height, budget.free_bytes);
  const auto& [waste, negative_volume, count, t, h, w] = *best;
  return {{t, overlap_frames}, {h, overlap_pixels}, {w, overlap_pixels}};
}

}  // namespace ltx::video_vae
