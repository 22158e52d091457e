// What a Gemma config says about the text model; every default is that of the library the files were made
// with.
#pragma once
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

namespace ltx::text {

enum class GemmaFamily { Gemma3, Gemma4 };

/// The rotary embedding of one kind of layer.
struct GemmaRope {
  double theta = 10000.0;
  double factor = 1.0;         // frequencies are divided by it
  int64_t angles = 0;          // frequencies that rotate; the rest of the head_dim/2 pairs stand still
  int64_t exponent_width = 0;  // w in theta^(2j/w)
};

/// One layer as its config describes it. A local layer sees `sliding_window` tokens back, a global one all.
struct GemmaLayerConfig {
  bool local = false;
  int64_t kv_heads = 0, head_dim = 0;
  bool value_is_key = false;  // Gemma 4: no v_proj, values are the raw keys
};

struct GemmaConfig {
  GemmaFamily family = GemmaFamily::Gemma3;
  int64_t hidden = 0, intermediate = 0, heads = 0, vocabulary = 0, sliding_window = 0;
  double norm_eps = 1e-6, attention_scale = 1.0;
  double final_softcap = 0.0;  // of the logits; 0: none
  bool attention_bias = false;
  GemmaRope local_rope, global_rope;
  std::vector<GemmaLayerConfig> layers;
  std::vector<int64_t> placeholder_ids;  // embedded as `placeholder_row`
  int64_t placeholder_row = 0;
  std::vector<int64_t> end_ids;  // tokens that end a generated text

  /// Stacked states: the embeddings and one per layer.
  int64_t states() const { return static_cast<int64_t>(layers.size()) + 1; }

  /// From config.json or the metadata of a packed file. Throws ModelConfig or Unsupported naming file, key
  /// and value.
  static GemmaConfig parse(const nlohmann::json& config, const std::string& file);
};

}  // namespace ltx::text
