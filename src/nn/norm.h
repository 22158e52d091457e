// The norms of the networks that work on tokens. Differentiable; mean and variance in fp32, one rounding to
// the dtype of x.
#pragma once
#include <ATen/ATen.h>

namespace ltx::nn {

/// x · rsqrt(mean(x², last axis) + eps), x [..., D].
at::Tensor rms_norm(const at::Tensor& x, double eps);
/// The same times weight [D]; the product is formed before the rounding.
at::Tensor rms_norm(const at::Tensor& x, const at::Tensor& weight, double eps);

/// (x − mean) / sqrt(variance + eps) over the last axis, biased variance, without weight.
at::Tensor layer_norm(const at::Tensor& x, double eps);

}  // namespace ltx::nn
