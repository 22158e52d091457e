// Power-of-two scales: value 2^(b − 127), 255 is NaN (spec 08 §1, §11).
#pragma once
#include <ATen/ATen.h>

namespace ltx::formats {

/// U8 to F32.
at::Tensor decode_e8m0(const at::Tensor& codes);

}  // namespace ltx::formats
