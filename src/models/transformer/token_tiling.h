// Tiles of a video modality: which tokens each sees and how their results are blended (spec 02 §10).
#pragma once
#include <array>
#include <vector>

#include "latents/modality.h"

namespace ltx::transformer {

/// Along one axis of the latent grid; the overlap is in cells.
struct AxisTiling {
  int64_t num_tiles = 1, overlap = 0;
};

/// Frames, height, width.
using GridTiling = std::array<AxisTiling, 3>;
using Grid = std::array<int64_t, 3>;

/// Cells [begin, end) of one axis with the lengths of the ramps at both ends.
struct AxisTile {
  int64_t begin = 0, end = 0, left_ramp = 0, right_ramp = 0;
  int64_t length() const { return end - begin; }
  /// [length] fp32, 1 inside, rising and falling over the ramps.
  at::Tensor weights() const;
};

/// The tiles of an axis of `length` cells. Throws InvalidArgument if they do not fit.
std::vector<AxisTile> tile_axis(int64_t length, const AxisTiling& tiling, const char* axis);

struct TokenTile {
  std::array<AxisTile, 3> axes;
  at::Tensor generated;      // [g] int64: the tile's tokens among the generated ones
  at::Tensor blend_weights;  // [g] fp32
};

/// The tokens of one tile within a sequence: its generated ones and the conditioning tokens that it keeps.
struct TileTokens {
  at::Tensor keep;       // [k] int64
  at::Tensor positions;  // [B, 3, k, 2]
  at::Tensor weights;    // [k] fp32: blend weights, then 1 / (tiles that keep the token)
};

class TokenTiling {
 public:
  /// `grid`: the target's latent frames, rows and columns, whose tokens come first in the sequence.
  TokenTiling(const Grid& grid, const GridTiling& tiling, bool normalize_positions = true);

  const std::vector<TokenTile>& tiles() const { return tiles_; }

  /// The tokens of every tile for positions [B, 3, T, 2].
  std::vector<TileTokens> select(const at::Tensor& positions) const;

 private:
  int64_t generated_;  // tokens of the target
  bool normalize_positions_;
  std::vector<TokenTile> tiles_;
};

/// The part of a modality that a tile sees. timesteps must be per token and the attention mask dense.
latents::Modality slice(const latents::Modality& video, const TileTokens& tile);

/// sum[B, T, C] += result [B, k, C] · weights, in the dtype of the result.
void blend(at::Tensor& sum, const at::Tensor& result, const TileTokens& tile);

}  // namespace ltx::transformer
