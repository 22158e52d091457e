#include "engine/rules.h"

namespace ltx::engine {

std::string_view name_of(PipelineKind kind) {
  switch (kind) {
    case PipelineKind::None:
      return "none";
    case PipelineKind::Distilled:
      return "distilled";
    case PipelineKind::TwoStage:
      return "two-stage";
    case PipelineKind::TwoStageHq:
      return "two-stage-hq";
    case PipelineKind::OneStage:
      return "one-stage";
    case PipelineKind::IcLora:
      return "ic-lora";
    case PipelineKind::Keyframes:
      return "keyframes";
    case PipelineKind::AudioToVideo:
      return "audio-to-video";
    case PipelineKind::Retake:
      return "retake";
    case PipelineKind::Hdr:
      return "hdr";
    case PipelineKind::Dub:
      return "dub";
    case PipelineKind::TextToAudio:
      return "text-to-audio";
    case PipelineKind::Dfr:
      return "dfr";
  }
  return "unknown";
}

std::string_view name_of(Component component) {
  switch (component) {
    case Component::All:
      return "all";
    case Component::TextEncoder:
      return "text-encoder";
    case Component::TextConnector:
      return "text-connector";
    case Component::Transformer:
      return "transformer";
    case Component::VideoEncoder:
      return "video-encoder";
    case Component::VideoDecoder:
      return "video-decoder";
    case Component::AudioEncoder:
      return "audio-encoder";
    case Component::AudioDecoder:
      return "audio-decoder";
    case Component::SpatialUpsampler:
      return "spatial-upsampler";
    case Component::TemporalUpsampler:
      return "temporal-upsampler";
    case Component::DurationHead:
      return "duration-head";
    case Component::PromptEnhancer:
      return "prompt-enhancer";
  }
  return "unknown";
}

}  // namespace ltx::engine
