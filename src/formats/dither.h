// Adding to unscaled fp8 weights with noise in place of rounding, so that small additions survive on average
// (spec 08 §5.5).
#pragma once
#include <ATen/ATen.h>

namespace ltx::formats {

struct Dithered {
  at::Tensor values;  // BF16: sum plus noise of half a step
  at::Tensor codes;   // the same rounded to the dtype of the codes that came in
};

/// codes (Float8_e4m3fn or Float8_e5m2) + delta (BF16, same shape); element i in row-major order draws
/// uniform(seed, first + i): `first` is not 0 for rows of a larger matrix. Deterministic, equal on every
/// device.
Dithered add_with_dither(const at::Tensor& codes, const at::Tensor& delta, uint64_t seed = 0,
                         int64_t first = 0);

/// U(seed, index) in [0, 1): the first word of Philox-4x32-10.
float uniform(uint64_t seed, uint32_t index);

}  // namespace ltx::formats
