// Clips and sounds that a request gives: files, or buffers of the caller's memory.
#pragma once
#include <ATen/ATen.h>

#include <optional>
#include <variant>

#include "engine/request.h"
#include "media/video_reader.h"

namespace ltx::pipelines {

/// Sound beside a clip: [2, N] fp32 on the host.
struct DecodedAudio {
  at::Tensor waveform;
  int32_t sample_rate = 0;  // hertz
};

/// Films and pictures as their files say, or as the reference reads them.
inline media::Holding holding_of(const engine::Request& request) {
  return request.reference_parity ? media::Holding::Reference : media::Holding::AsShown;
}

/// Size, length and rate of a clip; 0 hertz where a buffer does not say. Throws as media::probe_video.
media::VideoInfo probe(const engine::VideoCondition& video, media::Holding holding,
                       Monitor& monitor = Monitor::silent());

/// Frames of the window, resized and cropped: [1, 3, F, H, W] in [−1, 1]. Throws InvalidArgument if there is
/// none.
at::Tensor read_frames(const engine::VideoCondition& video,
                       const std::variant<media::IndexWindow, media::TimeWindow>& window, int64_t height,
                       int64_t width, at::Device device, at::ScalarType dtype, media::Holding holding,
                       Monitor& monitor);

/// The window of a sound at its own rate, of any number of channels as two: stereo samples are those of the
/// source, mono is doubled, more are mixed down. Nothing if the file has no sound or none lies in the window.
std::optional<DecodedAudio> read_sound(const engine::AudioCondition& audio, bool reference_parity,
                                       Monitor& monitor = Monitor::silent());

/// The sound of a film over the window, silent before it begins: `read_sound` of a sound that has a picture.
/// With `reference_parity` it begins with its first sample, as if it had begun with the picture.
std::optional<DecodedAudio> read_sound_of_film(const engine::AudioCondition& audio, bool reference_parity,
                                               Monitor& monitor);

/// Latent frames that a sound of `samples` at `rate` hertz encodes to.
int64_t latent_frames_of_sound(int64_t samples, int64_t rate);

}  // namespace ltx::pipelines
