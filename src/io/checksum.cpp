#include "io/checksum.h"

#include <cstring>

namespace ltx::io {
namespace {

constexpr uint64_t kOdd = 0x9E3779B97F4A7C15;

uint64_t word(const std::byte* from, size_t bytes = 8) {
  uint64_t value = 0;
  std::memcpy(&value, from, bytes);
  return value;
}

/// The finaliser of splitmix64: a bijection, so that no difference is lost.
uint64_t mix(uint64_t value) {
  value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9;
  value = (value ^ (value >> 27)) * 0x94D049BB133111EB;
  return value ^ (value >> 31);
}

}  // namespace

uint64_t checksum(std::span<const std::byte> bytes) {
  // Four lanes that do not wait for each other; each step is a bijection of its lane for a given word.
  uint64_t lanes[4] = {kOdd, 2 * kOdd, 3 * kOdd, 4 * kOdd};
  size_t at = 0;
  for (; at + 32 <= bytes.size(); at += 32)
    for (size_t i = 0; i < 4; ++i) {
      uint64_t lane = lanes[i] ^ word(bytes.data() + at + 8 * i);
      lane *= kOdd;
      lanes[i] = lane ^ (lane >> 32);
    }
  uint64_t sum = bytes.size();
  for (const auto lane : lanes) sum = mix(sum ^ lane) + kOdd;
  for (; at < bytes.size(); at += 8) {
    const size_t rest = bytes.size() - at < 8 ? bytes.size() - at : 8;
    sum = mix(sum ^ word(bytes.data() + at, rest)) + kOdd;
  }
  return mix(sum);
}

}  // namespace ltx::io
