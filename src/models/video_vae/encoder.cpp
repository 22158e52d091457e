#include "models/video_vae/encoder.h"

#include <fmt/ranges.h>

#include "base/error.h"
#include "models/video_vae/attention.h"
#include "models/video_vae/blend.h"
#include "models/video_vae/patchify.h"
#include "models/video_vae/resample.h"

namespace ltx::video_vae {
namespace {

/// A strided convolution without a shortcut (spec 04 §3.8).
Block strided(const quant::Source& source, int64_t in, int64_t out, nn::Triple stride,
              const BlockStyle& style) {
  return [conv = nn::CausalConv3d(source / "conv", in, out, style.causal, style.padding, stride)](
             at::Tensor x, const Conditioning&) { return conv(std::move(x)); };
}

/// The block at `down_blocks.<i>`; `channels` becomes its width.
Block make_block(const quant::Source& source, const BlockConfig& block, int64_t& channels,
                 const BlockStyle& style, const std::string& file) {
  const auto& name = block.name;
  const int64_t in = channels;
  if (name == "res_x") return ResStack(source, in, block.num_layers, style, /*inject_noise=*/false);
  if (name == "attn")
    return [attention = FrameAttention(source, in)](const at::Tensor& x, const Conditioning&) {
      return attention(x);
    };
  if (name == "compress_time" || name == "compress_space" || name == "compress_all")
    return strided(source, in, in, cell_of(name), style);

  const int64_t out = channels = in * block.multiplier.value_or(2);
  if (name == "res_x_y")
    return [residual = ResBlock(source, in, out, style, /*inject_noise=*/false)](
               const at::Tensor& x, const Conditioning& c) { return residual(x, {}, c.noise); };
  if (name == "compress_all_x_y") return strided(source, in, out, cell_of(name), style);
  if (name == "compress_time_res" || name == "compress_space_res" || name == "compress_all_res")
    return [down = SpaceToDepthDownsample(source, in, out, cell_of(name), style)](
               const at::Tensor& x, const Conditioning&) { return down(x); };
  fail(Status::ModelConfig,
       "{}: '{}' is no block of a video encoder, expected res_x, res_x_y, attn, compress_{{time,space,all}}, "
       "compress_all_x_y or compress_{{time,space,all}}_res. Use a video VAE file of the LTX-2 family.",
       file, name);
}

}  // namespace

VideoEncoder::VideoEncoder(const quant::Source& source, const EncoderConfig& config)
    : config_(config),
      scale_(config.scale()),
      device_(source.device()),
      dtype_(source.compute()),
      statistics_(source, config.latent_channels),
      // The first width is the number of latent channels (spec 04 §1.1).
      conv_in_(source / "conv_in" / "conv", config.in_channels * config.patch_size * config.patch_size,
               config.latent_channels,
               /*causal=*/true, config.padding) {
  const BlockStyle style{config.norm, /*causal=*/true, config.padding, /*timestep_conditioning=*/false};
  int64_t channels = config.latent_channels;
  for (size_t i = 0; i < config.blocks.size(); ++i)
    blocks_.push_back(make_block(source / "down_blocks" / static_cast<int64_t>(i), config.blocks[i], channels,
                                 style, config.file));
  norm_out_.emplace(config.norm, source / "conv_norm_out", channels);
  const int64_t out =
      config.per_channel_log_variance ? 2 * config.latent_channels : config.latent_channels + 1;
  conv_out_.emplace(source / "conv_out" / "conv", channels, out, /*causal=*/true, config.padding);
}

at::Tensor VideoEncoder::crop(const at::Tensor& pixels, Monitor& monitor) const {
  if (pixels.dim() != 5 || pixels.size(1) != config_.in_channels || pixels.size(2) < 1)
    fail(Status::InvalidArgument, "video of shape [{}], expected [B, {}, F, H, W] with at least one frame.",
         fmt::join(pixels.sizes(), ", "), config_.in_channels);
  const int64_t excess = (pixels.size(2) - 1) % scale_.time;
  if (excess == 0) return pixels;
  monitor.log(LogLevel::Warning, "video_vae",
              fmt::format("{} frames are no multiple of {} plus 1; the last {} are dropped", pixels.size(2),
                          scale_.time, excess));
  return pixels.narrow(2, 0, pixels.size(2) - excess);
}

at::Tensor VideoEncoder::forward(const at::Tensor& pixels) const {
  if (pixels.size(3) % scale_.height != 0 || pixels.size(4) % scale_.width != 0)
    fail(Status::InvalidArgument,
         "video of {} x {} pixels, expected multiples of {} and {}. Resize or crop it.", pixels.size(4),
         pixels.size(3), scale_.width, scale_.height);
  auto x = conv_in_(patchify(pixels.to(device_, dtype_), config_.patch_size));
  for (const auto& block : blocks_) x = block(std::move(x), {});
  x = (*conv_out_)(std::move(x), {[this](const at::Tensor& part) { return at::silu((*norm_out_)(part)); },
                                  norm_out_->per_frame()});
  // The rest is the log-variance, which nothing reads.
  return statistics_.normalize(x.narrow(1, 0, config_.latent_channels)).contiguous();
}

at::Tensor VideoEncoder::encode(const at::Tensor& pixels, Monitor& monitor) const {
  return forward(crop(pixels, monitor));
}

at::Tensor VideoEncoder::encode_tiled(const at::Tensor& pixels, const Tiling& tiling,
                                      Monitor& monitor) const {
  const auto video = crop(pixels, monitor);
  if (std::holds_alternative<Untiled>(tiling)) {
    monitor.checkpoint();
    return forward(video);
  }
  const Grid grid{(video.size(2) - 1) / scale_.time + 1, video.size(3) / scale_.height,
                  video.size(4) / scale_.width};
  const auto layout = conv_encode_layout(tiling, grid, scale_);
  return merge_tiles(layout, dtype_, monitor, [&](const TileRef& tile) {
    return forward(video.narrow(2, tile.time.in.start, tile.time.in.length())
                       .narrow(3, tile.height.in.start, tile.height.in.length())
                       .narrow(4, tile.width.in.start, tile.width.in.length()));
  });
}

}  // namespace ltx::video_vae
