#include "models/audio/vae_layers.h"

#include <cmath>

#include "base/error.h"
#include "models/audio/convolution.h"

namespace ltx::audio {
namespace {

constexpr double kEpsilon = 1e-6;
constexpr int64_t kGroups = 32;

/// (freq-lo, freq-hi, time-lo, time-hi), the order of constant_pad_nd.
std::vector<int64_t> causal_padding(Causality causality, int64_t kernel) {
  const int64_t all = kernel - 1, low = all / 2, high = all - low;
  switch (causality) {
    case Causality::None:
      return {low, high, low, high};
    case Causality::Width:
    case Causality::WidthCompatibility:
      return {all, 0, low, high};
    case Causality::Height:
      return {low, high, all, 0};
  }
  return {};
}

std::vector<int64_t> downsample_padding(Causality causality) {
  switch (causality) {
    case Causality::None:
      return {0, 1, 0, 1};
    case Causality::Width:
      return {2, 0, 0, 1};
    case Causality::WidthCompatibility:
      return {1, 0, 0, 1};
    case Causality::Height:
      return {0, 1, 2, 0};
  }
  return {};
}

std::optional<Attention> attention_if(bool wanted, const quant::Source& source, const VaeConfig& config,
                                      int64_t channels) {
  if (!wanted) return std::nullopt;
  return Attention(source, config, channels);
}

}  // namespace

Conv2d::Conv2d(const quant::Source& source, int64_t in, int64_t out, int64_t kernel, int64_t stride)
    : weight_(source.tensor("weight", {out, in, kernel, kernel})),
      bias_(source.tensor("bias", {out})),
      stride_(stride) {}

at::Tensor Conv2d::operator()(const at::Tensor& x) const {
  Convolution shape;
  shape.stride = stride_;
  return convolve(x, weight_, bias_, shape);
}

CausalConv2d::CausalConv2d(const quant::Source& source, Causality causality, int64_t in, int64_t out,
                           int64_t kernel)
    : padding_(kernel > 1 ? causal_padding(causality, kernel) : std::vector<int64_t>{}),
      conv_(source / "conv", in, out, kernel) {}

at::Tensor CausalConv2d::operator()(const at::Tensor& x) const {
  return conv_(padding_.empty() ? x : at::constant_pad_nd(x, padding_));
}

Normalization::Normalization(const quant::Source& source, Norm kind, int64_t channels) {
  if (kind == Norm::Pixel) return;
  if (channels % kGroups != 0)
    fail(Status::ModelConfig,
         "{}: group norm at '{}' has {} channels, expected a multiple of {}. Check audio_vae ch and ch_mult.",
         source.view().store().describe(), source.view().path(""), channels, kGroups);
  weight_ = source.tensor("weight", {channels});
  bias_ = source.tensor("bias", {channels});
}

at::Tensor Normalization::operator()(const at::Tensor& x) const {
  if (weight_.defined()) return at::group_norm(x, kGroups, weight_, bias_, kEpsilon);
  // Operation by operation: in bf16 each of them rounds (§6).
  return x / (x.square().mean(1, /*keepdim=*/true) + kEpsilon).sqrt();
}

ResnetBlock::ResnetBlock(const quant::Source& source, const VaeConfig& c, int64_t in, int64_t out)
    : norm1_(source / "norm1", c.norm, in),
      norm2_(source / "norm2", c.norm, out),
      conv1_(source / "conv1", c.causality, in, out, 3),
      conv2_(source / "conv2", c.causality, out, out, 3) {
  if (in != out) shortcut_.emplace(source / "nin_shortcut", c.causality, in, out, 1);
}

at::Tensor ResnetBlock::operator()(const at::Tensor& x) const {
  const auto h = conv1_(at::silu(norm1_(x)));
  return (shortcut_ ? (*shortcut_)(x) : x) + conv2_(at::silu(norm2_(h)));
}

Attention::Attention(const quant::Source& source, const VaeConfig& c, int64_t channels)
    : norm_(source / "norm", c.norm, channels),
      q_(source / "q", channels, channels, 1),
      k_(source / "k", channels, channels, 1),
      v_(source / "v", channels, channels, 1),
      out_(source / "proj_out", channels, channels, 1) {}

at::Tensor Attention::operator()(const at::Tensor& x) const {
  const auto n = norm_(x);
  const auto q = q_(n).flatten(2), k = k_(n).flatten(2), v = v_(n).flatten(2);  // [B, C, time · frequency]
  const double scale = 1 / std::sqrt(static_cast<double>(x.size(1)));
  const auto weights = (at::bmm(q.transpose(1, 2), k) * scale).softmax(-1);  // [B, query, key]
  return x + out_(at::bmm(v, weights.transpose(1, 2)).reshape(x.sizes()));
}

std::vector<Stage> make_stages(const quant::Source& source, const VaeConfig& c, int64_t count, int64_t in,
                               int64_t out, bool attention) {
  std::vector<Stage> stages;
  for (int64_t i = 0; i < count; ++i)
    stages.push_back({ResnetBlock(source / "block" / i, c, i == 0 ? in : out, out),
                      attention_if(attention, source / "attn" / i, c, out)});
  return stages;
}

Downsample::Downsample(const quant::Source& source, const VaeConfig& c, int64_t channels)
    : padding_(downsample_padding(c.causality)) {
  if (c.resamp_with_conv) conv_.emplace(source / "conv", channels, channels, 3, 2);
}

at::Tensor Downsample::operator()(const at::Tensor& x) const {
  return conv_ ? (*conv_)(at::constant_pad_nd(x, padding_)) : at::avg_pool2d(x, 2, 2);
}

Upsample::Upsample(const quant::Source& source, const VaeConfig& c, int64_t channels)
    : causality_(c.causality), conv_(source / "conv", c.causality, channels, channels, 3) {}

at::Tensor Upsample::operator()(const at::Tensor& x) const {
  const auto y = conv_(at::upsample_nearest2d(x, {x.size(2) * 2, x.size(3) * 2}));
  if (causality_ == Causality::Height) return y.slice(2, 1);
  if (causality_ == Causality::Width) return y.slice(3, 1);
  return y;
}

Middle::Middle(const quant::Source& source, const VaeConfig& c, int64_t channels, bool attention)
    : block_1_(source / "block_1", c, channels, channels),
      attention_(attention_if(attention, source / "attn_1", c, channels)),
      block_2_(source / "block_2", c, channels, channels) {}

at::Tensor Middle::operator()(const at::Tensor& x) const {
  const auto h = block_1_(x);
  return block_2_(attention_ ? (*attention_)(h) : h);
}

Head::Head(const quant::Source& source, const VaeConfig& c, int64_t in, int64_t out)
    : norm_(source / "norm_out", c.norm, in), conv_(source / "conv_out", c.causality, in, out, 3) {}

at::Tensor Head::operator()(const at::Tensor& x) const {
  return conv_(at::silu(norm_(x)));
}

Statistics::Statistics(const quant::Source& source, int64_t channels, int64_t bins) {
  const auto place = source / "per_channel_statistics";
  const auto take = [&](const char* name) {
    return place.tensor(name, {channels * bins}).reshape({channels, 1, bins});
  };
  mean_ = take("mean-of-means");
  deviation_ = take("std-of-means");
}

void Statistics::check(const at::Tensor& latent) const {
  if (latent.size(1) != mean_.size(0) || latent.size(3) != mean_.size(2))
    fail(Status::InvalidArgument,
         "an audio latent has {} channels and {} bins, the model has {} and {}. Use a latent of this model.",
         latent.size(1), latent.size(3), mean_.size(0), mean_.size(2));
}

at::Tensor Statistics::normalize(const at::Tensor& latent) const {
  check(latent);
  return (latent - mean_) / deviation_;
}

at::Tensor Statistics::unnormalize(const at::Tensor& latent) const {
  check(latent);
  return latent * deviation_ + mean_;
}

}  // namespace ltx::audio
