#include "models/video_vae/decoder.h"

#include <fmt/ranges.h>

#include "base/error.h"
#include "models/video_vae/attention.h"
#include "models/video_vae/frames.h"
#include "models/video_vae/patchify.h"
#include "models/video_vae/resample.h"

namespace ltx::video_vae {
namespace {

// Spec 04 §5: how much noise a timestep-conditioned decoder mixes in, and the timestep it is told.
constexpr double kNoiseShare = 0.025, kTimestep = 0.05;

bool changes_width(const BlockConfig& block) {
  return block.name == "res_x_y" || block.name.starts_with("compress_");
}

int64_t divisor_of(const BlockConfig& block) {
  return block.multiplier.value_or(block.name == "res_x_y" ? 2 : 1);
}

int64_t bottleneck_width(const DecoderConfig& config) {
  int64_t width = config.base_channels;
  for (const auto& block : config.blocks)
    if (changes_width(block)) width *= divisor_of(block);
  return width;
}

bool draws(const DecoderConfig& config) {
  return config.timestep_conditioning ||
         std::any_of(config.blocks.begin(), config.blocks.end(), [](const auto& block) {
           return block.inject_noise &&
                  (block.name == "res_x_y" || (block.name == "res_x" && block.num_layers > 0));
         });
}

/// The block at `up_blocks.<i>`; `channels` becomes its width.
Block make_block(const quant::Source& source, const BlockConfig& block, int64_t& channels, BlockStyle style,
                 const std::string& file) {
  const auto& name = block.name;
  const int64_t in = channels;
  if (name == "res_x") return ResStack(source, in, block.num_layers, style, block.inject_noise);
  if (name == "attn")
    return [attention = FrameAttention(source, in)](const at::Tensor& x, const Conditioning&) {
      return attention(x);
    };

  channels = in / divisor_of(block);
  if (name == "res_x_y") {
    if (block.inject_noise && channels != in)
      fail(Status::ModelConfig,
           "{}: block res_x_y from {} to {} channels injects noise, which needs equal widths. Use multiplier "
           "1 or no noise.",
           file, in, channels);
    style.timestep_conditioning = false;
    return [residual = ResBlock(source, in, channels, style, block.inject_noise)](
               const at::Tensor& x, const Conditioning& c) { return residual(x, {}, c.noise); };
  }
  if (name == "compress_time" || name == "compress_space" || name == "compress_all")
    return [up = DepthToSpaceUpsample(source, in, divisor_of(block), cell_of(name),
                                      block.residual && name == "compress_all", style)](
               at::Tensor x, const Conditioning&) { return up(std::move(x)); };
  fail(Status::ModelConfig,
       "{}: '{}' is no block of a video decoder, expected res_x, res_x_y, attn or "
       "compress_{{time,space,all}}. Use a video VAE "
       "file of the LTX-2 family.",
       file, name);
}

}  // namespace

VideoDecoder::VideoDecoder(const quant::Source& source, const DecoderConfig& config)
    : config_(config),
      scale_(config.scale()),
      draws_noise_(draws(config)),
      device_(source.device()),
      dtype_(source.compute()),
      statistics_(source, config.latent_channels),
      conv_in_(source / "conv_in" / "conv", config.latent_channels, bottleneck_width(config), config.causal,
               config.padding) {
  const BlockStyle style{config.norm, config.causal, config.padding, config.timestep_conditioning};
  int64_t channels = bottleneck_width(config);
  for (size_t i = 0; i < config.blocks.size(); ++i)
    blocks_.push_back(make_block(source / "up_blocks" / static_cast<int64_t>(i),
                                 config.blocks[config.blocks.size() - 1 - i], channels, style, config.file));
  norm_out_.emplace(config.norm, source / "conv_norm_out", channels);
  conv_out_.emplace(source / "conv_out" / "conv", channels,
                    config.out_channels * config.patch_size * config.patch_size, config.causal,
                    config.padding);
  if (config.timestep_conditioning) {
    timestep_scale_ = source.tensor("timestep_scale_multiplier", {});
    last_table_ = source.tensor("last_scale_shift_table", {2, channels});
    last_embedder_.emplace(source / "last_time_embedder", 2 * channels);
  }
}

at::Tensor VideoDecoder::decode(const at::Tensor& latent, const NoiseSource& noise) const {
  if (latent.dim() != 5 || latent.size(1) != config_.latent_channels || latent.numel() == 0)
    fail(Status::InvalidArgument, "latent of shape [{}], expected [B, {}, F, H, W].",
         fmt::join(latent.sizes(), ", "), config_.latent_channels);
  if (draws_noise_ && !noise)
    fail(Status::InvalidArgument,
         "{}: the decoder draws noise and was given no source of it. Pass a seeded noise source.",
         config_.file);
  auto x = latent.to(device_, dtype_);
  Conditioning conditioning{{}, &noise};
  if (config_.timestep_conditioning) {
    x = noise(x.sizes(), x.options()) * kNoiseShare + x * (1 - kNoiseShare);
    conditioning.timestep = at::full({x.size(0)}, kTimestep, x.options()) * timestep_scale_;
  }
  x = conv_in_(statistics_.un_normalize(x));
  for (const auto& block : blocks_) x = block(std::move(x), conditioning);

  at::Tensor rows;
  if (last_embedder_)
    rows = modulation(last_table_, (*last_embedder_)(conditioning.timestep, x.scalar_type()));
  const auto activate = [&](const at::Tensor& part) {
    auto h = (*norm_out_)(part);
    if (rows.defined()) h = modulate(h, rows.select(1, 0), rows.select(1, 1));
    return at::silu(h);
  };
  x = (*conv_out_)(std::move(x), {activate, norm_out_->per_frame()});
  return unpatchify(x, config_.patch_size).to(latent.scalar_type());
}

void VideoDecoder::decode_tiled_raw(const at::Tensor& latent, const Tiling& tiling, const Monitor& monitor,
                                    const ChunkSink& sink, const NoiseSource& noise) const {
  if (std::holds_alternative<Untiled>(tiling)) {
    monitor.checkpoint();
    sink(decode(latent, noise));
    return;
  }
  const auto layout = conv_decode_layout(tiling, {latent.size(2), latent.size(3), latent.size(4)}, scale_);
  const auto decode_tile = [&](const TileRef& tile) {
    return decode(latent.narrow(2, tile.time.in.start, tile.time.in.length())
                      .narrow(3, tile.height.in.start, tile.height.in.length())
                      .narrow(4, tile.width.in.start, tile.width.in.length()),
                  noise);
  };
  stream_tiles(layout, latent.scalar_type(), monitor, decode_tile, sink);
}

void VideoDecoder::decode_tiled(const at::Tensor& latent, const Tiling& tiling, const Monitor& monitor,
                                const FrameSink& sink, const NoiseSource& noise) const {
  decode_tiled_raw(
      latent, tiling, monitor, [&](const at::Tensor& chunk) { sink(to_unit_range(chunk)); }, noise);
}

}  // namespace ltx::video_vae
