#include "models/upsampler/upsampler.h"

#include <fmt/ranges.h>

#include "base/error.h"
#include "nn/space_depth.h"

namespace ltx::upsampler {
namespace {

/// What one position becomes before the first frame is dropped and the blur thins out.
nn::Triple cell_of(const UpsamplerConfig& config) {
  const int64_t side = config.rational ? config.ratio.numerator : config.spatial ? 2 : 1;
  return {config.temporal ? 2 : 1, side, side};
}

nn::GroupNorm norm(const quant::Source& source, int64_t channels) {
  return {source, channels, 32, 1e-5};
}

std::vector<ResBlock> blocks(const quant::Source& source, const UpsamplerConfig& config) {
  std::vector<ResBlock> result;
  for (int64_t i = 0; i < config.num_blocks_per_stage; ++i)
    result.emplace_back(source / i, config.mid_channels, config.dims);
  return result;
}

}  // namespace

Conv::Conv(const quant::Source& source, int64_t in, int64_t out, int64_t dims) {
  if (dims == 3) {
    weights_ = nn::Conv3dWeights(source, in, out, {3, 3, 3});
    return;
  }
  weights_.weight = quant::ConvWeight(source.tensor("weight", {out, in, 3, 3}).unsqueeze(2));
  weights_.bias = source.tensor("bias", {out});
}

at::Tensor Conv::operator()(const at::Tensor& x) const {
  return nn::conv3d(x, weights_, {1, 1, 1}, {weights_.weight.kernel_frames() / 2, 1, 1});
}

ResBlock::ResBlock(const quant::Source& source, int64_t channels, int64_t dims)
    : conv1_(source / "conv1", channels, channels, dims),
      conv2_(source / "conv2", channels, channels, dims),
      norm1_(norm(source / "norm1", channels)),
      norm2_(norm(source / "norm2", channels)) {}

at::Tensor ResBlock::operator()(const at::Tensor& x) const {
  const auto h = norm2_(conv2_(at::silu(norm1_(conv1_(x)))));
  return at::silu(h + x);
}

Upsampler::Upsampler(const quant::Source& source, const UpsamplerConfig& config)
    : config_(config),
      device_(source.device()),
      dtype_(source.compute()),
      cell_(cell_of(config)),
      initial_conv_(source / "initial_conv", config.in_channels, config.mid_channels, config.dims),
      initial_norm_(norm(source / "initial_norm", config.mid_channels)),
      before_(blocks(source / "res_blocks", config)),
      after_(blocks(source / "post_upsample_res_blocks", config)),
      // Purely spatial models resample every frame by itself.
      resample_conv_(source / "upsampler" / (config.rational ? "conv" : "0"), config.mid_channels,
                     cell_[0] * cell_[1] * cell_[2] * config.mid_channels, config.temporal ? 3 : 2),
      final_conv_(source / "final_conv", config.mid_channels, config.in_channels, config.dims) {
  if (config.rational && config.ratio.denominator > 1)
    blur_kernel_ = (source / "upsampler" / "blur_down").tensor("kernel", {1, 1, 5, 5});
}

at::Tensor Upsampler::blur(const at::Tensor& x) const {
  const int64_t B = x.size(0), C = x.size(1), F = x.size(2), stride = config_.ratio.denominator;
  const auto images = x.permute({0, 2, 1, 3, 4}).reshape({B * F, C, x.size(3), x.size(4)});
  constexpr bool benchmark = false, deterministic = true, cudnn = true, tf32 = false;
  const auto small =
      at::_convolution(images, blur_kernel_.expand({C, 1, 5, 5}), std::nullopt, {stride, stride}, {2, 2},
                       {1, 1}, false, {0, 0}, C, benchmark, deterministic, cudnn, tf32);
  return small.view({B, F, C, small.size(2), small.size(3)}).permute({0, 2, 1, 3, 4});
}

at::Tensor Upsampler::resample(const at::Tensor& x) const {
  auto y = nn::depth_to_space(resample_conv_(x), cell_);
  if (config_.temporal) return y.narrow(2, 1, y.size(2) - 1);
  return blur_kernel_.defined() ? blur(y) : y;
}

at::Tensor Upsampler::forward(const at::Tensor& latent) const {
  if (latent.dim() != 5 || latent.size(1) != config_.in_channels || latent.numel() == 0)
    fail(Status::InvalidArgument, "latent of shape [{}], expected [B, {}, F, H, W].",
         fmt::join(latent.sizes(), ", "), config_.in_channels);
  if (config_.dims == 2) {
    // The statistics of the norms are those of a frame.
    const int64_t B = latent.size(0), F = latent.size(2);
    if (F > 1) {
      const auto frames = latent.transpose(1, 2).flatten(0, 1).unsqueeze(2);  // [B·F, C, 1, H, W]
      return forward(frames).squeeze(2).unflatten(0, {B, F}).transpose(1, 2);
    }
  }
  auto x = latent.to(device_, dtype_).contiguous(at::MemoryFormat::ChannelsLast3d);
  x = at::silu(initial_norm_(initial_conv_(x)));
  for (const auto& block : before_) x = block(x);
  x = resample(x);
  for (const auto& block : after_) x = block(x);
  return final_conv_(x).to(latent.scalar_type());
}

at::Tensor Upsampler::upsample(const at::Tensor& latent, const nn::ChannelStatistics& statistics) const {
  return statistics.normalize(forward(statistics.un_normalize(latent.to(device_)))).contiguous();
}

}  // namespace ltx::upsampler
