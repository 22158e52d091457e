// The configuration of a latent upsampler as its file embeds it (spec 04 §8).
#pragma once
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>

namespace ltx::upsampler {

/// Numerator and denominator of a rational resampler.
struct Ratio {
  int64_t numerator = 1, denominator = 1;
};

struct UpsamplerConfig {
  int64_t in_channels = 128, mid_channels = 512, num_blocks_per_stage = 4;
  int64_t dims = 3;  // 2: every frame is an image of its own
  bool spatial = true, temporal = false;
  bool rational = false;  // only without `temporal`
  Ratio ratio{2, 1};      // of a rational resampler
  std::string file;

  /// From the whole `config` of the file. Throws ModelConfig naming file, key, expected and found.
  static UpsamplerConfig parse(const nlohmann::json& config, const std::string& file);
};

}  // namespace ltx::upsampler
