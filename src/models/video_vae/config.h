// The configuration of the convolutional video VAE as checkpoints embed it (spec 04 §1).
#pragma once
#include <array>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "latents/geometry.h"
#include "nn/causal_conv.h"

namespace ltx::video_vae {

using latents::ScaleFactors;

enum class NormKind { Pixel, Group };

/// One entry `[name, params]` of a block list.
struct BlockConfig {
  std::string name;
  int64_t num_layers = 0;             // res_x
  std::optional<int64_t> multiplier;  // the default depends on the block
  bool residual = false;              // compress_all of the decoder
  bool inject_noise = false;          // residual blocks of the decoder
};

struct EncoderConfig {
  int64_t in_channels = 3, latent_channels = 128, patch_size = 4;
  std::vector<BlockConfig> blocks;
  NormKind norm = NormKind::Pixel;
  nn::SpatialPadding padding = nn::SpatialPadding::Zeros;
  bool per_channel_log_variance = false;  // conv_out yields 2N channels instead of N + 1
  std::string file;                       // for messages

  /// From the section `vae`, flat or nested. Throws ModelConfig naming file, key, expected and found.
  static EncoderConfig parse(const nlohmann::json& vae, const std::string& file);
  ScaleFactors scale() const;
};

struct DecoderConfig {
  int64_t latent_channels = 128, out_channels = 3, patch_size = 4, base_channels = 128;
  std::vector<BlockConfig> blocks;  // in the order of the file, which the decoder runs backwards
  NormKind norm = NormKind::Pixel;
  nn::SpatialPadding padding = nn::SpatialPadding::Reflect;
  bool causal = false;
  bool timestep_conditioning = true;
  std::string file;

  /// From the section `vae`. Throws ModelConfig; Unsupported if the section describes a diffusion decoder.
  static DecoderConfig parse(const nlohmann::json& vae, const std::string& file);
  ScaleFactors scale() const;
};

enum class DecoderKind { Convolutional, Diffusion };

/// Decided by `_class_name` alone, never by the path.
DecoderKind decoder_kind(const nlohmann::json& vae);

}  // namespace ltx::video_vae
