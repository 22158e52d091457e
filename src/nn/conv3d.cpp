#include "nn/conv3d.h"

namespace ltx::nn {

Conv3dWeights::Conv3dWeights(const quant::Source& source, int64_t in, int64_t out, Triple kernel)
    : weight(source, {out, in, kernel[0], kernel[1], kernel[2]}), bias(source.tensor("bias", {out})) {}

namespace {

at::Tensor convolve(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias, Triple stride,
                    Triple padding) {
  // at::conv3d sends small fp32 problems on one thread to a loop that is up to ten times slower than oneDNN.
  if (x.device().is_cpu() && x.scalar_type() == at::kFloat && at::hasMKLDNN() &&
      at::globalContext().userEnabledMkldnn())
    return at::mkldnn_convolution(x, weight, bias, padding, stride, {1, 1, 1}, 1);
  // As at::conv3d, but the same on every call whatever the process's switches say: fp32 means fp32, not TF32.
  constexpr bool benchmark = false, deterministic = true, cudnn = true, tf32 = false;
  return at::_convolution(x, weight, bias, stride, padding, {1, 1, 1}, false, {0, 0, 0}, 1, benchmark,
                          deterministic, cudnn, tf32);
}

}  // namespace

at::Tensor conv3d(const at::Tensor& x, const Conv3dWeights& weights, Triple stride, Triple padding) {
  return convolve(x, weights.weight.values(), weights.bias, stride, padding);
}

at::Tensor conv3d_in_pieces(const at::Tensor& x, const Conv3dWeights& weights, Triple stride, Triple padding,
                            int64_t max_elements) {
  const int64_t kernel = weights.weight.kernel_frames(), out_channels = weights.weight.out_channels();
  const auto weight = weights.weight.values();
  const int64_t frames = (x.size(2) - kernel) / stride[0] + 1;
  const int64_t in_frame = x.numel() / x.size(2);
  const int64_t out_frame =
      in_frame / x.size(1) * out_channels;  // an upper bound: strides only make it smaller
  if (std::max(x.numel(), out_frame * frames) <= max_elements)
    return convolve(x, weight, weights.bias, stride, padding);

  const int64_t fitting =
      std::min(max_elements / out_frame, (max_elements / in_frame - kernel) / stride[0] + 1);
  const int64_t piece = std::max<int64_t>(fitting, 1);
  at::Tensor out;
  for (int64_t first = 0; first < frames; first += piece) {
    const int64_t n = std::min(piece, frames - first);
    const auto part = convolve(x.narrow(2, first * stride[0], (n - 1) * stride[0] + kernel), weight,
                               weights.bias, stride, padding);
    if (!out.defined()) {
      auto shape = part.sizes().vec();
      shape[2] = frames;
      out = at::empty(shape, part.options().memory_format(at::MemoryFormat::ChannelsLast3d));
    }
    out.narrow(2, first, n).copy_(part);
  }
  return out;
}

}  // namespace ltx::nn
