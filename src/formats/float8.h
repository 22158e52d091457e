// Single values in the 8-bit floating formats: e4m3 and e5m2 without a scale (spec 08 §1).
#pragma once
#include <ATen/ATen.h>

namespace ltx::formats {

/// What becomes of a value beyond the largest finite one.
enum class Overflow {
  Saturate,  // the largest finite value, for infinities too
  Cast,      // as PyTorch's cast up to 2.12: e4m3 yields NaN above 464, e5m2 an infinity
};

/// x (F32 or BF16) to `dtype`, Float8_e4m3fn or Float8_e5m2; to nearest even, the sign of zero and NaN are
/// kept.
at::Tensor encode_float8(const at::Tensor& x, at::ScalarType dtype, Overflow overflow = Overflow::Saturate);

/// Float8_e4m3fn or Float8_e5m2 to F32 or BF16, exactly.
at::Tensor decode_float8(const at::Tensor& codes, at::ScalarType dtype = at::kFloat);

}  // namespace ltx::formats
