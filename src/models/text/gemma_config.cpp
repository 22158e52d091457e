#include "models/text/gemma_config.h"

#include <cmath>

#include "base/error.h"
#include "models/text/fields.h"

namespace ltx::text {
namespace {

using nlohmann::json;

constexpr const char* kLocal = "sliding_attention";
constexpr const char* kGlobal = "full_attention";

[[noreturn]] void unsupported(const std::string& file, const std::string& what) {
  fail(Status::Unsupported, "'{}': {} is not supported. Use the text encoder published with the model.", file,
       what);
}

void require_common(const Fields& text, const std::string& file) {
  const auto activation = text.text("hidden_activation", "gelu_pytorch_tanh");
  if (activation != "gelu_pytorch_tanh") text.wrong("hidden_activation", "'gelu_pytorch_tanh'");
  if (text.has("attn_logit_softcapping")) unsupported(file, "text_config.attn_logit_softcapping");
}

/// true = local. An explicit list wins over the pattern.
std::vector<bool> layer_kinds(const Fields& text, int64_t layers, int64_t pattern) {
  std::vector<bool> local;
  if (text.has("layer_types")) {
    const auto types = text.texts("layer_types");
    for (const auto& type : types) {
      if (type != kLocal && type != kGlobal)
        text.wrong("layer_types", "'sliding_attention' or 'full_attention'", "'" + type + "'");
      local.push_back(type == kLocal);
    }
    if (static_cast<int64_t>(types.size()) != layers)
      text.wrong("layer_types", std::to_string(layers) + " entries (num_hidden_layers)",
                 std::to_string(types.size()));
  } else {
    for (int64_t i = 0; i < layers; ++i) local.push_back((i + 1) % pattern != 0);
  }
  return local;
}

/// The newer spelling: a section per layer kind, with the older keys as defaults.
GemmaRope read_rope(const Fields& rope, GemmaRope defaults, const std::string& default_type, int64_t head_dim,
                    double default_partial) {
  GemmaRope result = defaults;
  const auto type = rope.text("rope_type", rope.text("type", default_type));
  result.theta = rope.number("rope_theta", defaults.theta);
  result.exponent_width = head_dim;
  result.angles = head_dim / 2;
  if (type == "default") {
    result.factor = 1.0;
  } else if (type == "linear" || type == "proportional") {
    result.factor = rope.number("factor", defaults.factor);
  } else {
    rope.wrong("rope_type", "'default', 'linear' or 'proportional'", "'" + type + "'");
  }
  if (type == "proportional") {
    const double partial = rope.number("partial_rotary_factor", default_partial);
    result.angles = static_cast<int64_t>(std::floor(partial * static_cast<double>(head_dim) / 2));
    if (result.angles < 0 || result.angles > head_dim / 2)
      rope.wrong("partial_rotary_factor", "a number in 0…1");
  }
  if (!(result.theta > 0) || !(result.factor > 0)) rope.wrong("rope_theta", "theta and factor above zero");
  return result;
}

void check_heads(const Fields& text, const GemmaConfig& config) {
  if (config.hidden % config.heads != 0)
    text.wrong("hidden_size", fmt::format("a multiple of num_attention_heads ({})", config.heads));
  for (const auto& layer : config.layers) {
    if (config.heads % layer.kv_heads != 0)
      text.wrong("num_key_value_heads", fmt::format("a divisor of num_attention_heads ({})", config.heads),
                 std::to_string(layer.kv_heads));
    if (layer.head_dim % 2 != 0) text.wrong("head_dim", "an even number", std::to_string(layer.head_dim));
  }
}

GemmaConfig parse_gemma3(const Fields& top, const std::string& file) {
  const Fields text = top.section("text_config");
  require_common(text, file);
  if (text.boolean("use_bidirectional_attention", false))
    unsupported(file, "text_config.use_bidirectional_attention");
  GemmaConfig config;
  config.family = GemmaFamily::Gemma3;
  config.hidden = text.count("hidden_size", 2304);
  config.intermediate = text.count("intermediate_size", 9216);
  config.heads = text.count("num_attention_heads", 8);
  config.vocabulary = text.count("vocab_size", 262208);
  config.sliding_window = text.count("sliding_window", 4096);
  config.norm_eps = text.number("rms_norm_eps", 1e-6);
  config.attention_bias = text.boolean("attention_bias", false);
  config.final_softcap = text.number("final_logit_softcapping", 0.0);
  const double scalar = text.number("query_pre_attn_scalar", 256);
  if (!(scalar > 0)) text.wrong("query_pre_attn_scalar", "a number above zero");
  config.attention_scale = std::pow(scalar, -0.5);
  const int64_t kv_heads = text.count("num_key_value_heads", 4), head_dim = text.count("head_dim", 256);
  const int64_t pattern = text.count("sliding_window_pattern", text.count("_sliding_window_pattern", 6));
  for (const bool local : layer_kinds(text, text.layers("num_hidden_layers", 26), pattern))
    config.layers.push_back({local, kv_heads, head_dim, false});

  const Fields rope = text.section("rope_parameters");
  // Without the newer section the scaling belongs to the global layers alone.
  const GemmaRope local{text.number("rope_local_base_freq", 10000.0), 1.0, 0, 0};
  const GemmaRope global{text.number("rope_theta", 1e6), 1.0, 0, 0};
  config.local_rope = read_rope(rope.section(kLocal), local, "default", head_dim, 1.0);
  config.global_rope = read_rope(rope.has(kGlobal) ? rope.section(kGlobal) : text.section("rope_scaling"),
                                 global, "default", head_dim, 1.0);

  const int64_t image_token = top.integer("image_token_index", 262144);
  if (image_token >= config.vocabulary) config.placeholder_ids = {image_token};
  // An integer or a list of them.
  config.end_ids = top.has("eos_token_id") && !top.is_array("eos_token_id")
                       ? std::vector<int64_t>{top.integer("eos_token_id")}
                       : top.integers("eos_token_id", {1, 106});
  check_heads(text, config);
  return config;
}

GemmaConfig parse_gemma4(const Fields& top, const std::string& file) {
  const Fields text = top.section("text_config");
  require_common(text, file);
  if (text.has("use_bidirectional_attention") &&
      text.text("use_bidirectional_attention", "vision") != "vision")
    unsupported(file, "text_config.use_bidirectional_attention other than 'vision'");
  for (const char* key : {"num_kv_shared_layers", "hidden_size_per_layer_input"})
    if (text.integer(key, 0) != 0) unsupported(file, std::string("text_config.") + key);
  if (text.boolean("use_double_wide_mlp", false)) unsupported(file, "text_config.use_double_wide_mlp");
  if (text.boolean("enable_moe_block", false)) unsupported(file, "text_config.enable_moe_block");
  GemmaConfig config;
  config.family = GemmaFamily::Gemma4;
  config.hidden = text.count("hidden_size", 2304);
  config.intermediate = text.count("intermediate_size", 9216);
  config.heads = text.count("num_attention_heads", 8);
  config.vocabulary = text.count("vocab_size", 262144);
  config.sliding_window = text.count("sliding_window", 1024);
  config.norm_eps = text.number("rms_norm_eps", 1e-6);
  config.attention_scale = 1.0;
  config.attention_bias = text.boolean("attention_bias", false);
  config.final_softcap = text.number("final_logit_softcapping", 0.0);
  const int64_t head_dim = text.count("head_dim", 256), global_dim = text.count("global_head_dim", 512);
  const int64_t kv_heads = text.count("num_key_value_heads", 4);
  const bool value_is_key = text.boolean("attention_k_eq_v", false);
  const int64_t global_kv = value_is_key ? text.count("num_global_key_value_heads", kv_heads) : kv_heads;
  auto kinds = layer_kinds(text, text.layers("num_hidden_layers", 30), 6);
  kinds.back() = false;  // the last layer is global whatever the list says
  for (const bool local : kinds)
    config.layers.push_back(local ? GemmaLayerConfig{true, kv_heads, head_dim, false}
                                  : GemmaLayerConfig{false, global_kv, global_dim, value_is_key});
  const Fields rope = text.section("rope_parameters");
  config.local_rope = read_rope(rope.section(kLocal), {10000.0, 1.0, 0, 0}, "default", head_dim, 1.0);
  const bool given = rope.has(kGlobal);
  config.global_rope = read_rope(rope.section(kGlobal), {1e6, 1.0, 0, 0}, given ? "default" : "proportional",
                                 global_dim, given ? 1.0 : 0.25);
  for (const char* key : {"image_token_id", "video_token_id", "audio_token_id"})
    if (top.has(key)) config.placeholder_ids.push_back(top.integer(key));
  config.placeholder_row = text.integer("pad_token_id", 0);
  check_heads(text, config);
  return config;
}

}  // namespace

GemmaConfig GemmaConfig::parse(const json& json_config, const std::string& file) {
  const Fields top(json_config, "'" + file + "': config");
  const auto type = top.text("model_type", "");
  if (type == "gemma3") return parse_gemma3(top, file);
  if (type == "gemma4_unified") return parse_gemma4(top, file);
  if (type == "gemma4") unsupported(file, "encoding prompts with model_type 'gemma4' (a prompt enhancer)");
  top.wrong("model_type", "'gemma3' or 'gemma4_unified'");
}

}  // namespace ltx::text
