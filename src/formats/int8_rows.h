// Rows of int8 codes, for weights, filters and activations. Used by their sources only.
#pragma once
#include "formats/activations.h"
#include "formats/integer_launch.h"

namespace ltx::formats::integer {

/// Codes of x, whose last axis is a row, and the scale of each row; or of all, where `scale` F32 [1] is
/// given.
Quantized encode_int8_rows(const at::Tensor& x, Int8Rule rule, Rounding rounding, bool unsigned_codes = false,
                           const at::Tensor& scale = {});
/// codes · scale into `out`; `scale` has an element per row of the first axis, or one.
void decode_int8_rows(const at::Tensor& codes, const at::Tensor& scale, const at::Tensor& out);

/// The dtype that a reference's formula rounds to, and no rounding of ours.
inline Rounding reference_rounding(const at::Tensor& x, bool reference) {
  return reference ? rounding_of(x) : Rounding::Float;
}

}  // namespace ltx::formats::integer
