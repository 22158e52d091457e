#include "models/text/embeddings_processor.h"

namespace ltx::text {

EmbeddingsProcessor::EmbeddingsProcessor(const EmbeddingsConfig& config, int64_t hidden, int64_t states,
                                         const quant::Source& source)
    : extractor_(config.version, {hidden, states, config.video.width(), config.audio.width()},
                 source / "feature_extractor"),
      video_(config.video, source / "video_connector"),
      audio_(config.audio, source / "audio_connector") {}

StreamPair EmbeddingsProcessor::features(EncodedPrompts prompts) const {
  return extractor_.project(extractor_.stack(std::move(prompts.states), prompts.mask));
}

StreamPair EmbeddingsProcessor::contexts(const StreamPair& features, const at::Tensor& mask,
                                         const Monitor& monitor, int64_t length) const {
  return {video_(features.video, mask, length, monitor), audio_(features.audio, mask, length, monitor)};
}

StreamPair EmbeddingsProcessor::operator()(EncodedPrompts prompts, const Monitor& monitor) const {
  const auto mask = prompts.mask;
  return contexts(features(std::move(prompts)), mask, monitor);
}

}  // namespace ltx::text
