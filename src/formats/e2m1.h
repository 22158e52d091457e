// Four-bit floating values, one per byte (spec 08 §1).
#pragma once
#include <ATen/ATen.h>

namespace ltx::formats {

/// F32 or BF16 to codes 0 … 15 in U8; to nearest even, saturating, NaN becomes +6.
at::Tensor encode_e2m1(const at::Tensor& x);
/// Codes 0 … 15 in U8 to F32.
at::Tensor decode_e2m1(const at::Tensor& codes);

}  // namespace ltx::formats
