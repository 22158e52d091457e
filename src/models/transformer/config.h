// The transformer's part of a checkpoint's configuration (spec 02 §1).
#pragma once
#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string_view>
#include <vector>

#include "nn/rope.h"

namespace ltx::transformer {

/// What is built from the one file.
enum class ModelType { AudioVideo, VideoOnly, AudioOnly };

struct StreamConfig {
  int64_t heads = 32, head_dim = 128;
  int64_t in_channels = 128, out_channels = 128;  // of a latent token
  std::vector<double> max_pos;                    // one per position axis: seconds, pixels, pixels
  bool ff_bias = true;
  bool keyframes = false;  // owns keyframes_abs_pos_embedding
  int64_t width() const { return heads * head_dim; }
};

struct Config {
  int64_t num_layers = 48;
  double norm_eps = 1e-6;
  double theta = 10000.0;
  double timestep_scale = 1000.0;          // noise level -> timestep
  double cross_gate_timestep_scale = 1.0;  // the same for the gates of the cross-modal attention
  nn::RopeType rope_type = nn::RopeType::Split;
  nn::RopeGrid rope_grid = nn::RopeGrid::Float32;
  bool gated = false;                  // per-head gate in every attention
  bool cross_attention_adaln = false;  // text attention modulated and gated: 9 rows instead of 6
  bool prompt_adaln = false;           // the text modulation depends on the noise level
  int64_t caption_channels = 0;        // 0: the caption projection lies before the connectors
  std::optional<StreamConfig> video, audio;

  int64_t modulation_rows() const { return cross_attention_adaln ? 9 : 6; }
  /// Text keys and values depend on the prompt alone (spec 02 §7.4).
  bool static_text() const { return !prompt_adaln; }

  /// `section` is `config.transformer`. Throws ModelConfig with file, key, expected and found.
  static Config parse(const nlohmann::json& section, ModelType type, std::string_view file);
};

}  // namespace ltx::transformer
