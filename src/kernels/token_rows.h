// One vector per token, stored once per distinct value: what fused kernels read where the reference has [B,
// T, D] tensors.
#pragma once
#include <ATen/ATen.h>

namespace ltx::kernels {

struct TokenRows {
  at::Tensor values;  // [U, D], rows contiguous
  at::Tensor index;   // [B·T] int32: row of each token; undefined: U = 1, the same row for all

  /// The tensor meant, [B, T, D] or, for a single row, [1, 1, D]. Differentiable.
  at::Tensor expand(int64_t batch, int64_t tokens) const {
    if (!index.defined()) return values.unsqueeze(0);
    // Through fp32, which changes no value: the backward pass adds up thousands of tokens per row, and a bf16
    // sum of ones would stop at 256.
    return values.to(at::kFloat)
        .index_select(0, index)
        .to(values.scalar_type())
        .view({batch, tokens, values.size(1)});
  }
};

}  // namespace ltx::kernels
