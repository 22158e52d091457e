#include "api/result.h"

#include <algorithm>
#include <cstring>

#include "api/pixels.h"
#include "base/error.h"
#include "io/safetensors_writer.h"
#include "io/sha256.h"

namespace ltx::api {

ClipBuilder::ClipBuilder(const engine::Request& request)
    : options_(request.output), expected_frames_(std::max(request.num_frames, 1)) {}

engine::Pixels ClipBuilder::add(const engine::Pixels& chunk) {
  engine::Pixels pixels = convert(chunk, options_.pixel_format);
  pixels.first_frame = video_.frame_count;
  if (!options_.keep_frames) {
    video_.frame_count += chunk.frame_count;
    return pixels;
  }
  if (!frames_) {
    video_ = pixels;
    video_.frame_count = 0;
  }
  if (pixels.width != video_.width || pixels.height != video_.height)
    fail(Status::Internal, "frames of {}x{} follow frames of {}x{}. Please report this.", pixels.width,
         pixels.height, video_.width, video_.height);
  const int32_t needed = video_.frame_count + pixels.frame_count;
  if (needed > capacity_) {
    capacity_ = std::max(needed, std::max(expected_frames_, 2 * capacity_));
    const auto grown =
        std::make_shared_for_overwrite<std::byte[]>(pixels.frame_bytes() * static_cast<uint64_t>(capacity_));
    if (frames_) std::memcpy(grown.get(), frames_.get(), video_.size());
    frames_ = grown;
  }
  std::byte* at = frames_.get() + video_.size();
  std::memcpy(at, pixels.data.get(), pixels.size());
  video_.frame_count = needed;
  pixels.data = std::shared_ptr<const std::byte[]>(frames_, at);
  return pixels;
}

engine::Samples ClipBuilder::add(const engine::Samples& chunk) {
  if (options_.keep_frames) tracks_.push_back(chunk);
  return chunk;
}

engine::Clip ClipBuilder::finish() {
  engine::Clip clip;
  if (options_.keep_frames && frames_) {
    clip.video = video_;
    clip.video.data = frames_;
  }
  if (tracks_.size() == 1) {
    clip.audio = tracks_.front();
  } else if (!tracks_.empty()) {
    clip.audio = tracks_.front();
    clip.audio.sample_count = 0;
    for (const engine::Samples& part : tracks_) clip.audio.sample_count += part.sample_count;
    const auto data = std::make_shared_for_overwrite<float[]>(clip.audio.sample_count *
                                                              static_cast<uint64_t>(clip.audio.channels));
    float* at = data.get();
    for (int32_t channel = 0; channel < clip.audio.channels; ++channel)
      for (const engine::Samples& part : tracks_)
        at = std::copy_n(part.data.get() + static_cast<uint64_t>(channel) * part.sample_count,
                         part.sample_count, at);
    clip.audio.data = data;
  }
  return clip;
}

void save_latents(const Result& result, const std::string& path) {
  std::vector<std::pair<const char*, const engine::Latent*>> latents;
  if (!result.video_latent.values.empty()) latents.emplace_back("video_latent", &result.video_latent);
  if (!result.audio_latent.values.empty()) latents.emplace_back("audio_latent", &result.audio_latent);
  if (latents.empty())
    fail(Status::Unsupported, "the result has no latents. Save the latents of a generation.");
  std::vector<io::TensorDeclaration> declared;
  for (const auto& [name, latent] : latents) declared.push_back({name, "F32", latent->shape});
  io::SafetensorsWriter writer(path, declared);
  for (const auto& [name, latent] : latents) writer.write(name, std::as_bytes(std::span(latent->values)));
  writer.commit();
}

void digest(const engine::Output& output, uint8_t (&sha256)[32]) {
  io::Sha256 hash;
  hash.update(std::as_bytes(std::span(output.video_latent.values)));
  hash.update(std::as_bytes(std::span(output.audio_latent.values)));
  const io::Sha256::Digest bytes = hash.finish();
  std::copy(bytes.begin(), bytes.end(), sha256);
}

}  // namespace ltx::api
