#include "weights/linear_shapes.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <utility>

namespace ltx::weights {
namespace {

using nlohmann::json;

constexpr int64_t kSinusoid = 256;     // input of every timestep embedder
constexpr int64_t kLargest = 1 << 24;  // no size of a model comes near it

class Sizes {
 public:
  explicit Sizes(const json& section) : section_(section) {}

  /// 0 where the value is no positive integer.
  int64_t integer(const char* key, int64_t fallback) const {
    const auto found = section_.find(key);
    if (found == section_.end() || found->is_null()) return fallback;
    if (!found->is_number()) return 0;
    const double value = found->get<double>();
    if (!(value >= 1 && value <= kLargest)) return 0;
    const auto whole = static_cast<int64_t>(value);
    return static_cast<double>(whole) == value ? whole : 0;
  }
  bool flag(const char* key, bool fallback) const {
    const auto found = section_.find(key);
    return found != section_.end() && found->is_boolean() ? found->get<bool>() : fallback;
  }

 private:
  const json& section_;
};

template <class Table>
void add(Table& table, const std::string& name, int64_t rows, int64_t columns) {
  if (rows > 0 && columns > 0) table[name] = {rows, columns};
}

template <class Table>
void add_attention(Table& table, const std::string& name, int64_t query, int64_t context, int64_t inner,
                   int64_t heads) {
  add(table, name + ".to_q", inner, query);
  add(table, name + ".to_k", inner, context);
  add(table, name + ".to_v", inner, context);
  add(table, name + ".to_out.0", query, inner);
  add(table, name + ".to_gate_logits", heads, query);
}

template <class Table>
void add_feed_forward(Table& table, const std::string& name, int64_t width) {
  add(table, name + ".net.0.proj", 4 * width, width);
  add(table, name + ".net.2", width, 4 * width);
}

template <class Table>
void add_adaln(Table& table, const std::string& name, int64_t width, int64_t rows) {
  add(table, name + ".emb.timestep_embedder.linear_1", width, kSinusoid);
  add(table, name + ".emb.timestep_embedder.linear_2", width, width);
  add(table, name + ".linear", rows * width, width);
}

/// What follows `prefix`, a number and a dot; nothing if the name is built otherwise.
std::optional<std::string_view> below_block(std::string_view name, std::string_view prefix) {
  if (!name.starts_with(prefix)) return {};
  name.remove_prefix(prefix.size());
  const auto digits = std::find_if_not(name.begin(), name.end(), [](char c) { return c >= '0' && c <= '9'; });
  const auto count = static_cast<size_t>(digits - name.begin());
  if (count == 0 || count >= name.size() || name[count] != '.') return {};
  return name.substr(count + 1);
}

}  // namespace

// Sizes and defaults of spec 02 §1 and spec 03 §6.6.
LinearShapes::LinearShapes(const json& transformer) {
  if (!transformer.is_object()) return;
  const Sizes sizes(transformer);
  struct Stream {
    std::string prefix;
    int64_t heads, width;
  };
  const auto stream = [&](const std::string& prefix, int64_t head_dim) {
    const auto heads = sizes.integer((prefix + "num_attention_heads").c_str(), 32);
    return Stream{prefix, heads, heads * sizes.integer((prefix + "attention_head_dim").c_str(), head_dim)};
  };
  const std::array streams = {stream("", 128), stream("audio_", 64)};
  const int64_t rows = sizes.flag("cross_attention_adaln", false) ? 9 : 6;
  const bool caption = !sizes.flag("caption_proj_before_connector", false);

  for (const auto& [prefix, heads, width] : streams) {
    add_attention(block_, prefix + "attn1", width, width, width, heads);
    add_attention(block_, prefix + "attn2", width, width, width, heads);
    add_feed_forward(block_, prefix + "ff", width);
    add(ends_, prefix + "patchify_proj", width, sizes.integer((prefix + "in_channels").c_str(), 128));
    add(ends_, prefix + "proj_out", sizes.integer((prefix + "out_channels").c_str(), 128), width);
    add_adaln(ends_, prefix + "adaln_single", width, rows);
    add_adaln(ends_, prefix + "prompt_adaln_single", width, 2);
    if (caption) {
      add(ends_, prefix + "caption_projection.linear_1", width, sizes.integer("caption_channels", 0));
      add(ends_, prefix + "caption_projection.linear_2", width, width);
    }
  }
  const auto video = streams[0].width, audio = streams[1].width;
  add_attention(block_, "audio_to_video_attn", video, audio, audio, streams[1].heads);
  add_attention(block_, "video_to_audio_attn", audio, video, audio, streams[1].heads);
  add_adaln(ends_, "av_ca_video_scale_shift_adaln_single", video, 4);
  add_adaln(ends_, "av_ca_audio_scale_shift_adaln_single", audio, 4);
  add_adaln(ends_, "av_ca_a2v_gate_adaln_single", video, 1);
  add_adaln(ends_, "av_ca_v2a_gate_adaln_single", audio, 1);

  const auto heads = sizes.integer("connector_num_attention_heads", 30);
  const auto head_dim = sizes.integer("connector_attention_head_dim", 128);
  const auto audio_heads = sizes.integer("audio_connector_num_attention_heads", heads);
  const auto audio_head_dim = sizes.integer("audio_connector_attention_head_dim", head_dim);
  for (const auto& [table, count, width] :
       {std::tuple{&video_connector_, heads, heads * head_dim},
        std::tuple{&audio_connector_, audio_heads, audio_heads * audio_head_dim}}) {
    add_attention(*table, "attn1", width, width, width, count);
    add_feed_forward(*table, "ff", width);
  }
}

std::optional<LinearShape> LinearShapes::find(std::string_view layer) const {
  const auto in = [](const Table& table, std::string_view name) -> std::optional<LinearShape> {
    const auto found = table.find(name);
    return found == table.end() ? std::nullopt : std::optional(found->second);
  };
  if (const auto name = below_block(layer, "transformer_blocks.")) return in(block_, *name);
  for (const std::string_view prefix :
       {"video_embeddings_connector.", "embeddings_connector.", "video_connector."})
    if (const auto name = below_block(layer, std::string(prefix) + "transformer_1d_blocks."))
      return in(video_connector_, *name);
  for (const std::string_view prefix : {"audio_embeddings_connector.", "audio_connector."})
    if (const auto name = below_block(layer, std::string(prefix) + "transformer_1d_blocks."))
      return in(audio_connector_, *name);
  return in(ends_, layer);
}

}  // namespace ltx::weights
