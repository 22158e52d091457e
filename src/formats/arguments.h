// What the encoders and decoders work on, as plain memory: shared by the CPU rows and the CUDA kernels, which
// see no tensor types. Matrices are row-major without gaps but where a stride is given; strides count
// elements.
#pragma once
#include <cstdint>

#include "formats/scalar/e2m1.h"
#include "formats/scalar/fp6.h"
#include "formats/scalar/scale_rules.h"

namespace ltx::formats {

enum class Element : int32_t { Float, BFloat16 };
enum class Code : int32_t { E4m3, E5m2 };

/// bits[r, b] = the largest magnitude of block b of row r, as fp32 bits: NaN lies above Inf above numbers.
struct BlockMaxArguments {
  Element element = Element::Float;
  int64_t rows = 0, columns = 0, block = 1;
  bool skip_nan = false;
  const void* x = nullptr;
  int32_t* bits = nullptr;  // [rows, ⌈columns/block⌉]
};

/// codes = x under a factor that is given for every block_rows × block_columns, or as it is.
struct Fp8EncodeArguments {
  enum class Scaling : int32_t {
    None,
    Multiply,
    MultiplyRounded,  // the product is rounded to bf16 first (spec 08 §6.3 [R])
    Divide
  };
  Element element = Element::Float;
  Code code = Code::E4m3;
  Scaling scaling = Scaling::None;
  bool saturate = true;
  int64_t rows = 0, columns = 0;
  const void* x = nullptr;
  uint8_t* codes = nullptr;
  int64_t codes_stride = 0;       // bytes of a row
  bool six_bits = false;          // packed; blocks of multiples of 16 columns
  const float* factor = nullptr;  // [⌈rows/block_rows⌉, ⌈columns/block_columns⌉]
  int64_t block_rows = 1, block_columns = 1;
  int32_t* bits = nullptr;  // [rows]: the largest magnitude of each row of x, as above; optional
};

/// codes = e4m3 of x under the scale that the rule derives from each block of a row.
struct Fp8QuantizeArguments {
  Element element = Element::Float;
  ScaleRule rule;
  int64_t rows = 0, columns = 0, block = 1;
  const void* x = nullptr;
  uint8_t* codes = nullptr;
  int64_t codes_stride = 0;     // bytes of a row
  float* scale = nullptr;       // [rows, ⌈columns/block⌉]; rules of powers of two:
  uint8_t* exponent = nullptr;  // the same in e8m0
};

/// out = decoded codes times the scale of their block_rows × block_columns, in fp32, rounded once.
struct Fp8DecodeArguments {
  Element out_element = Element::Float;
  Code code = Code::E4m3;
  int64_t rows = 0, columns = 0;
  const uint8_t* codes = nullptr;
  int64_t codes_stride = 0;           // bytes of a row
  bool six_bits = false;              // packed; blocks of multiples of 16 columns
  const float* scale = nullptr;       // [⌈rows/block_rows⌉, scale_stride]; or
  const uint8_t* exponent = nullptr;  // the same in e8m0; neither: 1
  int64_t scale_stride = 0;
  int64_t block_rows = 1, block_columns = 1;
  void* out = nullptr;
};

/// Codes of four bits, element 2j high, and a scale in e4m3 for every 16 columns, under one scale.
struct Nvfp4EncodeArguments {
  Element element = Element::Float;
  int64_t rows = 0, columns = 0;  // columns: multiple of 16
  const void* x = nullptr;
  const float* tensor_scale = nullptr;  // one
  uint8_t* codes = nullptr;             // [rows, columns/2]
  uint8_t* scale = nullptr;             // [rows, columns/16]
};
struct Nvfp4DecodeArguments {
  Element out_element = Element::Float;
  int64_t rows = 0, columns = 0;
  const uint8_t* codes = nullptr;
  const uint8_t* scale = nullptr;
  const float* tensor_scale = nullptr;
  void* out = nullptr;
};

/// scale and factor of `rows` largest magnitudes.
struct ScaleArguments {
  ScaleRule rule;
  int64_t rows = 0;
  const int32_t* bits = nullptr;
  float* scale = nullptr;
  float* factor = nullptr;
};

/// Four codes of six bits in three bytes, `rows` times (spec 08 §13.2).
struct Fp6PackArguments {
  int64_t rows = 0;
  const uint8_t* codes = nullptr;  // e4m3 with bits 5 and 6 zero
  uint8_t* packed = nullptr;
};
struct Fp6UnpackArguments {
  int64_t rows = 0;
  const uint8_t* packed = nullptr;
  uint8_t* codes = nullptr;
};

/// Spec 08 §5.5 for elements 0 … rows − 1.
struct DitherArguments {
  Code code = Code::E4m3;
  int64_t rows = 0;
  uint64_t seed = 0;
  int64_t first = 0;  // index of the first element in the whole
  const uint8_t* codes = nullptr;
  const uint16_t* delta = nullptr;  // bf16
  uint16_t* out = nullptr;          // bf16
  uint8_t* out_codes = nullptr;
};

}  // namespace ltx::formats
