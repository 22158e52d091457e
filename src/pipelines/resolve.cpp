#include "pipelines/resolve.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/error.h"
#include "diffusion/schedule.h"
#include "engine/rules.h"
#include "latents/geometry.h"
#include "media/image.h"
#include "media/movie_writer.h"
#include "models/text/default_prompts.h"
#include "pipelines/enhance.h"
#include "pipelines/keyframe_slots.h"
#include "pipelines/resolve_media.h"
#include "pipelines/source_media.h"
#include "pipelines/text_embeddings.h"
#include "pipelines/tiling.h"

namespace ltx::pipelines {
namespace {

using Defaults = diffusion::GenerationDefaults;
using engine::kDefault;
using engine::Request;

constexpr int32_t kMaxSide = 16384, kMaxFrames = 8 * 4096 + 1;

/// Range check of a numeric field; NaN fails every range.
template <class T>
void require_range(const char* field, T value, double low, double high) {
  if (!(static_cast<double>(value) >= low && static_cast<double>(value) <= high))
    fail(Status::InvalidArgument, "request.{} is {}, allowed are {} to {}. Set a value in that range.", field,
         value, low, high);
}

void resolve_size(Request& r, const RecipeTraits& traits, const Defaults& defaults) {
  const int32_t factor = traits.two_stages ? 2 : 1, multiple = traits.two_stages ? 64 : 32;
  if (r.width == kDefault) r.width = static_cast<int32_t>(defaults.stage_1_width) * factor;
  if (r.height == kDefault) r.height = static_cast<int32_t>(defaults.stage_1_height) * factor;
  for (const auto& [name, value] : {std::pair{"width", r.width}, std::pair{"height", r.height}}) {
    require_range(name, value, multiple, kMaxSide);
    if (value % multiple != 0)
      fail(Status::InvalidArgument,
           "request.{} is {}, which is no multiple of {} as the recipe {} needs it. Use {} or {}.", name,
           value, multiple, engine::name_of(traits.kind), std::max(value / multiple, 1) * multiple,
           (value / multiple + 1) * multiple);
  }
}

void resolve_length(Request& r, const RecipeTraits& traits, const Defaults& defaults) {
  if (r.frame_rate == kDefault) r.frame_rate = defaults.frame_rate;
  require_range("frame_rate", r.frame_rate, 1, 240);
  if (r.num_frames == kDefault) r.num_frames = static_cast<int32_t>(defaults.frames);
  require_range("num_frames", r.num_frames, 1, kMaxFrames);
  // A sound has no grid of frames.
  if (traits.video && (r.num_frames - 1) % 8 != 0 && !r.reference_parity) {
    const int32_t below = (r.num_frames - 1) / 8 * 8 + 1;
    fail(Status::InvalidArgument, "request.num_frames is {}, which is not of the form 8k + 1. Use {} or {}.",
         r.num_frames, below, below + 8);
  }
}

void check_sigmas(const char* field, const std::vector<float>& sigmas) {
  if (sigmas.size() < 2 || sigmas.back() != 0)
    fail(Status::InvalidArgument,
         "request.{} has {} values and ends with {}. Give at least two noise levels, the last one 0.", field,
         sigmas.size(), sigmas.empty() ? 0.0f : sigmas.back());
  for (size_t i = 0; i < sigmas.size(); ++i)
    if (!(sigmas[i] >= 0 && sigmas[i] <= 1) || (i > 0 && !(sigmas[i] < sigmas[i - 1])))
      fail(Status::InvalidArgument, "request.{}[{}] is {}. Noise levels lie in 0 to 1 and fall strictly.",
           field, i, sigmas[i]);
}

std::vector<float> values_of(const at::Tensor& sigmas) {
  return {sigmas.data_ptr<float>(), sigmas.data_ptr<float>() + sigmas.numel()};
}

void resolve_schedule(Request& r, const RecipeTraits& traits, const Defaults& defaults) {
  if (is_guided(traits.kind, r)) {
    if (!r.stage_1_sigmas.empty()) {
      const auto steps = static_cast<int32_t>(r.stage_1_sigmas.size()) - 1;
      if (r.num_inference_steps != kDefault && r.num_inference_steps != steps)
        fail(Status::InvalidArgument,
             "request.num_inference_steps is {}, request.stage_1_sigmas has {} steps. Set one of the two.",
             r.num_inference_steps, steps);
      r.num_inference_steps = steps;
    } else {
      // A guided retake has a default of its own, whatever the version (spec 07 §6.1).
      if (r.num_inference_steps == kDefault)
        r.num_inference_steps =
            traits.kind == engine::PipelineKind::Retake ? 40 : static_cast<int32_t>(defaults.steps);
      require_range("num_inference_steps", r.num_inference_steps, 1, 1000);
      // The shift is that of 4096 tokens whatever the size; only HQ tells the scheduler its own number (spec
      // 07 §2).
      diffusion::Ltx2Schedule options;
      if (traits.kind == engine::PipelineKind::TwoStageHq)
        options.tokens = latents::video_latent_shape(1, r.num_frames, r.height / 2, r.width / 2).tokens();
      r.stage_1_sigmas = values_of(diffusion::ltx2_schedule(r.num_inference_steps, options));
    }
  } else if (r.stage_1_sigmas.empty()) {
    r.stage_1_sigmas = values_of(diffusion::fixed_schedule("DISTILLED"));
  }
  check_sigmas("stage_1_sigmas", r.stage_1_sigmas);
  if (!traits.two_stages) return;
  if (r.stage_2_sigmas.empty()) r.stage_2_sigmas = values_of(diffusion::fixed_schedule("STAGE_2_DISTILLED"));
  check_sigmas("stage_2_sigmas", r.stage_2_sigmas);
}

void resolve_sampler(Request& r, const RecipeTraits& traits) {
  const bool hq = traits.kind == engine::PipelineKind::TwoStageHq;
  if (r.sampler == engine::Sampler::Auto) r.sampler = hq ? engine::Sampler::Res2s : engine::Sampler::Euler;
  if (hq && r.sampler != engine::Sampler::Res2s)
    fail(Status::InvalidArgument,
         "request.sampler is not res-2s, the only one of the recipe {}. Leave it at its default or use "
         "two-stage.",
         engine::name_of(traits.kind));
}

void resolve_guidance(const char* name, std::optional<engine::Guidance>& given,
                      const diffusion::GuiderParams& defaults, int64_t blocks) {
  engine::Guidance g = given.value_or(engine::Guidance{});
  const auto fill = [&](const char* field, float& value, double fallback) {
    if (value == kDefault) value = static_cast<float>(fallback);
    require_range(fmt::format("{}.{}", name, field).c_str(), value, 0, 1000);
  };
  fill("cfg_scale", g.cfg_scale, defaults.cfg_scale);
  fill("stg_scale", g.stg_scale, defaults.stg_scale);
  fill("rescale_scale", g.rescale_scale, defaults.rescale_scale);
  fill("modality_scale", g.modality_scale, defaults.modality_scale);
  if (g.skip_step == kDefault) g.skip_step = static_cast<int32_t>(defaults.skip_step);
  require_range(fmt::format("{}.skip_step", name).c_str(), g.skip_step, 0, 1000);
  if (!g.stg_blocks) {
    g.stg_blocks.emplace();
    // The published block of 48; its counterpart in a transformer of another depth.
    for (const auto block : defaults.stg_blocks)
      g.stg_blocks->push_back(static_cast<int32_t>(block < blocks ? block : block * blocks / 48));
  }
  for (const auto block : *g.stg_blocks)
    require_range(fmt::format("{}.stg_blocks", name).c_str(), block, 0, static_cast<double>(blocks - 1));
  given = g;
}

void resolve_images(Request& r, const RecipeTraits& traits, const ModelFacts& facts) {
  if (traits.kind == engine::PipelineKind::Keyframes && r.images.empty())
    fail(Status::InvalidArgument,
         "request.images is empty, but the recipe {} goes from picture to picture. Give at least one.",
         engine::name_of(traits.kind));
  check_image_sources(r);
  for (size_t i = 0; i < r.images.size(); ++i) {
    auto& image = r.images[i];
    const auto field = [&](const char* name) { return fmt::format("images[{}].{}", i, name); };
    require_range(field("frame_index").c_str(), image.frame_index, 0, r.num_frames - 1);
    require_range(field("strength").c_str(), image.strength, 0, 1);
    if (image.crf == kDefault) image.crf = r.reference_parity ? facts.reference_image_crf : facts.image_crf;
    require_range(field("crf").c_str(), image.crf, 0, 51);
    // An unreadable picture is an error now, not after the text.
    if (!image.path.empty()) media::read_image(image.path, Monitor::silent(), holding_of(r));
  }
}

void resolve_keyframes(Request& r, const ModelFacts& facts) {
  if (r.keyframe_count == 0) return;
  if (!facts.keyframe_slots)
    fail(Status::Unsupported,
         "request.keyframe_indices asks for {} generated keyframes, which this model was not trained for. "
         "Use an LTX-2.5 "
         "checkpoint or leave the field at its default.",
         r.keyframe_count);
  const auto positions = keyframe_positions(r);
  r.keyframe_indices.assign(positions.begin(), positions.end());
  r.keyframe_count = static_cast<int32_t>(positions.size());
}

void resolve_text(const Request& r) {
  if (r.text_embeddings.empty()) {
    if (r.prompt.empty())
      fail(Status::InvalidArgument,
           "request.prompt is empty and request.text_embeddings is not set. Give one of the two.");
    return;
  }
  if (!r.prompt.empty())
    fail(Status::InvalidArgument,
         "request.prompt and request.text_embeddings are both set. Give one of the two.");
}

void resolve_enhancement(Request& r, const RecipeTraits& traits) {
  check_enhancement(r);
  if (!r.enhance_prompt) return;
  // A seed beyond the field's range stays the recipe's default.
  if (const auto seed = enhancement_seed(traits.kind, r); seed <= std::numeric_limits<int64_t>::max())
    r.enhance_seed = static_cast<int64_t>(seed);
}

void resolve_output(Request& r, const RecipeTraits& traits) {
  auto& output = r.output;
  if (output.video_crf == kDefault) output.video_crf = 19;
  require_range("output.video_crf", output.video_crf, 0, 51);
  if (output.audio_bit_rate == kDefault) output.audio_bit_rate = 128000;
  require_range("output.audio_bit_rate", output.audio_bit_rate, 8000, 512000);
  output.write_exr = 0;
  if (!output.path.empty()) media::check_output(output.path, traits.video, true);
}

void resolve_guidance(Request& r, const RecipeTraits& traits, const ModelFacts& facts) {
  if (!r.negative_prompt && r.text_embeddings.empty())
    r.negative_prompt = default_negative_prompt(traits.kind);
  resolve_sampler(r, traits);
  if (traits.guides_video)
    resolve_guidance("video_guidance", r.video_guidance, facts.defaults.video, facts.blocks);
  if (!traits.guides_audio) return;
  auto audio = facts.defaults.audio;
  if (!traits.video) audio.modality_scale = 1;  // there is no other modality
  resolve_guidance("audio_guidance", r.audio_guidance, audio, facts.blocks);
}

}  // namespace

RecipeTraits traits_of(engine::PipelineKind kind) {
  using enum engine::PipelineKind;
  return {.kind = kind,
          .two_stages = kind != OneStage && kind != Retake && kind != TextToAudio,
          .video = kind != TextToAudio,
          .guides_video = kind != TextToAudio,
          .guides_audio = kind != AudioToVideo};
}

std::string default_negative_prompt(engine::PipelineKind kind) {
  return kind == engine::PipelineKind::Retake ? "" : std::string(text::default_negative_prompt());
}

void check_image_sources(const Request& r) {
  for (size_t i = 0; i < r.images.size(); ++i)
    if (const auto& image = r.images[i]; image.path.empty() == !image.pixels)
      fail(Status::InvalidArgument, "request.images[{}] has {} path and pixels. Give exactly one of the two.",
           i, image.path.empty() ? "neither" : "both");
}

void check_enhancement(const Request& r) {
  if (!r.enhance_prompt && r.enhance_seed != kDefault)
    fail(Status::InvalidArgument,
         "request.enhance_seed is {}, but request.enhance_prompt is 0. Set enhance_prompt, or leave the "
         "seed at -1.",
         r.enhance_seed);
  if (r.enhance_prompt && !r.text_embeddings.empty())
    fail(Status::InvalidArgument,
         "request.enhance_prompt is set beside request.text_embeddings, which is encoded already. Give a "
         "prompt instead, or leave enhance_prompt at 0.");
}

bool is_guided(engine::PipelineKind kind, const Request& r) {
  using enum engine::PipelineKind;
  if (kind == Retake)
    return r.negative_prompt || r.num_inference_steps != kDefault || r.sampler != engine::Sampler::Auto ||
           r.video_guidance || r.audio_guidance;
  return kind != Distilled && kind != IcLora;
}

Request resolve(const Request& request, const RecipeTraits& traits, const ModelFacts& facts) {
  const auto& defaults = facts.defaults;
  Request r = request;
  const bool guided = is_guided(traits.kind, r);
  if (traits.kind == engine::PipelineKind::Retake) resolve_source(r);
  if (traits.video) resolve_size(r, traits, defaults);
  resolve_length(r, traits, defaults);
  resolve_text(r);
  resolve_enhancement(r, traits);
  resolve_schedule(r, traits, defaults);
  if (guided) resolve_guidance(r, traits, facts);
  resolve_images(r, traits, facts);
  if (traits.kind == engine::PipelineKind::IcLora) resolve_references(r, facts.reference);
  if (traits.kind == engine::PipelineKind::AudioToVideo || r.audio) resolve_sound(r, traits);
  resolve_keyframes(r, facts);
  if (traits.video) resolve_tiling(r);
  if (!r.text_embeddings.empty())
    check_text_embeddings(r.text_embeddings, guided, facts.video_context, facts.audio_context);
  resolve_output(r, traits);
  return r;
}

}  // namespace ltx::pipelines
