// The arithmetic of the integer formats, element by element: every rounding in its place. The CUDA kernels
// are these functions; the CPU rows are the same expressions sixteen at a time (spec 08 §9, §10).
//
// Internal linkage throughout: the CPU rows are compiled once per instruction set.
#pragma once
#include "formats/scalar/bits.h"

namespace ltx::formats::integer {

using scalar::bits_of, scalar::float_of, scalar::bf16_of, scalar::from_bf16, scalar::kInfinity,
    scalar::kQuietNan, scalar::round_to_bf16, scalar::round_to_fp16;

LTX_SCALAR bool finite(float v) {
  return (bits_of(v) & kInfinity) != kInfinity;
}

/// A NaN as the plain one: rounding its products to bf16 by adding to their bits leaves them NaNs.
LTX_SCALAR float plain(float v) {
  return v == v ? v : float_of(kQuietNan);
}

/// A NaN comes out as the plain one.
LTX_SCALAR float from_f16(uint16_t h) {
  const uint32_t sign = static_cast<uint32_t>(h & 0x8000U) << 16, magnitude = h & 0x7fffU;
  if (magnitude > 0x7c00U) return float_of(kQuietNan);
  if (magnitude == 0x7c00U) return float_of(sign | kInfinity);
  if (magnitude < 0x0400U)
    return float_of(sign | bits_of(static_cast<float>(magnitude) * 5.9604644775390625e-8F));
  return float_of(sign | ((magnitude << 13) + (112U << 23)));
}
/// The dtype of the tensor that a formula "in the tensor dtype" rounds to.
enum class Rounding : int32_t { Float, BFloat16, Half };
LTX_SCALAR float rounded(float v, Rounding to) {
  if (to == Rounding::BFloat16) return round_to_bf16(v);
  if (to == Rounding::Half) return round_to_fp16(v);
  return v;
}

/// To the nearest integer, ties to even, for |v| < 2²².
LTX_SCALAR float nearest(float v) {
  return (v + 12582912.0F) - 12582912.0F;
}
/// NaN gives `low`.
LTX_SCALAR float clamped(float v, float low, float high) {
  v = v > low ? v : low;
  return v < high ? v : high;
}
LTX_SCALAR float larger(float a, float b) {
  return b > a ? b : a;
}

// int8.

constexpr float kEpsilon = 1.1920928955078125e-7F;

/// amax/127.5, rounded to the tensor's dtype in the reference; a NaN in amax stays.
LTX_SCALAR float int8_row_scale(float amax, Rounding rounding) {
  return larger(rounded(amax / 127.5F, rounding), kEpsilon);
}
/// Of a convolution filter: amax is bounded, not the scale.
LTX_SCALAR float int8_filter_scale(float amax) {
  return larger(amax, kEpsilon) / 127.5F;
}
LTX_SCALAR float int8_tensorwise_scale(float amax) {
  return larger(amax / 127.0F, 1e-30F);
}
/// The divisor of a tensor-wise quotient: the scale in the tensor's dtype, never zero.
LTX_SCALAR float int8_divisor(float scale, Rounding rounding) {
  const float divisor = rounded(scale, rounding);
  return divisor == 0.0F ? (rounding == Rounding::Half ? 6.103515625e-5F : 1.1754943508222875e-38F) : divisor;
}
LTX_SCALAR int8_t int8_code(float scaled) {
  return static_cast<int8_t>(static_cast<int32_t>(nearest(clamped(scaled, -128.0F, 127.0F))));
}
LTX_SCALAR int8_t int8_code_by_quotient(float v, float divisor, Rounding rounding) {
  return int8_code(rounded(v / divisor, rounding));
}
LTX_SCALAR float int8_value(int8_t code, float scale) {
  return static_cast<float>(code) * scale;
}

// int4. A group's scale and centre as stored (BF16), and what its codes are formed with.

struct Int4Group {
  uint16_t scale, zero;  // BF16
  float code_scale, code_zero;
};

constexpr float kSmallestNormal = 1.1754943508222875e-38F;  // 2⁻¹²⁶

/// `low`, `high`: the group's extremes. `reference`: torchao's plain variant, whose codes are formed with the
/// unrounded values.
LTX_SCALAR Int4Group int4_group(float low, float high, bool reference) {
  Int4Group g;
  if (reference) {
    g.code_scale = larger(high - low, 1e-6F) / 15.0F;
    g.code_zero = low + 8.0F * g.code_scale;
    g.scale = bf16_of(g.code_scale);
    g.zero = bf16_of(g.code_zero);
    return g;
  }
  g.scale = bf16_of(larger((high - low) / 15.0F, kSmallestNormal));
  g.code_scale = from_bf16(g.scale);
  g.zero = bf16_of(low + 8.0F * g.code_scale);
  g.code_zero = from_bf16(g.zero);
  return g;
}
LTX_SCALAR Int4Group int4_symmetric_group(float amax) {
  Int4Group g;
  g.scale = bf16_of(larger(amax / 7.5F, kSmallestNormal));
  g.code_scale = from_bf16(g.scale);
  g.zero = 0;
  g.code_zero = 0;
  return g;
}
/// 0…15. The quotient is clamped first: rounding integers to themselves changes nothing.
LTX_SCALAR uint8_t int4_code(float v, const Int4Group& g) {
  return static_cast<uint8_t>(
      static_cast<int32_t>(nearest(clamped((v - g.code_zero) / g.code_scale, -8.0F, 7.0F))) + 8);
}
LTX_SCALAR float int4_value(uint8_t code, float scale, float zero) {
  return (static_cast<float>(code) - 8.0F) * scale + zero;
}
LTX_SCALAR float int4_symmetric_value(uint8_t code, float scale) {
  return (static_cast<float>(code) - 8.0F) * scale;
}

// NF4.

#define LTX_NF4_LEVELS                                                                                \
  -1.0F, -0.6961928009986877F, -0.5250730514526367F, -0.39491748809814453F, -0.28444138169288635F,    \
      -0.18477343022823334F, -0.09105003625154495F, 0.0F, 0.07958029955625534F, 0.16093020141124725F, \
      0.24611230194568634F, 0.33791524171829224F, 0.44070982933044434F, 0.5626170039176941F,          \
      0.7229568362236023F, 1.0F

LTX_SCALAR float nf4_inverse(float amax) {
  return 1.0F / larger(amax, 1e-38F);
}
/// Midpoint of the levels i and i + 1.
LTX_SCALAR float nf4_boundary(int i) {
  constexpr float kLevels[16] = {LTX_NF4_LEVELS};
  return (kLevels[i] + kLevels[i + 1]) * 0.5F;
}
/// A value on a boundary takes the lower code; a product with an infinite inverse of nothing is no value.
LTX_SCALAR uint8_t nf4_code(float v, float inverse) {
  const float u = clamped(v * inverse, -1.0F, 1.0F);
  uint8_t code = 0;
  for (int i = 0; i < 15; ++i) code = static_cast<uint8_t>(code + (u > nf4_boundary(i) ? 1 : 0));
  return code;
}

// The Hadamard matrix of spec 08 §9.3, one digit to the base 4: y = H₄ (a, b, c, d), not yet divided.

/// 1/√group for a power of 4: a power of two.
LTX_SCALAR float rotation_factor(int64_t group) {
  float factor = 1;
  for (; group > 1; group /= 4) factor *= 0.5F;
  return factor;
}

struct Quad {
  float a, b, c, d;
};
LTX_SCALAR Quad hadamard(const Quad& x) {
  const float sum = (x.a + x.d) + (x.b + x.c);
  return {sum - (x.d + x.d), sum - (x.c + x.c), sum - (x.b + x.b), sum - (x.a + x.a)};
}

}  // namespace ltx::formats::integer
