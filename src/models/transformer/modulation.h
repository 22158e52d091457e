// Modulation rows, computed once per distinct noise level instead of once per token (spec 02 §7.1, §11).
#pragma once
#include <ATen/ATen.h>

#include "kernels/token_rows.h"

namespace ltx::transformer {

/// The distinct noise levels of the tokens of one stream.
struct Levels {
  at::Tensor values;  // [U], dtype of the timesteps
  at::Tensor index;   // [B·T] int32: the level of each token; undefined if U = 1
};

/// Which tokens share a noise level at every step: those with one value of the denoise mask within a sample.
struct LevelPattern {
  at::Tensor mask;    // [B, T, 1], what the pattern was made from
  at::Tensor tokens;  // [U] int64: a token of the B·T for each level
  at::Tensor index;   // as in Levels
};

/// Reads the mask on the host, so that no step has to look for equal levels on the device. The mask must have
/// B·T elements.
LevelPattern level_pattern(const at::Tensor& mask, int64_t batch, int64_t tokens, at::Device device);

/// timesteps with B·T, B or 1 elements, for `batch` samples of `tokens` tokens. Without a pattern equal
/// levels are looked for, which waits for the device.
Levels distinct_levels(const at::Tensor& timesteps, int64_t batch, int64_t tokens,
                       const LevelPattern* pattern);

/// The sample of each token, [B·T] int32; undefined for one sample.
at::Tensor sample_index(int64_t batch, int64_t tokens, at::Device device);

/// table[r] + timestep output: the rows of one table in one forward.
class Modulation {
 public:
  /// table [K, D]; `timestep` [U, K·D] or undefined (the table alone); `index` as in Levels.
  Modulation(const at::Tensor& table, const at::Tensor& timestep, const at::Tensor& index);

  kernels::TokenRows operator[](int64_t row) const { return {values_.select(1, row), index_}; }

 private:
  at::Tensor values_, index_;  // [U, K, D]
};

}  // namespace ltx::transformer
