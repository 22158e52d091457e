// One transformer block: self-attention, text attention, attention between the streams, feed-forward (spec 02
// §7).
#pragma once
#include "models/transformer/block_keep.h"
#include "models/transformer/config.h"
#include "models/transformer/modulation.h"
#include "models/transformer/stream_pass.h"
#include "nn/feed_forward.h"

namespace ltx::transformer {

/// The layers of a block that belong to one stream.
class StreamLayers {
 public:
  /// `prefix`: "" for video, "audio_" for audio.
  StreamLayers(const quant::Source& block, std::string_view prefix, const StreamConfig& stream,
               const Config& config);

  /// Self-attention and text attention.
  void attend(StreamPass& pass, const Keep& self, int64_t block) const;
  void feed_forward(StreamPass& pass) const;

  /// Keys and values of the text, for static_text() configurations.
  nn::KeyValue static_text(const TextConstants& text) const { return project_text(text, {}); }

 private:
  nn::KeyValue project_text(const TextConstants& text, const at::Tensor& prompt) const;

  nn::Attention self_, text_;
  nn::FeedForward feed_forward_;
  at::Tensor table_;         // [6 or 9, D]
  at::Tensor prompt_table_;  // [2, D], undefined without cross_attention_adaln
};

/// Attention between the streams, in both directions from the same state.
class CrossModal {
 public:
  CrossModal(const quant::Source& block, const Config& config);
  void exchange(StreamPass& video, StreamPass& audio, const Keep& to_video, const Keep& to_audio) const;

 private:
  nn::Attention audio_to_video_, video_to_audio_;
  at::Tensor video_table_, audio_table_;  // [5, D]: scale and shift of a2v, of v2a, gate
};

class Block {
 public:
  Block(const quant::Source& source, const Config& config);

  /// `index`: the block's own, for TextConstants::kept. Null: the modality is absent.
  void forward(StreamPass* video, StreamPass* audio, const BlockKeep& keep, int64_t index) const;

  const StreamLayers* video() const { return video_ ? &*video_ : nullptr; }
  const StreamLayers* audio() const { return audio_ ? &*audio_ : nullptr; }

 private:
  std::optional<StreamLayers> video_, audio_;
  std::optional<CrossModal> cross_;
};

}  // namespace ltx::transformer
