// Rotary position embedding of the transformer and the connectors (spec 02 §4.6, 03 §6.3).
#pragma once
#include <ATen/ATen.h>

#include <optional>
#include <string_view>
#include <vector>

namespace ltx::nn {

/// How the channels of a head form pairs: first half with second half, or neighbours.
enum class RopeType { Split, Interleaved };
/// Arithmetic of the frequency grid; everything after it is fp32.
enum class RopeGrid { Float64, Float32 };

/// "split", "interleaved"; nullopt for any other text.
std::optional<RopeType> rope_type_named(std::string_view name);
/// The exact text "float64" selects the fp64 grid, anything else fp32.
RopeGrid rope_grid_named(std::string_view name);

struct RopeSpec {
  int64_t width = 0;  // channels of q and k, all heads
  int64_t heads = 1;
  std::vector<double> max_pos;  // one per position axis
  double theta = 10000.0;
  RopeType type = RopeType::Split;
  RopeGrid grid = RopeGrid::Float64;
};

/// Cosines and sines, token by token: [1 or B, T, width / 2] (split, heads one after the other) or [1 or B,
/// T, width] (interleaved, each value twice).
struct RopeTable {
  RopeType type = RopeType::Split;
  int64_t heads = 1;
  at::Tensor cos, sin;

  bool defined() const { return cos.defined(); }
  /// A split table as attention kernels write it: [1 or B, H, T, d / 2].
  static RopeTable from_heads(const at::Tensor& cos, const at::Tensor& sin);
  /// cos or sin in that form.
  at::Tensor by_head(const at::Tensor& values) const;
};

/// The grid on the CPU, fp32 [width / (2 · axes)]: θ^u · π/2, u from 0 to 1.
at::Tensor rope_frequencies(const RopeSpec& spec);

/// positions [B, n, T] fp32, n = number of max_pos; the table lies on their device. The angles are fp32 in
/// the prescribed order with true divisions on every device; only cos and sin are rounded to `dtype`.
RopeTable rope_table(const RopeSpec& spec, const at::Tensor& positions, at::ScalarType dtype);

/// [start, end) bounds [B, n, T, 2] -> midpoints [B, n, T].
at::Tensor midpoints(const at::Tensor& bounds);

/// x [B, T, width] rotated; a table of batch 1 serves all samples. Differentiable.
at::Tensor apply_rope(const at::Tensor& x, const RopeTable& table);

/// apply_rope(rms_norm(x, weight, eps), table); without a rotation if `table` is null or undefined. May reuse
/// the memory of x when gradients are off: pass what nobody else reads.
at::Tensor norm_rope(at::Tensor x, const at::Tensor& weight, double eps, const RopeTable* table);

}  // namespace ltx::nn
