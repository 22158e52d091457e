#include "pipelines/source_media.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "latents/geometry.h"
#include "media/tensors.h"
#include "models/audio/mel.h"
#include "models/audio/resample.h"

namespace ltx::pipelines {
namespace {

/// Frames [first, first + count) of a buffer on the scale of 8-bit codes: [f, h, w, 3], integers as they are.
at::Tensor codes_of(const engine::Pixels& pixels, int64_t first, int64_t count) {
  const int channels = engine::channels_of(pixels.format);
  const auto type = engine::channel_bytes(pixels.format) == 4   ? at::kFloat
                    : engine::channel_bytes(pixels.format) == 2 ? at::kHalf
                                                                : at::kByte;
  auto frames = at::from_blob(const_cast<std::byte*>(pixels.data.get() + first * pixels.frame_bytes()),
                              {count, pixels.height, pixels.width, channels}, at::TensorOptions(type))
                    .narrow(3, 0, std::min(channels, 3))  // alpha is dropped
                    .expand({count, pixels.height, pixels.width, 3});
  if (type == at::kByte) return frames;
  return frames.to(at::kFloat).nan_to_num(0.0).clamp(0.0, 1.0).mul(255.0);
}

/// First frame and number of frames of a window.
std::pair<int64_t, int64_t> range_of(const engine::VideoCondition& video,
                                     const std::variant<media::IndexWindow, media::TimeWindow>& window) {
  const int64_t frames = video.pixels->frame_count;
  if (const auto* index = std::get_if<media::IndexWindow>(&window))
    return {index->first, std::min(index->count.value_or(frames), frames - index->first)};
  const auto& time = std::get<media::TimeWindow>(window);
  const double rate = probe(video, media::Holding::AsShown).frame_rate;
  const auto at_or_after = [&](double seconds) {
    return std::clamp<int64_t>(static_cast<int64_t>(std::ceil(seconds * rate)), 0, frames);
  };
  const int64_t first = at_or_after(time.start);
  return {first, at_or_after(time.start + time.duration) - first};
}

at::Tensor cut(const at::Tensor& waveform, double start, double duration, int32_t rate) {
  const double have = static_cast<double>(waveform.size(1));
  const double first = std::min(std::nearbyint(start * rate), have);
  const double count = duration < 0 ? have - first : std::min(std::nearbyint(duration * rate), have - first);
  return waveform.narrow(1, static_cast<int64_t>(first), static_cast<int64_t>(count));
}

std::optional<DecodedAudio> read_window(const engine::AudioCondition& audio, bool reference_parity,
                                        bool silence_before, Monitor& monitor) {
  DecodedAudio sound;
  if (audio.samples) {
    const auto& s = *audio.samples;
    const auto given =
        at::from_blob(const_cast<float*>(s.data.get()), {s.channels, static_cast<int64_t>(s.sample_count)},
                      at::TensorOptions(at::kFloat));
    sound.waveform = cut(given, audio.start_time, audio.max_duration, s.sample_rate);
    sound.sample_rate = s.sample_rate;
    if (sound.waveform.numel() == 0) return std::nullopt;
  } else {
    media::AudioWindow window;
    window.start_time = audio.start_time;
    if (audio.max_duration >= 0) window.max_duration = audio.max_duration;
    window.reference_parity = reference_parity;
    window.silence_before = silence_before;
    const auto read = media::read_audio(audio.path, window, monitor);
    if (!read) return std::nullopt;
    sound.waveform = media::as_tensor(*read)[0];
    sound.sample_rate = read->sample_rate;
  }
  sound.waveform = audio::to_stereo(sound.waveform.unsqueeze(0))[0].clone();
  return sound;
}

}  // namespace

media::VideoInfo probe(const engine::VideoCondition& video, media::Holding holding, Monitor& monitor) {
  if (!video.pixels) return media::probe_video(video.path, monitor, holding);
  const auto& pixels = *video.pixels;
  const double rate = video.frame_rate > 0 ? video.frame_rate : std::max(pixels.frame_rate, 0.0);
  return {pixels.width, pixels.height, pixels.frame_count, rate};
}

at::Tensor read_frames(const engine::VideoCondition& video,
                       const std::variant<media::IndexWindow, media::TimeWindow>& window, int64_t height,
                       int64_t width, at::Device device, at::ScalarType dtype, media::Holding holding,
                       Monitor& monitor) {
  if (!video.pixels)
    return media::condition_video(video.path, window, height, width, device, dtype, monitor, holding);
  const auto [first, count] = range_of(video, window);
  std::vector<at::Tensor> frames;
  for (int64_t i = 0; i < count; ++i) {
    monitor.checkpoint();
    const auto frame = codes_of(*video.pixels, first + i, 1).to(device);
    frames.push_back(media::normalized(media::resize_and_crop(frame, height, width), dtype));
  }
  if (frames.empty())
    fail(Status::InvalidArgument,
         "no frame of the given pixels lies in the window that was asked for. Give more frames.");
  return at::cat(frames, 2);
}

std::optional<DecodedAudio> read_sound(const engine::AudioCondition& audio, bool reference_parity,
                                       Monitor& monitor) {
  return read_window(audio, reference_parity, false, monitor);
}

std::optional<DecodedAudio> read_sound_of_film(const engine::AudioCondition& audio, bool reference_parity,
                                               Monitor& monitor) {
  return read_window(audio, reference_parity, !reference_parity, monitor);
}

int64_t latent_frames_of_sound(int64_t samples, int64_t rate) {
  constexpr latents::AudioTiming kTiming{};
  const int64_t spectra =
      1 + audio::resampled_length(samples, rate, kTiming.sample_rate) / kTiming.hop_length;
  return (spectra + kTiming.downsample - 1) / kTiming.downsample;
}

}  // namespace ltx::pipelines
