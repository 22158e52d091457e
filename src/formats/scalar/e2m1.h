// e2m1, the four-bit float (spec 08 §1): codes 0 … 7 are 0, 0.5, 1, 1.5, 2, 3, 4, 6; bit 3 is the sign.
#pragma once
#include "formats/scalar/bits.h"

namespace ltx::formats::scalar {

/// A magnitude has a code of at least k if its bits exceed limit k: ties go to the even code.
enum E2m1Limit : uint32_t {
  kE2m1Limit1 = 0x3e800000,  // 0.25
  kE2m1Limit2 = 0x3f3fffff,  // just below 0.75
  kE2m1Limit3 = 0x3fa00000,  // 1.25
  kE2m1Limit4 = 0x3fdfffff,  // just below 1.75
  kE2m1Limit5 = 0x40200000,  // 2.5
  kE2m1Limit6 = 0x405fffff,  // just below 3.5
  kE2m1Limit7 = 0x40a00000,  // 5
};

/// To nearest even, saturating; NaN becomes +6 as in hardware.
LTX_SCALAR uint8_t encode_e2m1(float value) {
  const uint32_t bits = bits_of(value), magnitude = bits & kMagnitude;
  uint32_t code = 0;
  code += magnitude > kE2m1Limit1;
  code += magnitude > kE2m1Limit2;
  code += magnitude > kE2m1Limit3;
  code += magnitude > kE2m1Limit4;
  code += magnitude > kE2m1Limit5;
  code += magnitude > kE2m1Limit6;
  code += magnitude > kE2m1Limit7;
  return static_cast<uint8_t>(code | (magnitude > kInfinity ? 0U : bits >> 31 << 3));
}

/// Of the low four bits.
LTX_SCALAR float decode_e2m1(uint8_t code) {
  const uint32_t magnitude = code & 7U, sign = static_cast<uint32_t>(code & 8U) << 28;
  const uint32_t normal = (magnitude << 22) + (126U << 23);
  return float_of((magnitude > 1 ? normal : magnitude * power_of_two(-1)) | sign);
}

}  // namespace ltx::formats::scalar
