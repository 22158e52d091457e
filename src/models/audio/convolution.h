// Convolutions over time, and over time and frequency, in exact and repeatable arithmetic.
#pragma once
#include <ATen/ATen.h>

#include <cstdint>

#include "quant/source.h"

namespace ltx::audio {

struct Convolution {
  int64_t stride = 1, padding = 0, dilation = 1, groups = 1;
  bool transposed = false;
};

/// x [B, C, L] or [B, C, H, W], weight [out, in / groups, k…] ([in, out / groups, k…] if transposed), bias
/// [out] or undefined; the shape holds for every axis. fp32 stays fp32 on every device, and equal inputs give
/// equal bits: the tensor cores' shortened mantissa and the algorithms that add in any order are refused for
/// this call alone, because the switches for them belong to the process and not to a library (§13, precision
/// note 2).
at::Tensor convolve(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias,
                    const Convolution& shape);

/// A convolution with its weights.
class Conv1d {
 public:
  /// Takes `weight` and, if `bias`, `bias` at the source's place.
  Conv1d(const quant::Source& source, at::ScalarType dtype, int64_t in, int64_t out, int64_t kernel,
         Convolution shape, bool bias = true);

  at::Tensor operator()(const at::Tensor& x) const { return convolve(x, weight_, bias_, shape_); }

 private:
  at::Tensor weight_, bias_;
  Convolution shape_;
};

/// A tensor rounded to the dtype that the file is loaded in, then widened or kept as the arithmetic asks
/// (§3.1).
at::Tensor loaded(const quant::Source& source, std::string_view name, at::IntArrayRef shape,
                  at::ScalarType dtype);

}  // namespace ltx::audio
