// What follows a product of codes where the matrix library cannot do it: scales per row and column, bias and
// the roundings of the scheme, in one pass. CUDA only; the CPU's back end and the emulation do it with
// tensors.
#pragma once
#include <ATen/ATen.h>

namespace ltx::quant {

/// Where a scheme rounds to the output's dtype (spec 08 §9.2, §9.3).
enum class Roundings {
  Once,             // T(sum·sx·sw + bias)
  AfterActivation,  // T(T(sum·sx)·sw + bias)
  BeforeBias,       // T(T(sum·(sx·sw)) + T(bias))
};

/// sum [M, N] F32 or Int; sx F32 [M] or [], sw F32 [N] or [], bias [N] F32 or undefined; all on one CUDA
/// device
/// -> [M, N] in `output` (Float, BFloat16 or Half).
at::Tensor scale_rows_and_columns(const at::Tensor& sum, const at::Tensor& sx, const at::Tensor& sw,
                                  const at::Tensor& bias, at::ScalarType output,
                                  Roundings roundings = Roundings::Once);

}  // namespace ltx::quant
