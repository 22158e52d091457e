// int4 weights in groups along K, with a floating-point centre or symmetric (spec 08 §10.1).
#pragma once
#include "formats/matrix.h"

namespace ltx::formats {

Matrix encode_int4(const at::Tensor& weight, const Encoding& encoding);
/// F32 is not rounded: what a LoRA is added to.
at::Tensor decode_int4(const Matrix& matrix, at::ScalarType dtype = at::kFloat);

}  // namespace ltx::formats
