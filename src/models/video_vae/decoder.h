// Latents to pixels (spec 04 §5, §6.6).
#pragma once
#include "base/monitor.h"
#include "models/video_vae/blend.h"
#include "models/video_vae/config.h"
#include "models/video_vae/resnet.h"
#include "models/video_vae/tiling.h"
#include "nn/channel_statistics.h"

namespace ltx::video_vae {

/// Receives [f, H, W, 3] in [0, 1]: the next f >= 1 frames of batch element 0, in order.
using FrameSink = std::function<void(const at::Tensor& frames)>;

class VideoDecoder {
 public:
  /// Takes `conv_in`, `up_blocks`, `conv_out` and the statistics at the source's place (component
  /// video_decoder).
  VideoDecoder(const quant::Source& source, const DecoderConfig& config);

  /// Normalised latent [B, C, F', H', W'] -> raw pixels [B, 3, F, H, W] in the latent's dtype, nominally in
  /// [−1, 1], not clamped. `noise` is needed iff draws_noise(). Differentiable.
  at::Tensor decode(const at::Tensor& latent, const NoiseSource& noise = {}) const;

  /// Decodes tile after tile and hands finished frames to `sink` in order, in the latent's dtype; the next
  /// tile is decoded when the sink returns. Untiled: one chunk. `monitor` is asked before each tile.
  void decode_tiled(const at::Tensor& latent, const Tiling& tiling, const Monitor& monitor,
                    const FrameSink& sink, const NoiseSource& noise = {}) const;

  /// The same with chunks [B, 3, f, H, W] as `decode` yields them.
  void decode_tiled_raw(const at::Tensor& latent, const Tiling& tiling, const Monitor& monitor,
                        const ChunkSink& sink, const NoiseSource& noise = {}) const;

  /// True with timestep conditioning or injected noise: the result depends on random numbers.
  bool draws_noise() const { return draws_noise_; }
  const ScaleFactors& scale() const { return scale_; }
  const nn::ChannelStatistics& statistics() const { return statistics_; }

 private:
  DecoderConfig config_;
  ScaleFactors scale_;
  bool draws_noise_;
  at::Device device_;
  at::ScalarType dtype_;
  nn::ChannelStatistics statistics_;
  nn::CausalConv3d conv_in_;
  std::vector<Block> blocks_;
  std::optional<Norm> norm_out_;
  std::optional<nn::CausalConv3d> conv_out_;
  // Timestep conditioning.
  at::Tensor timestep_scale_;  // 0-dim
  at::Tensor last_table_;      // [2, C]: rows shift, scale
  std::optional<TimestepEmbedder> last_embedder_;
};

}  // namespace ltx::video_vae
