#include "latents/geometry.h"

#include <cmath>
#include <nlohmann/json.hpp>
#include <string>

#include "base/error.h"

namespace ltx::latents {

const char* name(Stream stream) {
  return stream == Stream::Video ? "video" : "audio";
}

VideoShape video_latent_shape(int64_t batch, int64_t frames, int64_t height, int64_t width, int64_t channels,
                              const ScaleFactors& scale) {
  if (frames < 1 || height < scale.height || width < scale.width)
    fail(Status::InvalidArgument,
         "a clip of {} frames, {}x{} pixels (height x width) has no latent. Ask for at least 1 frame of "
         "{}x{}.",
         frames, height, width, scale.height, scale.width);
  return {batch, channels, (frames - 1) / scale.time + 1, height / scale.height, width / scale.width};
}

std::vector<int64_t> video_pixel_shape(const VideoShape& latent, const ScaleFactors& scale) {
  return {latent.batch, 3, (latent.frames - 1) * scale.time + 1, latent.height * scale.height,
          latent.width * scale.width};
}

AudioShape audio_latent_shape(int64_t batch, double seconds, const AudioTiming& timing, int64_t channels,
                              int64_t mel_bins) {
  if (!std::isfinite(seconds) || seconds < 0)
    fail(Status::InvalidArgument, "the audio duration is {} s. Use a finite one, 0 or more.", seconds);
  const double frames_per_second = static_cast<double>(timing.sample_rate) /
                                   static_cast<double>(timing.hop_length) /
                                   static_cast<double>(timing.downsample);
  return {batch, channels, static_cast<int64_t>(std::nearbyint(seconds * frames_per_second)), mel_bins};
}

AudioShape audio_latent_shape_of_clip(int64_t batch, int64_t frames, double fps) {
  if (!(fps > 0)) fail(Status::InvalidArgument, "the frame rate is {}. Use one above 0.", fps);
  return audio_latent_shape(batch, static_cast<double>(frames) / fps);
}

void check_resolution(int64_t height, int64_t width, bool two_stage) {
  const int64_t divisor = two_stage ? 64 : 32;
  for (const auto& [which, size] : {std::pair{"height", height}, std::pair{"width", width}})
    if (size <= 0 || size % divisor != 0)
      fail(Status::InvalidArgument, "the {} is {}, which is no multiple of {}. Use {} or {}.", which, size,
           divisor, size <= divisor ? divisor : size / divisor * divisor,
           size < 0 ? 2 * divisor : (size / divisor + 1) * divisor);
}

ScaleFactors scale_factors_of_vae(const nlohmann::json& config) {
  const auto vae = config.find("vae");
  if (vae == config.end() || !vae->is_object()) return {};
  auto blocks = vae->find("encoder_blocks");
  if (blocks == vae->end() || !blocks->is_array() || blocks->empty()) blocks = vae->find("decoder_blocks");
  if (blocks == vae->end() || !blocks->is_array() || blocks->empty()) return {};
  int64_t space = vae->value("patch_size", int64_t{4}), time = 1;
  for (const auto& block : *blocks) {
    const auto& kind = block.is_array() && !block.empty() ? block[0] : block;
    if (!kind.is_string()) continue;
    const auto& text = kind.get_ref<const std::string&>();
    const bool all = text.starts_with("compress_all");
    if (all || text.starts_with("compress_space")) space *= 2;
    if (all || text.starts_with("compress_time")) time *= 2;
  }
  return {time, space, space};
}

}  // namespace ltx::latents
