#include "models/video_vae/resnet.h"

#include "base/error.h"

namespace ltx::video_vae {

ResBlock::ResBlock(const quant::Source& source, int64_t in, int64_t out, const BlockStyle& style,
                   bool inject_noise)
    : norm1_(style.norm, source / "norm1", in),
      norm2_(style.norm, source / "norm2", out),
      conv1_(source / "conv1" / "conv", in, out, style.causal, style.padding),
      conv2_(source / "conv2" / "conv", out, out, style.causal, style.padding) {
  if (style.timestep_conditioning) table_ = source.tensor("scale_shift_table", {4, in});
  if (inject_noise) {
    noise_scale1_ = source.tensor("per_channel_scale1", {in, 1, 1});
    noise_scale2_ = source.tensor("per_channel_scale2", {in, 1, 1});
  }
  if (in != out) {
    norm3_.emplace(source / "norm3", in, 1, kEpsilon);
    shortcut_.emplace(source / "conv_shortcut", in, out, nn::Triple{1, 1, 1});
  }
}

void ResBlock::add_noise(at::Tensor& h, const at::Tensor& scale, const NoiseSource* noise) const {
  if (!scale.defined()) return;
  if (!noise || !*noise)
    fail(Status::InvalidArgument,
         "the decoder injects noise and was given no source of it. Pass a seeded noise source.");
  const auto plane =
      (*noise)({h.size(3), h.size(4)}, h.options());  // one for all samples, frames and channels
  h.add_((plane * scale).unsqueeze(1));               // [C, 1, H, W]
}

at::Tensor ResBlock::operator()(const at::Tensor& x, const at::Tensor& embedding,
                                const NoiseSource* noise) const {
  at::Tensor rows;
  if (table_.defined()) rows = modulation(table_, embedding);
  const auto activate = [&rows](const Norm& norm, int64_t row) {
    return nn::Prologue{[&norm, &rows, row](const at::Tensor& part) {
                          auto h = norm(part);
                          if (rows.defined()) h = modulate(h, rows.select(1, row), rows.select(1, row + 1));
                          return at::silu(h);
                        },
                        norm.per_frame()};
  };
  auto h = conv1_(x, activate(norm1_, 0));
  add_noise(h, noise_scale1_, noise);
  h = conv2_(std::move(h), activate(norm2_, 2));
  add_noise(h, noise_scale2_, noise);
  return h.add_(shortcut_ ? nn::conv3d((*norm3_)(x), *shortcut_, {1, 1, 1}, {0, 0, 0}) : x);
}

ResStack::ResStack(const quant::Source& source, int64_t channels, int64_t layers, const BlockStyle& style,
                   bool inject_noise) {
  for (int64_t i = 0; i < layers; ++i)
    blocks_.emplace_back(source / "res_blocks" / i, channels, channels, style, inject_noise);
  if (style.timestep_conditioning) embedder_.emplace(source / "time_embedder", 4 * channels);
}

at::Tensor ResStack::operator()(at::Tensor x, const Conditioning& conditioning) const {
  at::Tensor embedding;
  if (embedder_) embedding = (*embedder_)(conditioning.timestep, x.scalar_type());
  for (const auto& block : blocks_) x = block(x, embedding, conditioning.noise);
  return x;
}

}  // namespace ltx::video_vae
