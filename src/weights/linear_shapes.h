// The linear layers that a transformer's config implies, connectors included, with their shapes: what tells a
// weight stored [K, N] or padded from one stored [N, K] (spec 08 §2.1, §6.5).
#pragma once
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>

namespace ltx::weights {

struct LinearShape {
  int64_t rows = 0, columns = 0;  // N = outputs, K = inputs
  bool operator==(const LinearShape&) const = default;
};

class LinearShapes {
 public:
  /// Knows no layer.
  LinearShapes() = default;
  /// `transformer`: the config section of that name. Sizes that are no sensible numbers leave the layers that
  /// need them unknown; who builds the network refuses them.
  explicit LinearShapes(const nlohmann::json& transformer);

  /// `layer`: without ".weight", from the root of the transformer. Connectors go by the names of the file
  /// ("video_embeddings_connector.…") and of the component ("video_connector.…").
  std::optional<LinearShape> find(std::string_view layer) const;

 private:
  using Table = std::map<std::string, LinearShape, std::less<>>;
  Table ends_;                               // full names
  Table block_;                              // below "transformer_blocks.i."
  Table video_connector_, audio_connector_;  // below "….transformer_1d_blocks.i."
};

}  // namespace ltx::weights
