#include "engine/rules.h"

#include <initializer_list>

#include "base/error.h"

namespace ltx::engine {
namespace {

using Kind = PipelineKind;

constexpr uint32_t kinds(std::initializer_list<Kind> list) {
  uint32_t bits = 0;
  for (Kind kind : list) bits |= 1u << static_cast<int32_t>(kind);
  return bits;
}

// The table of docs/c-api.md §3, read by columns. Fields of the common set have no row.
constexpr uint32_t kTwoStages = kinds({Kind::TwoStage, Kind::TwoStageHq});
constexpr uint32_t kVideo = kTwoStages | kinds({Kind::Distilled, Kind::OneStage, Kind::IcLora,
                                                Kind::Keyframes, Kind::AudioToVideo, Kind::Dfr});
// A retake's size, length and rate are those of its source, but they stand in its resolved request.
constexpr uint32_t kSize = kVideo | kinds({Kind::Dub, Kind::Retake});
constexpr uint32_t kLength = kVideo | kinds({Kind::Hdr, Kind::TextToAudio, Kind::Retake});
constexpr uint32_t kRate = kVideo | kinds({Kind::TextToAudio, Kind::Retake});
constexpr uint32_t kSeconds = kVideo | kinds({Kind::TextToAudio});
constexpr uint32_t kGuided = kTwoStages | kinds({Kind::OneStage, Kind::Keyframes, Kind::AudioToVideo,
                                                 Kind::Retake, Kind::TextToAudio});
constexpr uint32_t kVideoGuided = kGuided & ~kinds({Kind::TextToAudio});
constexpr uint32_t kAudioGuided = kGuided & ~kinds({Kind::AudioToVideo});
constexpr uint32_t kImages = kVideo | kinds({Kind::Dub});
constexpr uint32_t kSlots = kTwoStages | kinds({Kind::Distilled, Kind::OneStage});
constexpr uint32_t kSigmas1 = ~kinds({Kind::Hdr});
constexpr uint32_t kSigmas2 = kTwoStages | kinds({Kind::Distilled, Kind::IcLora, Kind::Keyframes,
                                                  Kind::AudioToVideo, Kind::Dub, Kind::Dfr});
constexpr uint32_t kEnhanced = ~kinds({Kind::Hdr});  // whose text comes encoded
constexpr uint32_t kVideos = kinds({Kind::IcLora, Kind::Retake, Kind::Hdr, Kind::Dub});

struct Rule {
  const char* field;
  uint32_t used_by;
  bool (*set)(const Request&);
};

constexpr Rule kRules[] = {
    {"width", kSize, [](const Request& r) { return r.width != kDefault; }},
    {"height", kSize, [](const Request& r) { return r.height != kDefault; }},
    {"num_frames", kLength, [](const Request& r) { return r.num_frames != kDefault; }},
    {"frame_rate", kRate, [](const Request& r) { return r.frame_rate != kDefault; }},
    {"min_seconds", kSeconds, [](const Request& r) { return r.min_seconds != 1; }},
    {"max_seconds", kSeconds, [](const Request& r) { return r.max_seconds != 20; }},
    {"color_space", kVideo | kinds({Kind::Retake}),
     [](const Request& r) { return r.color_space != ColorSpace::Sdr; }},
    {"negative_prompt", kGuided, [](const Request& r) { return r.negative_prompt.has_value(); }},
    {"num_inference_steps", kGuided, [](const Request& r) { return r.num_inference_steps != kDefault; }},
    {"sampler", kGuided, [](const Request& r) { return r.sampler != Sampler::Auto; }},
    {"video_guidance", kVideoGuided, [](const Request& r) { return r.video_guidance.has_value(); }},
    {"audio_guidance", kAudioGuided, [](const Request& r) { return r.audio_guidance.has_value(); }},
    {"images", kImages, [](const Request& r) { return !r.images.empty(); }},
    {"keyframe_indices", kSlots, [](const Request& r) { return r.keyframe_count != 0; }},
    {"stage_1_sigmas", kSigmas1, [](const Request& r) { return !r.stage_1_sigmas.empty(); }},
    {"stage_2_sigmas", kSigmas2, [](const Request& r) { return !r.stage_2_sigmas.empty(); }},
    {"videos", kVideos, [](const Request& r) { return !r.videos.empty(); }},
    {"audio", kinds({Kind::AudioToVideo, Kind::Retake}),
     [](const Request& r) { return r.audio.has_value(); }},
    {"start_time", kinds({Kind::Retake}), [](const Request& r) { return r.start_time != kDefault; }},
    {"end_time", kinds({Kind::Retake}), [](const Request& r) { return r.end_time != kDefault; }},
    {"regenerate_video", kinds({Kind::Retake}), [](const Request& r) { return !r.regenerate_video; }},
    {"regenerate_audio", kinds({Kind::Retake}), [](const Request& r) { return !r.regenerate_audio; }},
    {"skip_stage_2", kinds({Kind::IcLora}), [](const Request& r) { return r.skip_stage_2; }},
    {"high_quality", kinds({Kind::Hdr}), [](const Request& r) { return r.high_quality; }},
    {"enhance_prompt", kEnhanced, [](const Request& r) { return r.enhance_prompt; }},
    {"enhance_seed", kEnhanced, [](const Request& r) { return r.enhance_seed != kDefault; }},
    {"temporal_upsample_rounds", kinds({Kind::Dfr}),
     [](const Request& r) { return r.temporal_upsample_rounds != 0; }},
    {"attention_strength", kinds({Kind::IcLora}),
     [](const Request& r) { return r.attention_strength != 1.0f; }},
};

std::string users(uint32_t used_by) {
  std::string list;
  for (int32_t kind = 1; kind <= static_cast<int32_t>(Kind::Dfr); ++kind)
    if (used_by >> kind & 1u) {
      if (!list.empty()) list += ", ";
      list += name_of(static_cast<Kind>(kind));
    }
  return list;
}

void require_built(bool unset, const char* field, const char* feature) {
  if (!unset)
    fail(Status::NotBuilt,
         "{} asks for {}, which this build of the library does not have. Leave the field at its default.",
         field, feature);
}

}  // namespace

void check_fields(PipelineKind kind, const Request& request) {
  for (const Rule& rule : kRules)
    if (rule.set(request) && !(rule.used_by >> static_cast<int32_t>(kind) & 1u))
      fail(
          Status::InvalidArgument,
          "request.{} is set, but the recipe {} does not use it. Leave it at its default; it is used by: {}.",
          rule.field, name_of(kind), users(rule.used_by));
}

bool is_built(PipelineKind kind) {
  constexpr uint32_t kBuilt =
      kTwoStages | kinds({Kind::Distilled, Kind::OneStage, Kind::Keyframes, Kind::IcLora, Kind::AudioToVideo,
                          Kind::Retake, Kind::TextToAudio});
  return kBuilt >> static_cast<int32_t>(kind) & 1u;
}

void check_built(const PipelineParams& p) {
  if (!is_built(p.kind))
    fail(
        Status::NotBuilt,
        "params.kind is {}, a recipe that this build of the library does not have. Use distilled, one-stage, "
        "two-stage, two-stage-hq, keyframes, ic-lora, audio-to-video, retake or text-to-audio.",
        name_of(p.kind));
  require_built(p.memory_mode == MemoryMode::Auto || p.memory_mode == MemoryMode::Persistent ||
                    p.memory_mode == MemoryMode::Cold,
                "params.memory_mode", "offloading");
  require_built(p.residency.empty(), "params.residency", "placement by component");
  require_built(p.decoder_mode == DecoderMode::Auto, "params.decoder_mode", "the diffusion video decoder");
  require_built(p.gpu_priority == GpuPriority::Normal, "params.gpu_priority", "stream priorities");
  require_built(p.cuda_graphs <= 0, "params.cuda_graphs", "CUDA graphs");
  require_built(p.device_memory_limit == 0, "params.device_memory_limit", "memory budgets");
  require_built(p.host_memory_limit == 0, "params.host_memory_limit", "memory budgets");
  require_built(!p.share_with, "params.share_with", "sharing of components");
  require_built(p.models.duration_head.empty(), "params.models.duration_head", "predicted durations");
  require_built(p.models.temporal_upsampler.empty(), "params.models.temporal_upsampler",
                "doubling of the frame rate");
  for (const Lora& lora : p.loras) {
    require_built(lora.role != LoraRole::Detailing, "params.loras[].role", "detailing LoRAs");
  }
}

void check_built(const Request& r) {
  require_built(r.color_space == ColorSpace::Sdr, "request.color_space", "HDR");
  require_built(r.min_seconds == 1, "request.min_seconds", "predicted durations");
  require_built(r.max_seconds == 20, "request.max_seconds", "predicted durations");
  require_built(r.preview_mode == PreviewMode::None, "request.preview_mode", "previews");
  require_built(r.preview_interval == 1, "request.preview_interval", "previews");
  require_built(r.preview_max_side == 512, "request.preview_max_side", "previews");
  require_built(r.output.location == Location::Host, "request.output.location", "frames on the device");
  require_built(r.output.write_exr != 1, "request.output.write_exr", "EXR output");
}

}  // namespace ltx::engine
