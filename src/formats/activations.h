// Quantization of activations, every call: rows x [M, K] in F32 or BF16 on any device.
#pragma once
#include <ATen/ATen.h>

namespace ltx::formats {

/// Codes and their decode multiplier.
struct Quantized {
  at::Tensor codes;    // [M, K]
  at::Tensor scale;    // by function
  at::Tensor scale_2;  // NVFP4
};

/// e4m3 with one scale F32 [] = amax/448 (spec 08 §7).
Quantized fp8_per_tensor(const at::Tensor& x, bool reference = false);
/// e4m3 with a scale per row, F32 [M].
Quantized fp8_per_row(const at::Tensor& x, bool reference = false);
/// e4m3 under a given decode multiplier F32 [] (spec 08 §6.3 step 1).
at::Tensor fp8_static(const at::Tensor& x, const at::Tensor& input_scale, bool reference = false);
/// e4m3 with a scale per row and 128 columns, F32 [M, K/128] (spec 08 §13.1).
Quantized fp8_1x128(const at::Tensor& x);
/// I8 with a scale F32 [M]: amax/127.5 (spec 08 §9.2).
Quantized int8_per_row(const at::Tensor& x, bool reference = false);
/// The same codes plus 128 as U8.
Quantized uint8_per_row(const at::Tensor& x, bool reference = false);
/// I8 with a scale F32 [M]: amax/127 (spec 08 §9.3).
Quantized int8_tensorwise(const at::Tensor& x);
/// The same codes plus 128 as U8.
Quantized uint8_tensorwise(const at::Tensor& x);
/// Each K-group of `group` (a power of 4) times the orthonormal Hadamard matrix of spec 08 §9.3; its own
/// inverse.
at::Tensor rotate(const at::Tensor& x, int64_t group);
/// Throws Quant unless rows of `columns` can be rotated.
void require_rotation(int64_t columns, int64_t group);
/// Rounded once to another dtype.
at::Tensor rotate(const at::Tensor& x, int64_t group, at::ScalarType dtype);
/// e4m3 [M, K↑32] with E8M0 scales U8 [M, K↑32/32] (spec 08 §11, RCEIL).
Quantized mxfp8(const at::Tensor& x);
/// e2m1 U8 [M, K/2] high nibble first, E4M3 scales U8 [M, K/16], scale_2 F32 [] (spec 08 §12.2); `scale_2`
/// given: STATIC or FIXED_1, undefined: amax/2688.
Quantized nvfp4(const at::Tensor& x, const at::Tensor& scale_2 = {});

/// Values in F32 of what the functions above yield; for tests and emulation. A scale of dequantize_fp8 is [],
/// [M] or [M, K/128].
at::Tensor dequantize_fp8(const Quantized& x);
at::Tensor dequantize_int8(const Quantized& x);
at::Tensor dequantize_mxfp8(const Quantized& x, int64_t columns);
at::Tensor dequantize_nvfp4(const Quantized& x);

}  // namespace ltx::formats
