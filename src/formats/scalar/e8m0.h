// e8m0: 2^(b − 127), a scale without sign or zero; 255 is NaN (spec 08 §1).
#pragma once
#include "formats/scalar/bits.h"

namespace ltx::formats::scalar {

constexpr uint32_t kE8m0Nan = 255;

LTX_SCALAR float decode_e8m0(uint8_t code) {
  if (code == 0) return float_of(0x00400000U);  // 2^-127, subnormal
  return float_of(code == kE8m0Nan ? kQuietNan : static_cast<uint32_t>(code) << 23);
}

/// 2^(127 − b): what an element is multiplied by before it is encoded. Exact as a multiplication but for
/// over- and underflow of the product.
LTX_SCALAR float e8m0_inverse(uint8_t code) {
  if (code >= 254) return float_of(code == 254 ? 0x00400000U : kQuietNan);
  return float_of((254U - code) << 23);
}

}  // namespace ltx::formats::scalar
