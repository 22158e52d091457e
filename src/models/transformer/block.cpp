#include "models/transformer/block.h"

namespace ltx::transformer {
namespace {

// Rows of the main table (spec 02 §7.1). The tables between the streams have scale before shift.
enum Row : int64_t {
  kShiftSelf,
  kScaleSelf,
  kGateSelf,
  kShiftFeedForward,
  kScaleFeedForward,
  kGateFeedForward,
  kShiftQuery,
  kScaleQuery,
  kGateText
};

std::string join(std::string_view prefix, std::string_view name) {
  return std::string(prefix).append(name);
}

nn::AttentionConfig attention_of(const Config& config, int64_t query_dim, int64_t context_dim,
                                 const StreamConfig& heads) {
  return {query_dim, context_dim, heads.heads, heads.head_dim, config.gated, config.norm_eps};
}

ScaleShift scale_shift(const Modulation& rows, int64_t scale, int64_t shift) {
  return {rows[scale], rows[shift]};
}

}  // namespace

StreamLayers::StreamLayers(const quant::Source& block, std::string_view prefix, const StreamConfig& stream,
                           const Config& config)
    : self_(block / join(prefix, "attn1"), attention_of(config, stream.width(), stream.width(), stream)),
      text_(block / join(prefix, "attn2"), attention_of(config, stream.width(), stream.width(), stream)),
      feed_forward_(block / join(prefix, "ff"), stream.width(), stream.ff_bias),
      table_(block.tensor(join(prefix, "scale_shift_table"), {config.modulation_rows(), stream.width()})) {
  if (config.cross_attention_adaln) {
    prompt_table_ = block.tensor(join(prefix, "prompt_scale_shift_table"), {2, stream.width()});
  }
}

nn::KeyValue StreamLayers::project_text(const TextConstants& text, const at::Tensor& prompt) const {
  if (!prompt_table_.defined()) return text_.project(text.context);
  const Modulation rows(prompt_table_, prompt, text.sample);
  return text_.project(modulate(text.context, {rows[1], rows[0]}));
}

void StreamLayers::attend(StreamPass& pass, const Keep& self, int64_t block) const {
  const auto& constants = *pass.constants;
  auto& x = pass.hidden;
  const auto& levels = *pass.levels;
  const Modulation rows(table_, levels.main, levels.index);

  x.add(
      self_(x.modulated(scale_shift(rows, kScaleSelf, kShiftSelf)), {.mask = constants.geometry->self_bias,
                                                                     .query_rope = &constants.geometry->rope,
                                                                     .keep = self.mask,
                                                                     .value_only = self.none}),
      rows[kGateSelf]);

  const auto& text = *constants.text;
  const auto& key_value = [&]() -> const nn::KeyValue& {
    if (!text.kept.empty()) return text.kept[static_cast<size_t>(block)];
    if (!*pass.text) *pass.text = project_text(text, levels.prompt);
    return **pass.text;
  }();
  if (prompt_table_.defined()) {
    const auto query = x.modulated(scale_shift(rows, kScaleQuery, kShiftQuery));
    x.add(text_.attend(query, key_value, {.mask = text.bias}), rows[kGateText]);
  } else {
    x.add(text_.attend(x.normed(), key_value, {.mask = text.bias}), std::nullopt);
  }
}

void StreamLayers::feed_forward(StreamPass& pass) const {
  const Modulation rows(table_, pass.levels->main, pass.levels->index);
  auto& x = pass.hidden;
  x.add(feed_forward_(x.modulated(scale_shift(rows, kScaleFeedForward, kShiftFeedForward))),
        rows[kGateFeedForward]);
}

CrossModal::CrossModal(const quant::Source& block, const Config& config)
    : audio_to_video_(block / "audio_to_video_attn",
                      attention_of(config, config.video->width(), config.audio->width(), *config.audio)),
      video_to_audio_(block / "video_to_audio_attn",
                      attention_of(config, config.audio->width(), config.video->width(), *config.audio)) {
  video_table_ = block.tensor("scale_shift_table_a2v_ca_video", {5, config.video->width()});
  audio_table_ = block.tensor("scale_shift_table_a2v_ca_audio", {5, config.audio->width()});
}

void CrossModal::exchange(StreamPass& video, StreamPass& audio, const Keep& to_video,
                          const Keep& to_audio) const {
  const bool a2v = video.enabled && !to_video.none, v2a = audio.enabled && !to_audio.none;
  if (!a2v && !v2a) return;

  // Both directions read both streams before either changes; rows 0, 1 belong to a2v and 2, 3 to v2a.
  struct Sides {
    at::Tensor a2v, v2a;
  };
  const auto sides = [&](StreamPass& pass, const at::Tensor& table) -> Sides {
    const Modulation rows(table.narrow(0, 0, 4), pass.levels->cross, pass.levels->index);
    const auto for_a2v = scale_shift(rows, 0, 1), for_v2a = scale_shift(rows, 2, 3);
    if (!a2v) return {{}, pass.hidden.modulated(for_v2a)};
    if (!v2a) return {pass.hidden.modulated(for_a2v), {}};
    auto [first, second] = pass.hidden.modulated(for_a2v, for_v2a);
    return {first, second};
  };
  const auto from_video = sides(video, video_table_), from_audio = sides(audio, audio_table_);

  const auto add = [](StreamPass& pass, at::Tensor y, const at::Tensor& table, const Keep& keep) {
    if (keep.mask.defined()) y = y * keep.mask;
    const Modulation gate(table.narrow(0, 4, 1), pass.levels->cross_gate, pass.constants->token_sample);
    pass.hidden.add(std::move(y), gate[0]);
  };
  const auto &video_rope = video.constants->geometry->cross_rope,
             &audio_rope = audio.constants->geometry->cross_rope;
  if (a2v) {
    add(video,
        audio_to_video_(from_video.a2v, from_audio.a2v, {.query_rope = &video_rope, .key_rope = &audio_rope}),
        video_table_, to_video);
  }
  if (v2a) {
    add(audio,
        video_to_audio_(from_audio.v2a, from_video.v2a, {.query_rope = &audio_rope, .key_rope = &video_rope}),
        audio_table_, to_audio);
  }
}

Block::Block(const quant::Source& source, const Config& config) {
  if (config.video) video_.emplace(source, "", *config.video, config);
  if (config.audio) audio_.emplace(source, "audio_", *config.audio, config);
  if (config.video && config.audio) cross_.emplace(source, config);
}

void Block::forward(StreamPass* video, StreamPass* audio, const BlockKeep& keep, int64_t index) const {
  if (video && video->enabled) video_->attend(*video, keep.video_self, index);
  if (audio && audio->enabled) audio_->attend(*audio, keep.audio_self, index);
  if (video && audio) cross_->exchange(*video, *audio, keep.audio_to_video, keep.video_to_audio);
  if (video && video->enabled) video_->feed_forward(*video);
  if (audio && audio->enabled) audio_->feed_forward(*audio);
}

}  // namespace ltx::transformer
