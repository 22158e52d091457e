// Block scales in the tiles that tensor cores read: 128 rows by 4 columns (spec 08 §12.3).
#pragma once
#include <ATen/ATen.h>

namespace ltx::formats {

/// One-byte scales [R, C] (U8, E4M3 or E8M0) -> the same dtype [R↑128, C↑4], padded with zero bytes.
at::Tensor swizzle_scales(const at::Tensor& linear);

/// The scales [rows, columns] of a swizzled array of [R, columns↑4], R any multiple of 128 not below `rows`,
/// or of the same bytes in another shape (torchao frames them [R/4, columns↑4·4]). Throws TensorMismatch
/// where the bytes do not fit.
at::Tensor unswizzle_scales(const at::Tensor& stored, int64_t rows, int64_t columns);

}  // namespace ltx::formats
