// Four e4m3 codes whose bits 5 and 6 are zero, in three bytes (spec 08 §13.2).
#pragma once
#include "formats/scalar/bits.h"

namespace ltx::formats::scalar {

LTX_SCALAR void pack_fp6(const uint8_t codes[4], uint8_t packed[3]) {
  uint32_t all = 0;
  for (int i = 0; i < 4; ++i) all = all << 6 | static_cast<uint32_t>(codes[i] >> 7) << 5 | (codes[i] & 0x1fU);
  for (int i = 0; i < 3; ++i) packed[i] = static_cast<uint8_t>(all >> (16 - 8 * i));
}

LTX_SCALAR void unpack_fp6(const uint8_t packed[3], uint8_t codes[4]) {
  const uint32_t all =
      static_cast<uint32_t>(packed[0]) << 16 | static_cast<uint32_t>(packed[1]) << 8 | packed[2];
  for (int i = 0; i < 4; ++i) {
    const uint32_t value = all >> (18 - 6 * i);
    codes[i] = static_cast<uint8_t>((value & 0x20U) << 2 | (value & 0x1fU));
  }
}

}  // namespace ltx::formats::scalar
