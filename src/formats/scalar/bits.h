// Floating values as bit patterns, for code that runs on the CPU and in CUDA kernels alike. Everything in
// this folder is written in integer and correctly rounded fp32 operations, so that all devices yield equal
// bits (spec 08 §1). The functions are inlined everywhere: a copy compiled for one instruction set must not
// serve another.
#pragma once
#include <cstdint>

#if defined(__CUDACC__)
#define LTX_SCALAR static __host__ __device__ __forceinline__
#define LTX_CONSTANT __host__ __device__ constexpr
#else
#define LTX_SCALAR static inline __attribute__((always_inline))
#define LTX_CONSTANT constexpr
#endif

namespace ltx::formats::scalar {

constexpr uint32_t kMagnitude = 0x7fffffffU, kSign = 0x80000000U, kInfinity = 0x7f800000U,
                   kQuietNan = 0x7fc00000U;

LTX_SCALAR uint32_t bits_of(float value) {
  uint32_t bits;
  __builtin_memcpy(&bits, &value, sizeof bits);
  return bits;
}
LTX_SCALAR float float_of(uint32_t bits) {
  float value;
  __builtin_memcpy(&value, &bits, sizeof value);
  return value;
}

/// 2^exponent, a normal number.
LTX_CONSTANT uint32_t power_of_two(int exponent) {
  return static_cast<uint32_t>(exponent + 127) << 23;
}

/// fp32 to bf16 bits, to nearest even.
LTX_SCALAR uint16_t bf16_of(float value) {
  const uint32_t bits = bits_of(value);
  if ((bits & kMagnitude) > kInfinity) return static_cast<uint16_t>((bits >> 16) | 0x40U);
  return static_cast<uint16_t>((bits + 0x7fffU + ((bits >> 16) & 1U)) >> 16);
}
LTX_SCALAR float from_bf16(uint16_t bits) {
  return float_of(static_cast<uint32_t>(bits) << 16);
}
LTX_SCALAR float round_to_bf16(float value) {
  return from_bf16(bf16_of(value));
}

/// fp32 rounded to what fp16 can hold, to nearest even.
LTX_SCALAR float round_to_fp16(float value) {
  const uint32_t bits = bits_of(value), magnitude = bits & kMagnitude, sign = bits & kSign;
  if (magnitude >= kInfinity) return value;
  if (magnitude < power_of_two(-14)) {  // steps of 2^-24: those of fp32 between 1/2 and 1
    constexpr uint32_t kHalf = power_of_two(-1);
    return float_of(bits_of((float_of(magnitude) + float_of(kHalf)) - float_of(kHalf)) | sign);
  }
  const uint32_t rounded = (magnitude + 0xfffU + ((magnitude >> 13) & 1U)) & ~0x1fffU;
  return float_of((rounded >= power_of_two(16) ? kInfinity : rounded) | sign);
}

}  // namespace ltx::formats::scalar
