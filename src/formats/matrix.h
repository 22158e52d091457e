// A weight matrix in a number format, in the one layout that the library computes with, whatever the layout
// of its file.
#pragma once
#include <ATen/ATen.h>

#include "formats/format.h"

namespace ltx::formats {

// clang-format off
/// A weight [N, K]. Which members are defined, by format:
///
/// | format      | codes                                | scale                            | others                           |
/// |-------------|--------------------------------------|----------------------------------|----------------------------------|
/// | Unquantized | BF16 / F16 / F32 [N, K]              |                                  |                                  |
/// | Fp8Unscaled | Float8_e4m3fn or _e5m2 [N, K]        |                                  |                                  |
/// | Fp8PerTensor| the same                             | F32 [] decode multiplier         |                                  |
/// | Fp8PerRow   | Float8_e4m3fn [N, K]                 | F32 [N]                          |                                  |
/// | Fp8Block128 | Float8_e4m3fn [N, K]                 | F32 [⌈N/128⌉, ⌈K/128⌉]           |                                  |
/// | Fp6Block128 | U8 [N, 3K/4]                         | F32 [N/128, K/128]               |                                  |
/// | Mxfp8       | Float8_e4m3fn [N, K↑32], zero padded | U8 (E8M0) [N, K↑32/32] linear    |                                  |
/// | Nvfp4       | U8 [N, K/2], element 2j high         | U8 (E4M3) [N, K/16] linear       | scale_2 F32 []                   |
/// | Int8        | I8 [N, K]                            | F32 [N] or []                    | rotation                         |
/// | Int4        | U8 [N, K/2], element 2j high         | BF16 [N, K/g]                    | zero BF16 [N, K/g]; undefined: symmetric |
/// | Nf4         | U8 [N·K/2], element 2j high          | F32 [⌈N·K/block⌉] block maxima   | table F32 [16]                   |
/// | GGUF types  | U8 [N, bytes of a row]               |                                  |                                  |
// clang-format on
struct Matrix {
  Format format = Format::Unquantized;
  int64_t rows = 0, columns = 0;  // N, K
  at::Tensor codes, scale, scale_2, zero, table;
  int64_t rotation = 0;    // Int8: the K-groups of this size are stored rotated (spec 08 §9.3); 0: not
  int64_t nf4_block = 64;  // Nf4: elements per block

  bool defined() const { return codes.defined(); }
  at::Device device() const { return codes.device(); }
  uint64_t bytes() const;  // of all members
  Matrix to(at::Device device) const;
};

/// How a matrix is encoded.
struct Encoding {
  /// Fp8PerTensor: s = fp32(fp32(1/amax)·448) and its reciprocal (spec 08 §6.6), or amax/448 (§7).
  enum class Fp8Form { Multiply, Divide };
  /// Int8: amax/127.5 per row (spec 08 §9.1), or ComfyUI's amax/127 per row or of the whole matrix (§9.3).
  /// Rotated weights are always TensorwiseRows.
  enum class Int8Form { Rows, TensorwiseRows, TensorwiseScalar };

  Format format = Format::Unquantized;
  Fp8Form fp8_form = Fp8Form::Divide;
  Int8Form int8_form = Int8Form::Rows;
  int64_t group_size = 128;  // Int4
  bool symmetric = false;    // Int4
  int64_t rotation = 0;      // Int8
  /// The arithmetic of the public reference and of torchao ([R] of spec 08) where it differs.
  bool reference = false;

  bool operator==(const Encoding&) const = default;
};

/// Encodes a weight [N, K] (BF16, F16 or F32; CPU or CUDA: equal bits). Throws Numeric if it holds NaN or Inf
/// (with their number; the caller adds the name), Quant if the format cannot store the shape (spec 08 §2.3).
Matrix encode(const at::Tensor& weight, const Encoding& encoding);

/// Values [N, K] in F32, or rounded once to BF16: the product of code and scales is formed in fp32.
at::Tensor decode(const Matrix& matrix, at::ScalarType dtype = at::kFloat);
/// The same into `out` [N, K], F32 or BF16, contiguous: decoding a large matrix into memory that is in use
/// already takes a fifth of the time that fresh memory takes.
void decode_into(const Matrix& matrix, const at::Tensor& out);

/// Whether a format can store [N, K] (spec 08 §2.3, storage column); none stores an empty matrix.
bool can_store(const Encoding& encoding, int64_t rows, int64_t columns);

}  // namespace ltx::formats
