#include "pipelines/clip_output.h"

#include <cstring>

#include "media/tensors.h"
#include "media/wav.h"
#include "media/yuv.h"
#include "models/audio/resample.h"
#include "pipelines/factory.h"

namespace ltx::pipelines {
namespace {

bool is_wav(const std::string& path) {
  return media::container_of(path) == media::Container::Wav;
}

std::span<const float> channel(const at::Tensor& waveform, int64_t index) {
  return {waveform.data_ptr<float>() + index * waveform.size(1), static_cast<size_t>(waveform.size(1))};
}

at::Tensor tensor_of(std::span<const float> samples) {
  return at::from_blob(const_cast<float*>(samples.data()), {static_cast<int64_t>(samples.size())},
                       at::TensorOptions(at::kFloat));
}

/// Sound as AAC takes it: at one of its rates; any other becomes 48 kHz. A given sound may have any.
DecodedAudio for_movie(const at::Tensor& waveform, int32_t rate) {
  constexpr int32_t kRate = 48000;
  for (const int32_t known :
       {96000, 88200, 64000, kRate, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000, 7350})
    if (rate == known) return {waveform, rate};
  return {audio::resample(waveform.unsqueeze(0), rate, kRate)[0].contiguous(), kRate};
}

std::shared_ptr<const std::byte[]> bytes_of(const at::Tensor& tensor) {
  // The tensor stays alive as long as anybody holds its bytes.
  auto keep = std::make_shared<at::Tensor>(tensor.contiguous());
  return {keep, static_cast<const std::byte*>(keep->data_ptr())};
}

}  // namespace

ClipOutput::ClipOutput(const engine::Request& resolved, const std::optional<FrameSize>& size,
                       DecodedAudio audio, const std::string& metadata, engine::Sink& sink)
    : request_(resolved), audio_(std::move(audio)), sink_(sink) {
  audio_.waveform = media::stereo(audio_.waveform.to(at::kCPU, at::kFloat)).contiguous();
  const auto& waveform = audio_.waveform;
  const std::string comment = request_.output.embed_metadata ? metadata : "";
  if (!request_.output.path.empty()) {
    if (is_wav(request_.output.path)) {
      media::write_wav(request_.output.path, channel(waveform, 0), channel(waveform, 1), audio_.sample_rate,
                       comment);
    } else {
      std::optional<media::VideoTrack> video;
      if (size)
        video = media::VideoTrack{.width = size->width,
                                  .height = size->height,
                                  .frame_rate = request_.frame_rate,
                                  .crf = request_.output.video_crf,
                                  .whole_frame_rate = request_.reference_parity};
      const auto track = for_movie(waveform, audio_.sample_rate);  // encoded by the writer's constructor
      media::AudioTrack sound;
      sound.left = channel(track.waveform, 0);
      sound.right = channel(track.waveform, 1);
      sound.sample_rate = track.sample_rate;
      sound.bit_rate = request_.output.audio_bit_rate;
      writer_.emplace(request_.output.path, video, sound, comment, sink_);
    }
  }
  if (sink_.wants_audio()) {
    engine::Samples samples;
    samples.channels = static_cast<int32_t>(waveform.size(0));
    samples.sample_rate = audio_.sample_rate;
    samples.sample_count = static_cast<uint64_t>(waveform.size(1));
    auto keep = std::make_shared<at::Tensor>(waveform);
    samples.data = {keep, keep->data_ptr<float>()};
    sink_.audio(samples);
  }
}

void ClipOutput::deliver(const at::Tensor& chunk) {
  using engine::PixelFormat;
  engine::Pixels pixels;
  pixels.width = static_cast<int32_t>(chunk.size(2));
  pixels.height = static_cast<int32_t>(chunk.size(1));
  pixels.frame_count = static_cast<int32_t>(chunk.size(0));
  pixels.first_frame = static_cast<int32_t>(frames_);
  pixels.frame_rate = request_.frame_rate;
  const bool floats = engine::channel_bytes(request_.output.pixel_format) > 1;
  pixels.format = floats ? PixelFormat::RgbF32 : PixelFormat::Rgb8;
  const auto rounding =
      request_.reference_parity ? media::CodeRounding::Reference : media::CodeRounding::Nearest;
  const auto values = floats ? chunk.to(at::kFloat) : media::to_rgb8(chunk, rounding);
  pixels.data = bytes_of(values.to(at::kCPU));
  sink_.frames(pixels);
}

void ClipOutput::write(const at::Tensor& chunk) {
  if (sink_.wants_frames()) deliver(chunk);
  if (writer_) {
    const auto rounding =
        request_.reference_parity ? media::CodeRounding::Reference : media::CodeRounding::Nearest;
    const auto frames = media::to_i420(chunk, rounding).to(at::kCPU).contiguous();
    const auto size = static_cast<size_t>(frames.size(1) * frames.size(2));
    for (int64_t i = 0; i < frames.size(0); ++i)
      writer_->write_frame({frames.data_ptr<uint8_t>() + static_cast<size_t>(i) * size, size});
  }
  frames_ += chunk.size(0);
}

void ClipOutput::finish() {
  if (writer_) writer_->finish();
}

void save_clip(const engine::Clip& clip, const engine::OutputOptions& options, Monitor& monitor) {
  const bool has_video = clip.video.frame_count > 0, has_audio = clip.audio.sample_count > 0;
  media::check_output(options.path, has_video, has_audio);
  const auto channel_of = [&](uint64_t c) -> std::span<const float> {
    const uint64_t index = std::min<uint64_t>(c, static_cast<uint64_t>(clip.audio.channels) - 1);
    return {clip.audio.data.get() + index * clip.audio.sample_count, clip.audio.sample_count};
  };
  const std::string comment = options.embed_metadata ? clip.metadata : "";
  if (is_wav(options.path)) {
    media::write_wav(options.path, channel_of(0), channel_of(1), clip.audio.sample_rate, comment);
    return;
  }
  std::optional<media::VideoTrack> video;
  std::optional<media::AudioTrack> sound;
  DecodedAudio track;
  if (has_video) {
    video.emplace();
    video->width = clip.video.width;
    video->height = clip.video.height;
    video->frame_rate = clip.video.frame_rate;
    video->crf = options.video_crf < 0 ? 19 : options.video_crf;
  }
  if (has_audio) {
    track =
        for_movie(at::stack({tensor_of(channel_of(0)), tensor_of(channel_of(1))}), clip.audio.sample_rate);
    sound.emplace();
    sound->left = channel(track.waveform, 0);
    sound->right = channel(track.waveform, 1);
    sound->sample_rate = track.sample_rate;
    sound->bit_rate = options.audio_bit_rate < 0 ? 128000 : options.audio_bit_rate;
  }
  media::MovieWriter writer(options.path, video, sound, comment, monitor);
  for (int32_t i = 0; i < clip.video.frame_count; ++i) {
    monitor.progress({.phase = Phase::Encode, .step = i + 1, .step_count = clip.video.frame_count});
    const auto* frame = clip.video.data.get() + static_cast<uint64_t>(i) * clip.video.frame_bytes();
    if (clip.video.format == engine::PixelFormat::Rgb8) {
      const std::span<const uint8_t> rgb(reinterpret_cast<const uint8_t*>(frame), clip.video.frame_bytes());
      writer.write_frame(media::rgb8_to_i420(rgb, clip.video.width, clip.video.height));
      continue;
    }
    const auto chunk =
        at::from_blob(const_cast<std::byte*>(frame), {1, clip.video.height, clip.video.width, 3},
                      at::TensorOptions(at::kFloat));
    const auto i420 = media::to_i420(chunk, media::CodeRounding::Nearest).contiguous();
    writer.write_frame({i420.data_ptr<uint8_t>(), static_cast<size_t>(i420.numel())});
  }
  writer.finish();
}

}  // namespace ltx::pipelines
