// Sizes of video and audio latents (spec 06 §2, spec 07 §1).
#pragma once
#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <vector>

namespace ltx::latents {

/// The two streams that are generated together.
enum class Stream { Video, Audio };

/// "video" or "audio", for messages.
const char* name(Stream stream);

/// Pixel frames, rows and columns per latent cell.
struct ScaleFactors {
  int64_t time = 8, height = 32, width = 32;
  bool operator==(const ScaleFactors&) const = default;
};

/// [B, C, F, H, W] of a video latent.
struct VideoShape {
  int64_t batch = 1, channels = 128, frames = 0, height = 0, width = 0;
  int64_t tokens() const { return frames * height * width; }
  std::vector<int64_t> sizes() const { return {batch, channels, frames, height, width}; }
  bool operator==(const VideoShape&) const = default;
};

/// [B, C, T, M] of an audio latent.
struct AudioShape {
  int64_t batch = 1, channels = 8, frames = 0, mel_bins = 16;
  int64_t tokens() const { return frames; }
  std::vector<int64_t> sizes() const { return {batch, channels, frames, mel_bins}; }
  bool operator==(const AudioShape&) const = default;
};

/// How audio latent frames lie in time: hertz, samples per mel frame, mel frames per latent frame.
struct AudioTiming {
  int64_t sample_rate = 16000, hop_length = 160, downsample = 4;
};

/// The latent of a clip of `frames` × `height` × `width` pixels; sizes off the grid are floored.
VideoShape video_latent_shape(int64_t batch, int64_t frames, int64_t height, int64_t width,
                              int64_t channels = 128, const ScaleFactors& scale = {});

/// [B, 3, frames, height, width] of the clip that a latent decodes to.
std::vector<int64_t> video_pixel_shape(const VideoShape& latent, const ScaleFactors& scale = {});

/// The audio latent of `seconds`, rounded half to even; also where that makes it empty.
AudioShape audio_latent_shape(int64_t batch, double seconds, const AudioTiming& timing = {},
                              int64_t channels = 8, int64_t mel_bins = 16);

/// The audio latent that accompanies a clip.
AudioShape audio_latent_shape_of_clip(int64_t batch, int64_t frames, double fps);

/// Height and width must be multiples of 64 for two-stage recipes, of 32 for one-stage ones.
void check_resolution(int64_t height, int64_t width, bool two_stage);

/// Scale factors that the VAE's block list implies (`vae` of a checkpoint's config); the default without one.
ScaleFactors scale_factors_of_vae(const nlohmann::json& config);

}  // namespace ltx::latents
