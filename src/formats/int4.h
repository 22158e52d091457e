// int4 weights in groups along K, with a floating-point centre or symmetric (spec 08 §10.1).
#pragma once
#include "formats/matrix.h"

namespace ltx::formats {

/// Elements that may share a scale.
constexpr bool is_int4_group(int64_t elements) {
  return elements == 32 || elements == 64 || elements == 128 || elements == 256;
}

Matrix encode_int4(const at::Tensor& weight, const Encoding& encoding);
/// Into out [N, K], BF16 or F32, which is not rounded: what a LoRA is added to.
void decode_int4(const Matrix& matrix, const at::Tensor& out);

}  // namespace ltx::formats
