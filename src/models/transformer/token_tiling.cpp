#include "models/transformer/token_tiling.h"

#include <fmt/ranges.h>

#include "base/error.h"

namespace ltx::transformer {
namespace {

at::Tensor starts(const at::Tensor& positions) {
  return positions.select(3, 0);
}
at::Tensor ends(const at::Tensor& positions) {
  return positions.select(3, 1);
}

at::Tensor take(const at::Tensor& field, const char* name, int64_t axis, const at::Tensor& keep,
                int64_t tokens) {
  if (field.size(axis) != tokens) {
    fail(Status::InvalidArgument,
         "The field {} has shape [{}]; token tiling needs all {} tokens along axis {}. "
         "Expand it to one value per token.",
         name, fmt::join(field.sizes(), ", "), tokens, axis);
  }
  return field.index_select(axis, keep);
}

}  // namespace

at::Tensor AxisTile::weights() const {
  auto w = at::ones({length()}, at::TensorOptions(at::kFloat));
  const auto ramp = [](int64_t n) {
    return at::arange(1, n + 1, at::TensorOptions(at::kFloat)) / static_cast<double>(n + 1);
  };
  if (left_ramp > 0) w.narrow(0, 0, left_ramp).mul_(ramp(left_ramp));
  if (right_ramp > 0) w.narrow(0, length() - right_ramp, right_ramp).mul_(1 - ramp(right_ramp));
  return w.clamp_(0, 1);
}

std::vector<AxisTile> tile_axis(int64_t length, const AxisTiling& tiling, const char* axis) {
  const auto [n, overlap] = tiling;
  if (n < 1 || overlap < 0) {
    fail(Status::InvalidArgument,
         "{} tiles with an overlap of {} along the {}; expected at least 1 and 0. "
         "Correct the tiling.",
         n, overlap, axis);
  }
  if (n == 1) return {{0, length, 0, 0}};
  const int64_t total = length + overlap * (n - 1), size = total / n, rest = total % n;
  if (n > length || size <= overlap) {
    fail(Status::InvalidArgument,
         "{} tiles with an overlap of {} do not fit {} latent cells along the {}. Use fewer tiles or a "
         "smaller overlap.",
         n, overlap, length, axis);
  }
  std::vector<AxisTile> tiles;
  for (int64_t i = 0; i < n; ++i) {
    const int64_t begin = i * (size - overlap) + std::min(i, rest);
    tiles.push_back({begin, begin + size + (i < rest ? 1 : 0), i > 0 ? overlap : 0, i < n - 1 ? overlap : 0});
  }
  return tiles;
}

TokenTiling::TokenTiling(const Grid& grid, const GridTiling& tiling, bool normalize_positions)
    : generated_(grid[0] * grid[1] * grid[2]), normalize_positions_(normalize_positions) {
  const auto frames = tile_axis(grid[0], tiling[0], "frames");
  const auto rows = tile_axis(grid[1], tiling[1], "height");
  const auto columns = tile_axis(grid[2], tiling[2], "width");
  const auto cells = at::arange(generated_, at::TensorOptions(at::kLong)).view({grid[0], grid[1], grid[2]});
  for (const auto& f : frames) {
    for (const auto& h : rows) {
      for (const auto& w : columns) {
        const auto inside = cells.narrow(0, f.begin, f.length())
                                .narrow(1, h.begin, h.length())
                                .narrow(2, w.begin, w.length());
        const auto weights = f.weights().view({-1, 1, 1}) * h.weights().view({-1, 1}) * w.weights();
        tiles_.push_back({{f, h, w}, inside.reshape({-1}), weights.reshape({-1})});
      }
    }
  }
}

std::vector<TileTokens> TokenTiling::select(const at::Tensor& positions) const {
  const int64_t tokens = positions.size(2), conditions = tokens - generated_;
  if (conditions < 0) {
    fail(Status::InvalidArgument,
         "A sequence of {} tokens is shorter than its target of {}. Build the tiling from the "
         "shape of the video.",
         tokens, generated_);
  }
  const auto device = positions.device();
  const auto extra = positions.narrow(2, generated_, conditions);

  std::vector<TileTokens> result;
  auto keepers =
      at::zeros({conditions}, at::TensorOptions(at::kFloat).device(device));  // tiles that keep a token
  for (const auto& tile : tiles_) {
    const auto inside = positions.index_select(2, tile.generated.to(device));
    const auto low = starts(inside).amin(2, true), high = ends(inside).amax(2, true);  // [B, 3, 1]
    auto keep = tile.generated.to(device);
    if (conditions > 0) {
      const auto overlaps = at::logical_and(starts(extra) < high, ends(extra) > low).all(1);  // [B, n]
      const auto kept = at::logical_or(overlaps, starts(extra).select(1, 0) < 0).any(0);
      keepers += kept;
      keep = at::cat({keep, kept.nonzero().view({-1}) + generated_});
    }
    auto own = positions.index_select(2, keep);
    if (normalize_positions_) own = own - low.unsqueeze(3);
    result.push_back({keep, own, {}});
  }
  const auto shares = keepers.reciprocal();
  for (size_t i = 0; i < tiles_.size(); ++i) {
    const int64_t inside = tiles_[i].generated.numel();
    auto& tile = result[i];
    const auto kept = tile.keep.narrow(0, inside, tile.keep.numel() - inside) - generated_;
    tile.weights = at::cat({tiles_[i].blend_weights.to(device), shares.index_select(0, kept)});
  }
  return result;
}

latents::Modality slice(const latents::Modality& video, const TileTokens& tile) {
  const int64_t tokens = video.latent.size(1);
  auto part = video;
  part.latent = take(video.latent, "latent", 1, tile.keep, tokens);
  part.timesteps = take(video.timesteps, "timesteps", 1, tile.keep, tokens);
  part.positions = tile.positions;
  if (video.keyframes_mask)
    part.keyframes_mask = take(*video.keyframes_mask, "keyframes_mask", 1, tile.keep, tokens);
  if (video.denoise_mask) part.denoise_mask = take(*video.denoise_mask, "denoise_mask", 1, tile.keep, tokens);
  if (video.attention_mask) {
    const auto rows = take(*video.attention_mask, "attention_mask", 1, tile.keep, tokens);
    part.attention_mask = take(rows, "attention_mask", 2, tile.keep, tokens);
  }
  return part;
}

void blend(at::Tensor& sum, const at::Tensor& result, const TileTokens& tile) {
  if (sum.dim() != 3 || result.dim() != 3 || sum.size(0) != result.size(0) || sum.size(2) != result.size(2) ||
      result.size(1) != tile.keep.numel()) {
    fail(Status::InvalidArgument,
         "A tile result of shape [{}] does not fit a blend of shape [{}] with {} tokens. "
         "Blend what the model returned for the sliced modality.",
         fmt::join(result.sizes(), ", "), fmt::join(sum.sizes(), ", "), tile.keep.numel());
  }
  sum.index_add_(1, tile.keep, result * tile.weights.to(result.scalar_type()).view({1, -1, 1}));
}

}  // namespace ltx::transformer
