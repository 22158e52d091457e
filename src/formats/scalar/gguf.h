// The value of element i of a GGUF block of each type (spec 08 §14). The CUDA kernel is these functions; the
// CPU rows form the same products sixteen at a time.
#pragma once
#include "formats/scalar/integer.h"

namespace ltx::formats::integer {

LTX_SCALAR float f16_at(const uint8_t* p) {
  return from_f16(static_cast<uint16_t>(p[0] | p[1] << 8));
}
LTX_SCALAR uint32_t u16_at(const uint8_t* p) {
  return static_cast<uint32_t>(p[0] | p[1] << 8);
}
LTX_SCALAR float signed_at(const uint8_t* p) {
  return static_cast<float>(static_cast<int8_t>(*p));
}
/// Elements 0–15 lie in the low nibbles of 16 bytes, 16–31 in the high ones.
LTX_SCALAR uint32_t half_nibble(const uint8_t* qs, int i) {
  return (i < 16 ? qs[i] : qs[i - 16] >> 4) & 15U;
}

#define LTX_IQ4_LEVELS -127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113
LTX_SCALAR float iq4_level(uint32_t code) {
  constexpr int8_t kLevels[16] = {LTX_IQ4_LEVELS};
  return static_cast<float>(kLevels[code]);
}

/// Six-bit scale and minimum of sub-block j of Q4_K and Q5_K.
struct ScaleMinimum {
  uint32_t scale, minimum;
};
LTX_SCALAR ScaleMinimum scale_minimum(const uint8_t* s, int j) {
  if (j < 4) return {s[j] & 63U, s[j + 4] & 63U};
  return {(s[j + 4] & 15U) | (static_cast<uint32_t>(s[j - 4] >> 6) << 4),
          static_cast<uint32_t>(s[j + 4] >> 4) | (static_cast<uint32_t>(s[j] >> 6) << 4)};
}
/// Scale k = 0…15 of Q3_K, −32…31.
LTX_SCALAR int q3_scale(const uint8_t* s, int k) {
  const uint32_t nibble = (k < 8 ? s[k] : s[k - 8] >> 4) & 15U;
  const uint32_t high = (s[8 + k % 4] >> (2 * (k / 4))) & 3U;
  return static_cast<int>(nibble | high << 4) - 32;
}
/// Scale of sub-block b of IQ4_XS, −32…31.
LTX_SCALAR int iq4_scale(const uint8_t* block, int b) {
  const uint32_t low = (block[4 + b / 2] >> (4 * (b % 2))) & 15U, high = (u16_at(block + 2) >> (2 * b)) & 3U;
  return static_cast<int>(low | high << 4) - 32;
}

struct Q8_0 {
  static constexpr int kBytes = 34, kElements = 32;
  LTX_SCALAR float value(const uint8_t* b, int i) { return signed_at(b + 2 + i) * f16_at(b); }
};
struct Q4_0 {
  static constexpr int kBytes = 18, kElements = 32;
  LTX_SCALAR float value(const uint8_t* b, int i) {
    return (static_cast<float>(half_nibble(b + 2, i)) - 8.0F) * f16_at(b);
  }
};
struct Q4_1 {
  static constexpr int kBytes = 20, kElements = 32;
  LTX_SCALAR float value(const uint8_t* b, int i) {
    return static_cast<float>(half_nibble(b + 4, i)) * f16_at(b) + f16_at(b + 2);
  }
};
/// Bit i of the four bytes at `qh`, as bit 4.
LTX_SCALAR uint32_t fifth_bit(const uint8_t* qh, int i) {
  return ((static_cast<uint32_t>(qh[i / 8]) >> (i % 8)) & 1U) << 4;
}
struct Q5_0 {
  static constexpr int kBytes = 22, kElements = 32;
  LTX_SCALAR float value(const uint8_t* b, int i) {
    return (static_cast<float>(half_nibble(b + 6, i) | fifth_bit(b + 2, i)) - 16.0F) * f16_at(b);
  }
};
struct Q5_1 {
  static constexpr int kBytes = 24, kElements = 32;
  LTX_SCALAR float value(const uint8_t* b, int i) {
    return static_cast<float>(half_nibble(b + 8, i) | fifth_bit(b + 4, i)) * f16_at(b) + f16_at(b + 2);
  }
};
/// Sub-block j's nibble i of Q4_K and Q5_K: 32 bytes hold two sub-blocks.
LTX_SCALAR uint32_t pair_nibble(const uint8_t* qs, int j, int i) {
  return (qs[j / 2 * 32 + i] >> (4 * (j % 2))) & 15U;
}
struct Q4_K {
  static constexpr int kBytes = 144, kElements = 256;
  LTX_SCALAR float value(const uint8_t* b, int i) {
    const int j = i / 32;
    const ScaleMinimum s = scale_minimum(b + 4, j);
    const float q = static_cast<float>(pair_nibble(b + 16, j, i % 32));
    return f16_at(b) * static_cast<float>(s.scale) * q - f16_at(b + 2) * static_cast<float>(s.minimum);
  }
};
struct Q5_K {
  static constexpr int kBytes = 176, kElements = 256;
  LTX_SCALAR float value(const uint8_t* b, int i) {
    const int j = i / 32;
    const ScaleMinimum s = scale_minimum(b + 4, j);
    const uint32_t high = ((static_cast<uint32_t>(b[16 + i % 32]) >> j) & 1U) << 4;
    const float q = static_cast<float>(pair_nibble(b + 48, j, i % 32) | high);
    return f16_at(b) * static_cast<float>(s.scale) * q - f16_at(b + 2) * static_cast<float>(s.minimum);
  }
};
struct Q6_K {
  static constexpr int kBytes = 210, kElements = 256;
  LTX_SCALAR float value(const uint8_t* b, int i) {
    const int half = i / 128, quarter = i / 32 % 4, l = i % 32;
    const uint32_t low = (b[64 * half + 32 * (quarter % 2) + l] >> (4 * (quarter / 2))) & 15U;
    const uint32_t high = (static_cast<uint32_t>(b[128 + 32 * half + l] >> (2 * quarter)) & 3U) << 4;
    const float scale = f16_at(b + 208) * signed_at(b + 192 + i / 16);
    return scale * (static_cast<float>(low | high) - 32.0F);
  }
};
struct Q3_K {
  static constexpr int kBytes = 110, kElements = 256;
  LTX_SCALAR float value(const uint8_t* b, int i) {
    const int half = i / 128, j = i / 32 % 4, l = i % 32;
    const uint32_t low = (b[32 + 32 * half + l] >> (2 * j)) & 3U;
    const uint32_t high = ((static_cast<uint32_t>(b[l]) >> (4 * half + j)) & 1U) << 2;
    const float scale = f16_at(b + 108) * static_cast<float>(q3_scale(b + 96, i / 16));
    return scale * (static_cast<float>(low | high) - 4.0F);
  }
};
struct Q2_K {
  static constexpr int kBytes = 84, kElements = 256;
  LTX_SCALAR float value(const uint8_t* b, int i) {
    const int half = i / 128, j = i / 32 % 4, l = i % 32;
    const float q = static_cast<float>((b[16 + 32 * half + l] >> (2 * j)) & 3U);
    const uint32_t s = b[i / 16];
    return f16_at(b + 80) * static_cast<float>(s & 15U) * q - f16_at(b + 82) * static_cast<float>(s >> 4);
  }
};
struct Iq4Nl {
  static constexpr int kBytes = 18, kElements = 32;
  LTX_SCALAR float value(const uint8_t* b, int i) { return f16_at(b) * iq4_level(half_nibble(b + 2, i)); }
};
struct Iq4Xs {
  static constexpr int kBytes = 136, kElements = 256;
  LTX_SCALAR float value(const uint8_t* b, int i) {
    const float scale = f16_at(b) * static_cast<float>(iq4_scale(b, i / 32));
    return scale * iq4_level(half_nibble(b + 8 + i / 32 * 16, i % 32));
  }
};

/// Calls body(a type of this file) for type 0…11, in the order of Format from Q8_0.
template <class Body>
static inline void with_gguf_type(int type, Body&& body) {
  switch (type) {
    case 0:
      return body(Q8_0{});
    case 1:
      return body(Q6_K{});
    case 2:
      return body(Q5_K{});
    case 3:
      return body(Q4_K{});
    case 4:
      return body(Q4_0{});
    case 5:
      return body(Q4_1{});
    case 6:
      return body(Q5_0{});
    case 7:
      return body(Q5_1{});
    case 8:
      return body(Q3_K{});
    case 9:
      return body(Q2_K{});
    case 10:
      return body(Iq4Nl{});
    default:
      return body(Iq4Xs{});
  }
}

}  // namespace ltx::formats::integer
