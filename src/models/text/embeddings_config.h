// The keys of `config.transformer` that the feature extractor and the connectors read (spec 03 §6.6).
#pragma once
#include <nlohmann/json.hpp>
#include <string>

#include "models/text/extractor_version.h"
#include "nn/rope.h"

namespace ltx::text {

struct ConnectorConfig {
  int64_t heads = 0, head_dim = 0, layers = 0;
  double max_pos = 1;
  bool gated = false, ff_bias = true;
  nn::RopeType rope = nn::RopeType::Split;
  nn::RopeGrid grid = nn::RopeGrid::Float32;

  int64_t width() const { return heads * head_dim; }
};

struct EmbeddingsConfig {
  ExtractorVersion version = ExtractorVersion::V1;
  ConnectorConfig video, audio;

  /// `transformer` is that section of the metadata's config. Throws ModelConfig naming file, key, expectation
  /// and finding.
  static EmbeddingsConfig parse(const nlohmann::json& transformer, const std::string& file);
};

}  // namespace ltx::text
