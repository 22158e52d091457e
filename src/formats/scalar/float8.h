// e4m3 and e5m2: encode, decode (spec 08 §1).
#pragma once
#include "formats/scalar/bits.h"

namespace ltx::formats::scalar {

struct E4m3 {
  static constexpr uint32_t kMantissa = 3, kBias = 7;
  static constexpr uint32_t kLargest = 0x7e;  // 448
  static constexpr uint32_t kBeyond = 0x7f;   // what rounding beyond the largest gives: NaN
};
struct E5m2 {
  static constexpr uint32_t kMantissa = 2, kBias = 15;
  static constexpr uint32_t kLargest = 0x7b;  // 57344
  static constexpr uint32_t kBeyond = 0x7c;   // Inf
};

constexpr uint32_t kNanCode = 0x7f;

/// What the encoders of a format share, the vectorised one too.
template <class F>
struct Float8 {
  static constexpr uint32_t kShift = 23 - F::kMantissa;
  static constexpr uint32_t kSmallestNormal = power_of_two(1 - static_cast<int>(F::kBias));
  /// A power of two whose fp32 neighbours are one subnormal step of the format away.
  static constexpr uint32_t kSubnormalGrid = power_of_two(24 - static_cast<int>(F::kBias + F::kMantissa));
  /// Exponent fields differ by this.
  static constexpr uint32_t kRebias = (127 - F::kBias) << 23;
};

/// The code without its sign bit. To nearest even. `saturate`: values beyond the range and infinities yield
/// the largest finite value; otherwise they yield what PyTorch's cast gives. NaN stays NaN.
template <class F>
LTX_SCALAR uint32_t encode_magnitude(float value, bool saturate = true) {
  typedef Float8<F> C;
  const uint32_t magnitude = bits_of(value) & kMagnitude;
  if (magnitude > kInfinity) return kNanCode;
  uint32_t code = 0;
  if (magnitude < C::kSmallestNormal) {
    code = bits_of(float_of(magnitude) + float_of(C::kSubnormalGrid)) - C::kSubnormalGrid;
  } else {
    const uint32_t half = (1U << (C::kShift - 1)) - 1U + ((magnitude >> C::kShift) & 1U);
    code = (magnitude + half - C::kRebias) >> C::kShift;
  }
  const uint32_t top = saturate ? F::kLargest : F::kBeyond;
  return code < top ? code : top;
}

LTX_SCALAR uint32_t sign_of_code(float value) {
  return (bits_of(value) >> 24) & 0x80U;
}

template <class F>
LTX_SCALAR uint8_t encode_float8(float value, bool saturate = true) {
  return static_cast<uint8_t>(encode_magnitude<F>(value, saturate) | sign_of_code(value));
}

/// Of a product or quotient of x and a positive factor. The sign is that of x: devices disagree about the
/// sign of a NaN that arithmetic yields.
template <class F>
LTX_SCALAR uint8_t encode_scaled(float scaled, float x, bool saturate = true) {
  return static_cast<uint8_t>(encode_magnitude<F>(scaled, saturate) | sign_of_code(x));
}

/// Exact.
template <class F>
LTX_SCALAR float decode_float8(uint8_t code) {
  typedef Float8<F> C;
  const uint32_t magnitude = code & 0x7fU, sign = static_cast<uint32_t>(code & 0x80U) << 24;
  if (magnitude > F::kLargest) {
    const bool infinite = F::kBeyond != kNanCode && magnitude == F::kBeyond;
    return float_of((infinite ? kInfinity : kQuietNan) | sign);
  }
  if (magnitude >> F::kMantissa) return float_of(((magnitude << C::kShift) + C::kRebias) | sign);
  const uint32_t shifted = C::kSmallestNormal | (magnitude << C::kShift);
  return float_of(bits_of(float_of(shifted) - float_of(C::kSmallestNormal)) | sign);
}

LTX_SCALAR float decode_e4m3(uint8_t code) {
  return decode_float8<E4m3>(code);
}

}  // namespace ltx::formats::scalar
