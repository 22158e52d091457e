#include "models/transformer/config.h"

#include <cmath>
#include <nlohmann/json.hpp>

#include "base/error.h"

namespace ltx::transformer {
namespace {

using nlohmann::json;

class Reader {
 public:
  Reader(const json& section, std::string_view file) : section_(section), file_(file) {
    if (!section.is_object()) reject("", "an object", section);
  }

  int64_t integer(const char* key, std::optional<int64_t> fallback, int64_t least = 1) const {
    const json& value = at(key);
    if (value.is_null() && fallback) return *fallback;
    // Some writers spell integers as 48.0.
    const double number = value.is_number() ? value.get<double>() : 0.5;
    if (!(number >= static_cast<double>(least) && number <= kLargest) || number != std::floor(number)) {
      reject(key, fmt::format("an integer of at least {}", least), value);
    }
    return static_cast<int64_t>(number);
  }

  double number(const char* key, double fallback) const {
    const json& value = at(key);
    if (value.is_null()) return fallback;
    if (!value.is_number() || !(value.get<double>() > 0)) reject(key, "a positive number", value);
    return value.get<double>();
  }

  bool boolean(const char* key, bool fallback) const {
    const json& value = at(key);
    if (value.is_null()) return fallback;
    if (!value.is_boolean()) reject(key, "true or false", value);
    return value.get<bool>();
  }

  std::string text(const char* key, std::string fallback) const {
    const json& value = at(key);
    if (value.is_null()) return fallback;
    if (!value.is_string()) reject(key, "a string", value);
    return value.get<std::string>();
  }

  std::vector<double> positions(const char* key, std::vector<double> fallback) const {
    const json& value = at(key);
    if (value.is_null()) return fallback;
    if (!value.is_array() || value.empty()) reject(key, "a list of positive numbers", value);
    std::vector<double> result;
    for (const auto& item : value) {
      if (!item.is_number() || !(item.get<double>() > 0)) reject(key, "a list of positive numbers", value);
      result.push_back(item.get<double>());
    }
    return result;
  }

  /// The key must have this value; numbers and booleans compare by value, an absent key is null.
  void require(const char* key, const json& expected) const {
    const json& found = at(key);
    const auto numeric = [](const json& v) { return v.is_number() || v.is_boolean(); };
    const auto value = [](const json& v) {
      return v.is_boolean() ? (v.get<bool>() ? 1.0 : 0.0) : v.get<double>();
    };
    const bool equal =
        numeric(expected) && numeric(found) ? value(expected) == value(found) : expected == found;
    if (!equal) reject(key, expected.dump(), found);
  }

  [[noreturn]] void reject(std::string_view key, std::string_view expected, const json& found) const {
    fail(Status::ModelConfig,
         "{}: config.transformer{}{}: expected {}, found {}. The file is not of a family that is built.",
         file_, key.empty() ? "" : ".", key, expected, found.is_null() ? "nothing" : found.dump());
  }

 private:
  static constexpr double kLargest = 1 << 24;

  const json& at(const char* key) const {
    static const json absent;
    const auto found = section_.find(key);
    return found == section_.end() ? absent : *found;
  }

  const json& section_;
  std::string_view file_;
};

/// Spec 02 §1.3: settings that select code which does not exist.
void check_family(const Reader& read, ModelType type) {
  const json none;
  const std::pair<const char*, json> fixed[] = {{"dropout", 0.0},
                                                {"attention_bias", true},
                                                {"num_vector_embeds", none},
                                                {"activation_fn", "gelu-approximate"},
                                                {"num_embeds_ada_norm", 1000},
                                                {"use_linear_projection", false},
                                                {"only_cross_attention", false},
                                                {"cross_attention_norm", true},
                                                {"double_self_attention", false},
                                                {"upcast_attention", false},
                                                {"standardization_norm", "rms_norm"},
                                                {"norm_elementwise_affine", false},
                                                {"qk_norm", "rms_norm"},
                                                {"positional_embedding_type", "rope"},
                                                {"use_middle_indices_grid", true}};
  for (const auto& [key, value] : fixed) read.require(key, value);
  if (type != ModelType::AudioVideo) return;
  read.require("use_audio_video_cross_attention", true);
  read.require("share_ff", false);
  read.require("av_cross_ada_norm", true);
  read.require("audio_num_attention_heads", read.integer("num_attention_heads", std::nullopt));
}

/// Channels that the attention to the text and between the streams reads must be those that the streams have.
void check_width(const Reader& read, const char* key, int64_t fallback, const StreamConfig& stream) {
  const int64_t found = read.integer(key, fallback);
  if (found != stream.width())
    read.reject(key, fmt::format("{} (heads · head width)", stream.width()), found);
}

void check_head(const Reader& read, const char* key, const StreamConfig& stream) {
  if (stream.head_dim % 2 != 0) read.reject(key, "an even head width", stream.head_dim);
}

}  // namespace

Config Config::parse(const json& section, ModelType type, std::string_view file) {
  const Reader read(section, file);
  check_family(read, type);
  const bool with_video = type != ModelType::AudioOnly, with_audio = type != ModelType::VideoOnly;

  Config c;
  c.num_layers = read.integer("num_layers", c.num_layers);
  c.norm_eps = read.number("norm_eps", c.norm_eps);
  if (with_video) c.theta = read.number("positional_embedding_theta", c.theta);
  c.timestep_scale = read.number("timestep_scale_multiplier", c.timestep_scale);
  c.cross_gate_timestep_scale = read.number("av_ca_timestep_scale_multiplier", c.cross_gate_timestep_scale);
  const auto rope = read.text("rope_type", "split");
  const auto rope_type = nn::rope_type_named(rope);
  if (!rope_type) read.reject("rope_type", "\"split\" or \"interleaved\"", rope);
  c.rope_type = *rope_type;
  c.rope_grid = nn::rope_grid_named(read.text("frequencies_precision", ""));
  c.gated = read.boolean("apply_gated_attention", false);
  c.cross_attention_adaln = read.boolean("cross_attention_adaln", false);
  c.prompt_adaln = c.cross_attention_adaln && (!with_video || read.boolean("use_prompt_adaln_single", true));

  // With the caption projection inside the transformer its sizes have no defaults (spec 02 §1.2).
  const bool projects = !read.boolean("caption_proj_before_connector", false);
  if (projects) {
    c.caption_channels = read.integer("caption_channels", std::nullopt);
    std::vector<const char*> needed = {"num_attention_heads", "attention_head_dim"};
    if (with_audio) needed.insert(needed.end(), {"audio_num_attention_heads", "audio_attention_head_dim"});
    for (const char* key : needed) read.integer(key, std::nullopt);
  }
  if (with_video) {
    auto& v = c.video.emplace();
    v.heads = read.integer("num_attention_heads", 32);
    v.head_dim = read.integer("attention_head_dim", 128);
    v.in_channels = read.integer("in_channels", 128);
    v.out_channels = read.integer("out_channels", 128);
    v.max_pos = read.positions("positional_embedding_max_pos", {20, 2048, 2048});
    v.ff_bias = read.boolean("ff_bias", true);
    v.keyframes = read.boolean("use_keyframes_abs_pos_embedding", false);
    check_head(read, "attention_head_dim", v);
    check_width(read, "cross_attention_dim", 4096, v);
  }
  if (with_audio) {
    auto& a = c.audio.emplace();
    a.heads = read.integer("audio_num_attention_heads", 32);
    a.head_dim = read.integer("audio_attention_head_dim", 64);
    a.in_channels = read.integer("audio_in_channels", 128);
    a.out_channels = read.integer("audio_out_channels", 128);
    a.max_pos = read.positions("audio_positional_embedding_max_pos", {20});
    a.ff_bias = !with_video || read.boolean("audio_ff_bias", true);
    check_head(read, "audio_attention_head_dim", a);
    check_width(read, "audio_cross_attention_dim", 2048, a);
  }
  return c;
}

}  // namespace ltx::transformer
