#include "pipelines/resolve_media.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "engine/rules.h"
#include "latents/frames.h"
#include "latents/geometry.h"
#include "pipelines/source_media.h"

namespace ltx::pipelines {
namespace {

using engine::kDefault;
using engine::Request;
using engine::VideoRole;

constexpr int64_t kScale = 32;  // pixels per latent cell

std::string name_of(const engine::VideoCondition& video) {
  return video.pixels ? "the clip in memory" : "'" + video.path + "'";
}

/// Exactly one of path and pixels; a file brings its own rate.
void check_video(const engine::VideoCondition& video, size_t index) {
  if (video.path.empty() == !video.pixels)
    fail(Status::InvalidArgument, "request.videos[{}] has {} path and pixels. Give exactly one of the two.",
         index, video.path.empty() ? "neither" : "both");
  if (!(video.strength >= 0 && video.strength <= 1))
    fail(Status::InvalidArgument,
         "request.videos[{}].strength is {}, allowed are 0 to 1. Set a value in that range.", index,
         video.strength);
  if (!video.pixels && video.frame_rate != kDefault)
    fail(Status::InvalidArgument,
         "request.videos[{}].frame_rate is {}, but '{}' has a rate of its own. Leave it at its default.",
         index, video.frame_rate, video.path);
}

/// A field that the source decides; what is given must agree.
template <class T>
void take(const char* field, T& value, T of_source, const engine::VideoCondition& source) {
  if (value != kDefault && value != of_source)
    fail(Status::InvalidArgument,
         "request.{} is {}, but the recipe retake takes it from {}, which has {}. Leave it at its default.",
         field, value, name_of(source), of_source);
  value = of_source;
}

void check_window(const Request& r, double duration) {
  for (const auto& [field, value] :
       {std::pair{"start_time", r.start_time}, std::pair{"end_time", r.end_time}})
    if (!std::isfinite(value) || value < 0)
      fail(Status::InvalidArgument,
           "request.{} is {}, but the recipe retake needs the window to make anew. Set start_time and "
           "end_time in seconds.",
           field, value);
  if (r.start_time >= r.end_time)
    fail(Status::InvalidArgument,
         "request.start_time is {} and request.end_time {}. The window must end after it starts.",
         r.start_time, r.end_time);
  if (r.start_time >= duration && !r.reference_parity)
    fail(Status::InvalidArgument, "request.start_time is {} s, but the clip lasts {} s. Start within it.",
         r.start_time, duration);
}

/// Latent frames of a reference video after thinning.
int64_t reference_latents(int64_t frames, int64_t step) {
  const int64_t kept = frames < 2 ? frames : 1 + (frames - 2) / step + 1;
  return (kept - 1) / 8 + 1;
}

void check_mask(const Request& r, const engine::VideoCondition& mask, int64_t latents) {
  const int64_t frames = std::min<int64_t>(probe(mask, holding_of(r)).frame_count, r.num_frames);
  if (frames > 1 && latents > 1 && (frames - 1) % (latents - 1) != 0)
    fail(Status::InvalidArgument,
         "{}: {} mask frames for {} latent frames of the reference: {} does not divide {}. Give as many mask "
         "frames as the reference video has.",
         name_of(mask), frames, latents, latents - 1, frames - 1);
}

}  // namespace

void resolve_source(Request& r) {
  if (r.videos.size() != 1 || r.videos.front().role != VideoRole::Source)
    fail(Status::InvalidArgument,
         "request.videos has {} elements{}, but the recipe retake edits one clip. Give one with the role "
         "source.",
         r.videos.size(), r.videos.size() == 1 ? " of another role" : "");
  const auto& source = r.videos.front();
  check_video(source, 0);
  if (source.strength != 1)
    fail(Status::InvalidArgument,
         "request.videos[0].strength is {}, but the recipe retake keeps its source as it is. Leave it at 1.",
         source.strength);
  const auto info = probe(source, holding_of(r));
  if (info.frame_count < 1 || !(info.frame_rate > 0))
    fail(Status::InvalidArgument,
         "{} has {} frames and a rate of {} Hz. Give frames, and their rate in request.videos[0].frame_rate.",
         name_of(source), info.frame_count, info.frame_rate);
  if (info.width % kScale != 0 || info.height % kScale != 0)
    fail(Status::InvalidArgument,
         "{} is {}x{} pixels, but the recipe retake needs multiples of {}. Scale or crop it to {}x{}.",
         name_of(source), info.width, info.height, kScale, std::max<int64_t>(info.width / kScale, 1) * kScale,
         std::max<int64_t>(info.height / kScale, 1) * kScale);
  if ((info.frame_count - 1) % 8 != 0 && !r.reference_parity)
    fail(Status::InvalidArgument, "{} has {} frames, which is not of the form 8k + 1. Cut it to {} frames.",
         name_of(source), info.frame_count, latents::snap_frames(info.frame_count));
  take("width", r.width, info.width, source);
  take("height", r.height, info.height, source);
  take("num_frames", r.num_frames,
       static_cast<int32_t>(std::min<int64_t>(info.frame_count, std::numeric_limits<int32_t>::max())),
       source);
  take("frame_rate", r.frame_rate, info.frame_rate, source);
  check_window(r, static_cast<double>(info.frame_count) / info.frame_rate);
}

void resolve_references(const Request& r, const ReferenceScale& scale) {
  const engine::VideoCondition* mask = nullptr;
  std::vector<const engine::VideoCondition*> references;
  for (size_t i = 0; i < r.videos.size(); ++i) {
    const auto& video = r.videos[i];
    check_video(video, i);
    if (video.frame_rate != kDefault)
      fail(Status::InvalidArgument,
           "request.videos[{}].frame_rate is {}, but the recipe ic-lora takes references frame by frame, "
           "whatever their rate. Leave it at its default.",
           i, video.frame_rate);
    if (video.role == VideoRole::Reference) {
      references.push_back(&video);
    } else if (video.role == VideoRole::Mask && !mask) {
      mask = &video;
    } else {
      fail(Status::InvalidArgument,
           "request.videos[{}].role is {}, but the recipe ic-lora takes reference videos and at most one "
           "mask. Use the role reference.",
           i, video.role == VideoRole::Mask ? "mask for a second time" : "source");
    }
  }
  if (references.empty())
    fail(Status::InvalidArgument,
         "request.videos has no reference, but the recipe ic-lora follows one. Give one with the role "
         "reference.");
  if (!(r.attention_strength >= 0 && r.attention_strength <= 1))
    fail(Status::InvalidArgument,
         "request.attention_strength is {}, allowed are 0 to 1. Set a value in that range.",
         r.attention_strength);
  const int64_t multiple = 2 * kScale * scale.down;
  if (r.width % multiple != 0 || r.height % multiple != 0)
    fail(
        Status::InvalidArgument,
        "request.width and height are {}x{}, but references at 1/{} of the first stage's size need multiples "
        "of {}. Use such a size.",
        r.width, r.height, scale.down, multiple);
  for (const auto* reference : references) {
    const int64_t frames = std::min<int64_t>(probe(*reference, holding_of(r)).frame_count, r.num_frames);
    if (frames < 1)
      fail(Status::InvalidArgument, "{} has no frames. Give another reference.", name_of(*reference));
    if (mask) check_mask(r, *mask, reference_latents(frames, scale.time));
  }
}

void resolve_sound(Request& r, const RecipeTraits& traits) {
  const auto recipe = engine::name_of(traits.kind);
  if (!r.audio)
    fail(Status::InvalidArgument,
         "request.audio is not set, but the recipe {} needs a sound. Give a file or "
         "samples.",
         recipe);
  auto& audio = *r.audio;
  if (audio.path.empty() == !audio.samples)
    fail(Status::InvalidArgument, "request.audio has {} path and samples. Give exactly one of the two.",
         audio.path.empty() ? "neither" : "both");
  if (!std::isfinite(audio.start_time) || audio.start_time < 0)
    fail(Status::InvalidArgument, "request.audio.start_time is {}. Give seconds from 0 on.",
         audio.start_time);
  const double duration = static_cast<double>(r.num_frames) / r.frame_rate;
  if (audio.max_duration == kDefault) audio.max_duration = duration;
  if (!std::isfinite(audio.max_duration) || audio.max_duration < 0)
    fail(Status::InvalidArgument, "request.audio.max_duration is {}. Give seconds, or -1 for the clip's.",
         audio.max_duration);
  const auto name = audio.samples ? std::string("the sound in memory") : "'" + audio.path + "'";
  // Decoded and not only probed: a file may say one length and hold another.
  const auto sound = read_sound(audio, r.reference_parity);
  if (!sound)
    fail(Status::InvalidArgument, "{} has no sound from {} s on for {} s. Choose another file or window.",
         name, audio.start_time, audio.max_duration);
  if (traits.kind != engine::PipelineKind::AudioToVideo) return;
  const int64_t samples = sound->waveform.size(1);
  const int64_t needed = latents::audio_latent_shape_of_clip(1, r.num_frames, r.frame_rate).frames;
  if (latent_frames_of_sound(samples, sound->sample_rate) < needed) {
    const double seconds = static_cast<double>(samples) / sound->sample_rate;
    fail(Status::InvalidArgument,
         "{} gives {:.3f} s of sound, but {} frames at {} Hz last {:.3f} s. Use at most {} frames, or a "
         "longer "
         "sound.",
         name, seconds, r.num_frames, r.frame_rate, duration,
         latents::snap_frames(std::max<int64_t>(static_cast<int64_t>(seconds * r.frame_rate), 1)));
  }
}

}  // namespace ltx::pipelines
