// Noise levels from 1 down to 0 (spec 06 §8). All are F32 tensors on the CPU with steps + 1 entries.
#pragma once
#include <ATen/ATen.h>

#include <cstdint>
#include <optional>
#include <string_view>

namespace ltx::diffusion {

inline constexpr int64_t kDefaultScheduleTokens = 4096;

struct Ltx2Schedule {
  int64_t tokens = kDefaultScheduleTokens;  // of the target's latent; only the HQ recipe passes its own
  double max_shift = 2.05, base_shift = 0.95;
  bool stretch = true;
  double terminal = 0.1;  // the last level above 0, with `stretch`
};
at::Tensor ltx2_schedule(int64_t steps, const Ltx2Schedule& options = {});

struct LinearQuadraticSchedule {
  double threshold_noise = 0.025;
  std::optional<int64_t> linear_steps;  // steps / 2
};
at::Tensor linear_quadratic_schedule(int64_t steps, const LinearQuadraticSchedule& options = {});

/// May have fewer levels than asked for: equal ones are dropped.
at::Tensor beta_schedule(int64_t steps, double alpha = 0.6, double beta = 0.6);

/// "DISTILLED", "STAGE_2_DISTILLED", "TDP_DISTILLED", "HDR_STAGE_2", "DFR_TEMPORAL".
at::Tensor fixed_schedule(std::string_view name);

/// Refuses what no loop can run: not 1-D floating point, under two levels, not finite, negative or not
/// strictly decreasing.
void check_schedule(const at::Tensor& sigmas, std::string_view origin);

}  // namespace ltx::diffusion
