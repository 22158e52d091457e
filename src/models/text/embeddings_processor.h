// Hidden states of the language model to the contexts of the transformer's two streams: feature extractor and
// connectors, which come with the transformer's checkpoint (spec 03 §5, §6).
#pragma once
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/monitor.h"
#include "models/text/connector.h"
#include "models/text/feature_extractor.h"
#include "models/text/tokenizer.h"

namespace ltx::text {

/// What the language model leaves behind; it can be dropped before the embeddings are loaded.
struct EncodedPrompts {
  std::vector<at::Tensor> states;  // one per stacked state: [N, T, D], T tokens of the longest prompt
  at::Tensor mask;                 // [N, T] bool, padding on the left
};

class EmbeddingsProcessor {
 public:
  /// `hidden` and `states` are those of the language model (GemmaConfig::hidden, ::states()); `source` stands
  /// at the root of the embeddings' tensors.
  EmbeddingsProcessor(const EmbeddingsConfig& config, int64_t hidden, int64_t states,
                      const quant::Source& source);

  /// Features of every token, [N, T, width] per stream. Takes the states over to free them one by one.
  StreamPair features(EncodedPrompts prompts) const;

  /// Features to contexts [N, length, width]; every position counts, there is no mask behind this point (spec
  /// 03 §6.2).
  StreamPair contexts(const StreamPair& features, const at::Tensor& mask, const Monitor& monitor,
                      int64_t length = kPromptLength) const;

  StreamPair operator()(EncodedPrompts prompts, const Monitor& monitor) const;

  const FeatureExtractor& extractor() const { return extractor_; }
  const Connector& video_connector() const { return video_; }
  const Connector& audio_connector() const { return audio_; }

 private:
  FeatureExtractor extractor_;
  Connector video_, audio_;
};

}  // namespace ltx::text
