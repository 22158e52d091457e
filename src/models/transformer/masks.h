// Masks as additive biases of the attention scores (spec 02 §4.5).
#pragma once
#include <ATen/ATen.h>

namespace ltx::transformer {

/// Text mask: a floating one is the bias itself, an integer one {0, 1} [B, S] or [B, Tq, S] becomes [B, 1,
/// 1|Tq, S].
at::Tensor text_bias(const at::Tensor& mask, at::ScalarType compute);

/// Self-attention strengths in [0, 1], [B|1, T|1, T] -> [B|1, 1, T|1, T]: log of the strength.
at::Tensor strength_bias(const at::Tensor& mask, at::ScalarType compute);

}  // namespace ltx::transformer
