// Matrix products with scaled 8- and 4-bit operands on tensor cores (spec 08 §18). Built with CUDA only.
#pragma once
#include <ATen/ATen.h>

#include <optional>

namespace ltx::quant::cublaslt {

/// How an operand's codes are scaled; the values are CUBLASLT_MATMUL_MATRIX_SCALE_*.
enum class Scaling : int32_t {
  Scalar = 0,        // F32 []; an undefined tensor: 1
  Vec16 = 1,         // e4m3 per 16 columns, swizzled
  Vec32 = 2,         // e8m0 per 32 columns, swizzled
  OuterVector = 3,   // F32 per row
  Vec128 = 4,        // F32 per row and 128 columns, row index fastest
  Block128x128 = 5,  // F32 [rows/128, K/128] with rows of a multiple of 4
};

/// Codes [rows, K] (Float8, Char or BFloat16; Byte: two e2m1 codes) on a CUDA device, contiguous, 16-byte
/// aligned rows.
struct Operand {
  at::Tensor codes;
  Scaling scaling = Scaling::Scalar;
  at::Tensor scale;
};

/// D [M, N] = alpha · x [M, K] · weight [N, K]ᵀ + bias, the sum in fp32 (int8: int32) and one rounding.
struct Product {
  Operand weight, x;
  at::Tensor alpha;                       // F32 [] on the device; undefined: 1
  at::Tensor bias;                        // BF16 [N]; undefined: none
  at::ScalarType output = at::kBFloat16;  // BFloat16, Half or Float; Int for int8 codes
  bool fast_accum = false;                // fp8: fewer accumulator bits where the hardware has them
};

/// On the current stream, without a host synchronisation. A fast accumulation that is not available is left
/// out. Nothing if the library has no algorithm for the product on this device; plans are remembered by
/// shape, types and epilogue.
std::optional<at::Tensor> multiply(const Product& product);

}  // namespace ltx::quant::cublaslt
