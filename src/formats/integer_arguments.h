// What the integer formats' rows and kernels work on, as plain memory: shared by the CPU rows and the CUDA
// kernels, which see no tensor types.
#pragma once
#include <cstdint>

#include "formats/arguments.h"
#include "formats/scalar/integer.h"

namespace ltx::formats::integer {

/// amax[row] = max |x|; NaN or Inf if the row holds one.
struct AmaxArguments {
  Element element = Element::Float;
  int64_t rows = 0, columns = 0;
  const void* x = nullptr;
  float* amax = nullptr;
};

enum class Int8Rule : int32_t { Row, Filter, Tensorwise };

/// codes of x; a scale per row is written, or one for all is read.
struct Int8EncodeArguments {
  Element element = Element::Float;
  Int8Rule rule = Int8Rule::Row;
  Rounding rounding = Rounding::Float;  // the "tensor dtype" where a rule rounds to it
  bool scale_given = false;
  uint8_t flip = 0;  // 0x80: codes + 128 as unsigned bytes
  int64_t rows = 0, columns = 0;
  const void* x = nullptr;
  float* scale = nullptr;
  int8_t* codes = nullptr;
};

struct Int8DecodeArguments {
  Element element = Element::Float;  // of out
  int64_t rows = 0, columns = 0;
  const int8_t* codes = nullptr;
  uint8_t flip = 0;
  const float* scale = nullptr;
  int64_t scale_stride = 1;  // 0: one for all rows
  void* out = nullptr;
};

/// A row here is a group; groups follow one another in memory.
struct Int4EncodeArguments {
  Element element = Element::Float;
  bool reference = false;
  int64_t rows = 0, group = 0;
  const void* x = nullptr;
  uint8_t* codes = nullptr;
  uint16_t* scale = nullptr;  // BF16; NaN where the group holds NaN or Inf
  uint16_t* zero = nullptr;   // none: symmetric
};
struct Int4DecodeArguments {
  Element element = Element::Float;
  int64_t rows = 0, group = 0;
  const uint8_t* codes = nullptr;
  const uint16_t* scale = nullptr;
  const uint16_t* zero = nullptr;
  void* out = nullptr;
};

/// A row here is a block of the flat weight; the last one may be short.
struct Nf4EncodeArguments {
  Element element = Element::Float;
  int64_t rows = 0, elements = 0, block = 64;
  const void* x = nullptr;
  uint8_t* codes = nullptr;
  float* amax = nullptr;
};
struct Nf4DecodeArguments {
  Element element = Element::Float;
  int64_t rows = 0, elements = 0, block = 64;
  const uint8_t* codes = nullptr;
  const float* amax = nullptr;
  const float* table = nullptr;  // [16]
  void* out = nullptr;
};

constexpr int64_t kLargestRotation = 16384;

/// A row here is a group of x, times the Hadamard matrix of its size.
struct RotateArguments {
  Element element = Element::Float, out_element = Element::Float;
  int64_t rows = 0, group = 0;
  const void* x = nullptr;  // none: int8 codes under a scale per `groups_per_scale` groups
  const int8_t* codes = nullptr;
  const float* scale = nullptr;
  int64_t groups_per_scale = 1;
  void* out = nullptr;
};

/// In the order of Format, from Q8_0.
constexpr int kGgufFormats = 12;

/// A row here is a block.
struct GgufDecodeArguments {
  Element element = Element::Float;
  int32_t type = 0;  // below kGgufFormats
  int64_t rows = 0;
  const uint8_t* blocks = nullptr;
  void* out = nullptr;
};

}  // namespace ltx::formats::integer
