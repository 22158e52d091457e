// Three-dimensional convolution as all video networks of the library use it.
#pragma once
#include <array>

#include "quant/conv_weight.h"

namespace ltx::nn {

using Triple = std::array<int64_t, 3>;  // time, height, width

/// Weight [out, in, kt, kh, kw] and bias [out] of a convolution, kept in the layout that the back ends read.
struct Conv3dWeights {
  quant::ConvWeight weight;
  at::Tensor bias;
  Conv3dWeights() = default;
  /// Takes `weight` and `bias` at the source's place.
  Conv3dWeights(const quant::Source& source, int64_t in, int64_t out, Triple kernel);
};

/// x [B, C, F, H, W] -> [B, out, F', H', W'], zeros of width `padding` on both sides of each axis. The result
/// of an input in channels-last memory is channels-last. Differentiable.
at::Tensor conv3d(const at::Tensor& x, const Conv3dWeights& weights, Triple stride, Triple padding);

/// The same without padding in time, one range of output frames after the other, such that neither the input
/// nor the output of one call has more than `max_elements`: the kernels of the back ends count elements in 32
/// bits (spec 04 §7).
at::Tensor conv3d_in_pieces(const at::Tensor& x, const Conv3dWeights& weights, Triple stride, Triple padding,
                            int64_t max_elements);
constexpr int64_t kMaxKernelElements = (int64_t{1} << 31) - 1;

}  // namespace ltx::nn
