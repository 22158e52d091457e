// The number formats that a weight can be stored in (spec 08). Values equal ltx_tensor_format of ltx_c.h.
#pragma once
#include <cstdint>
#include <string_view>

namespace ltx::formats {

enum class Format : int32_t {
  Unquantized = 0,  // BF16, F16 or F32 as stored
  Fp8Unscaled = 10,
  Fp8PerTensor = 11,
  Fp8PerRow = 12,
  Mxfp8 = 14,
  Fp8Block128 = 15,
  Fp6Block128 = 16,
  Nvfp4 = 20,
  Int8 = 30,
  Int4 = 40,
  Nf4 = 41,
  Q8_0 = 50,
  Q6_K = 51,
  Q5_K = 52,
  Q4_K = 53,
  Q4_0 = 54,
  Q4_1 = 55,
  Q5_0 = 56,
  Q5_1 = 57,
  Q3_K = 58,
  Q2_K = 59,
  Iq4Nl = 60,
  Iq4Xs = 61,
};

/// The names of spec 08 §17.1: "unquantized", "fp8-per-row", "gguf-Q4_K" …
std::string_view name_of(Format format);
/// Throws InvalidArgument with the names that exist.
Format format_named(std::string_view name);
inline bool is_gguf(Format format) {
  return format >= Format::Q8_0;
}

}  // namespace ltx::formats
