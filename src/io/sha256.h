// SHA-256 (FIPS 180-4), for digests of latents and files.
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace ltx::io {

class Sha256 {
 public:
  using Digest = std::array<uint8_t, 32>;

  Sha256();
  void update(std::span<const std::byte> bytes);
  /// Ends the message; the object is used up.
  Digest finish();

  static Digest of(std::span<const std::byte> bytes);

 private:
  void compress(const uint8_t* block);

  std::array<uint32_t, 8> state_;
  std::array<uint8_t, 64> rest_{};
  uint64_t length_ = 0;  // bytes so far
};

/// Lower-case hexadecimal digits.
std::string hex(const Sha256::Digest& digest);

}  // namespace ltx::io
