#include "models/video_vae/attention.h"

namespace ltx::video_vae {

FrameAttention::FrameAttention(const quant::Source& source, int64_t channels)
    : gamma_((source / "norm").tensor("gamma", {channels, 1, 1}).view({channels})),
      qkv_weight_((source / "to_qkv")
                      .tensor("weight", {3 * channels, channels, 1, 1})
                      .view({3 * channels, channels})),
      qkv_bias_((source / "to_qkv").tensor("bias", {3 * channels})),
      proj_weight_((source / "proj").tensor("weight", {channels, channels, 1, 1}).view({channels, channels})),
      proj_bias_((source / "proj").tensor("bias", {channels})) {}

at::Tensor FrameAttention::operator()(const at::Tensor& x) const {
  const int64_t B = x.size(0), C = x.size(1), F = x.size(2), H = x.size(3), W = x.size(4);
  const auto tokens = x.permute({0, 2, 3, 4, 1}).reshape({B * F, 1, H * W, C});  // one head of the full width
  const auto length =
      at::linalg_vector_norm(tokens, 2, at::IntArrayRef{-1}, /*keepdim=*/true).clamp_min(1e-12);
  const auto normed = tokens / length * (gamma_ * std::sqrt(static_cast<double>(C)));
  const auto qkv = at::linear(normed, qkv_weight_, qkv_bias_).chunk(3, -1);
  const auto mixed = at::scaled_dot_product_attention(qkv[0], qkv[1], qkv[2]);
  const auto out = at::linear(mixed, proj_weight_, proj_bias_).view({B, F, H, W, C}).permute({0, 4, 1, 2, 3});
  return x + out;
}

}  // namespace ltx::video_vae
