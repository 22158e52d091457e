// Guidance of the two streams: its parameters, which passes they need, how the passes are combined (spec 06
// §9.1).
#pragma once
#include <ATen/ATen.h>

#include <cstdint>
#include <limits>
#include <utility>
#include <vector>

namespace ltx::diffusion {

/// The defaults are no guidance.
struct GuiderParams {
  double cfg_scale = 1, stg_scale = 0, rescale_scale = 0, modality_scale = 1;
  int64_t skip_step = 0;
  std::vector<int64_t> stg_blocks;

  bool needs_uncond() const;
  bool needs_perturbed() const;
  bool needs_isolated() const;
  /// Steps that reuse the last prediction.
  bool skips(int64_t step) const;
};

/// x0 predictions of one stream by pass; undefined where a pass did not run, which counts as 0.
struct Passes {
  at::Tensor cond, uncond, ptb, mod;  // [B, T, C]
};

/// The guided prediction, in cond's dtype.
at::Tensor combine(const GuiderParams& guider, const Passes& passes);

/// Guider parameters by noise level: those of the smallest bound that is at least sigma, else of the largest
/// bound.
class GuidanceByNoise {
 public:
  /// The same parameters at every level.
  GuidanceByNoise(GuiderParams params = {});  // NOLINT: a constant is a table of one row
  /// (upper bound of sigma, parameters) in any order.
  explicit GuidanceByNoise(std::vector<std::pair<double, GuiderParams>> bins);

  const GuiderParams& at(double sigma) const;

 private:
  std::vector<std::pair<double, GuiderParams>> bins_;
};

}  // namespace ltx::diffusion
