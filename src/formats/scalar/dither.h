// Philox-4x32-10 and the rounding with noise of spec 08 §5.5.
#pragma once
#include "formats/scalar/float8.h"

namespace ltx::formats::scalar {

LTX_SCALAR uint32_t philox_word(uint64_t seed, uint32_t index) {
  uint32_t c0 = index, c1 = 0, c2 = 0, c3 = 0;
  uint32_t k0 = static_cast<uint32_t>(seed), k1 = static_cast<uint32_t>(seed >> 32);
  for (int round = 0; round < 10; ++round) {
    const uint64_t a = 0xD2511F53ULL * c0, b = 0xCD9E8D57ULL * c2;
    c0 = static_cast<uint32_t>(b >> 32) ^ c1 ^ k0;
    c1 = static_cast<uint32_t>(b);
    c2 = static_cast<uint32_t>(a >> 32) ^ c3 ^ k1;
    c3 = static_cast<uint32_t>(a);
    k0 += 0x9E3779B9U;
    k1 += 0xBB67AE85U;
  }
  return c0;
}

/// In [0, 1).
LTX_SCALAR float philox_uniform(uint64_t seed, uint32_t index) {
  const uint32_t word = philox_word(seed, index);
  const uint32_t folded = word & kSign ? ~word : word;  // −z − 1 of a negative z
  return static_cast<float>(static_cast<int32_t>(folded)) * 4.6566127342e-10F;
}

struct DitheredCode {
  uint16_t value;  // bf16
  uint8_t code;
};

template <class F>
LTX_SCALAR DitheredCode add_with_dither(uint8_t code, uint16_t delta, uint64_t seed, int64_t index) {
  const int32_t bias = static_cast<int32_t>(F::kBias), mantissa = static_cast<int32_t>(F::kMantissa);
  // Sums of fp16 numbers have one rounding although they pass through fp32.
  const float sum = round_to_fp16(decode_float8<F>(code) + round_to_fp16(from_bf16(delta)));
  const uint32_t magnitude = bits_of(sum) & kMagnitude;

  // The step of the format at the sum: the exponent of fp16, whose smallest is −14, made one of the format.
  int32_t exponent = static_cast<int32_t>(magnitude >> 23) - 127;
  exponent = exponent < -14 ? -14 : (exponent > 16 ? 16 : exponent);
  int32_t field = exponent + bias;
  field = field < 0 ? 0 : (field > 2 * bias + 1 ? 2 * bias + 1 : field);
  // As an exponent field of fp16 (below 31), where 0 stands for no step at all.
  const int32_t step = (field > 0 ? field : 1) - bias - mantissa + 15;
  const float ulp =
      magnitude != 0 && step > 0 ? float_of(static_cast<uint32_t>(step - 15 + 127) << 23) : 0.0F;

  const float noise = (philox_uniform(seed, static_cast<uint32_t>(index)) - 0.5F) * ulp;
  const uint16_t value = bf16_of(sum + noise);
  return {value, encode_float8<F>(from_bf16(value))};
}

}  // namespace ltx::formats::scalar
