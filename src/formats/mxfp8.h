// e4m3 with a power-of-two scale per 32 elements of a row (spec 08 §11).
#pragma once
#include "formats/activations.h"
#include "formats/matrix.h"

namespace ltx::formats {

/// How the exponent follows from the largest magnitude of a block. The library encodes with Rceil.
enum class MxScale { Floor, Even, Ceil, Rceil };

Matrix encode_mxfp8(const at::Tensor& weight, MxScale scale = MxScale::Rceil);
/// To `out` [N, K] in F32 or BF16.
void decode_mxfp8(const Matrix& matrix, const at::Tensor& out);

/// Blocks with NaN or Inf get scale 255. `mxfp8(x)` of activations.h is this with Rceil.
Quantized quantize_mxfp8(const at::Tensor& x, MxScale scale);

/// As files hold it: codes Float8_e4m3fn [N↑32, K↑32], scales swizzled U8 [N↑128, (K↑32/32)↑4].
struct StoredMxfp8 {
  at::Tensor codes, scale;
};
StoredMxfp8 stored_mxfp8(const Matrix& matrix);
Matrix mxfp8_from_stored(const StoredMxfp8& stored, int64_t rows, int64_t columns);

}  // namespace ltx::formats
