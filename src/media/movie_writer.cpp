#include "media/movie_writer.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "base/error.h"
#include "io/atomic_file.h"
#include "media/module.h"
#include "media/pcm.h"

namespace ltx::media {
namespace {

const char* muxer_of(Container container) {
  switch (container) {
    case Container::Mp4:
      return "mp4";
    case Container::Mov:
      return "mov";
    case Container::Mkv:
      return "matroska";
    case Container::Wav:
      return "wav";
  }
  return "";
}

void check_tracks(const std::filesystem::path& path, bool has_video, bool has_audio) {
  if (!has_video && !has_audio)
    fail(Status::InvalidArgument, "{}: neither picture nor sound to write. Give at least one track.",
         path.string());
  if (container_of(path) == Container::Wav && has_video)
    fail(Status::InvalidArgument, "{}: a WAV file holds sound only. Name the output .mp4, .mov or .mkv.",
         path.string());
}

void check_video(const VideoTrack& track) {
  if (track.width < 2 || track.height < 2 || track.width % 2 || track.height % 2)
    fail(Status::InvalidArgument, "a video of {}x{} pixels. Give even sizes of at least 2.", track.width,
         track.height);
  if (!std::isfinite(track.frame_rate) || track.frame_rate <= 0 || track.frame_rate > 1000 ||
      (track.whole_frame_rate && track.frame_rate < 1))
    fail(Status::InvalidArgument, "a video of {} frames per second. Give a rate above 0 and up to 1000.",
         track.frame_rate);
  if (track.crf < 0 || track.crf > 51)
    fail(Status::InvalidArgument, "video_crf is {}, outside 0 to 51. 19 is the default.", track.crf);
}

/// Both channels as the file's decoder will return their 16-bit codes.
struct Quantized {
  std::vector<float> left, right;
  explicit Quantized(const AudioTrack& track) : left(track.left.size()), right(track.right.size()) {
    const auto codes = pcm16_stereo(track.left, track.right);
    for (size_t i = 0; i < left.size(); ++i) {
      left[i] = static_cast<float>(codes[2 * i]) / 32768.0f;
      right[i] = static_cast<float>(codes[2 * i + 1]) / 32768.0f;
    }
  }
};

}  // namespace

Container container_of(const std::filesystem::path& path) {
  std::string suffix = path.extension().string();
  std::transform(suffix.begin(), suffix.end(), suffix.begin(), [](unsigned char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : static_cast<char>(c);
  });
  if (suffix == ".mp4") return Container::Mp4;
  if (suffix == ".mov") return Container::Mov;
  if (suffix == ".mkv") return Container::Mkv;
  if (suffix == ".wav") return Container::Wav;
  fail(Status::InvalidArgument,
       "{}: the output's suffix is '{}'. Use .mp4, .mov, .mkv, or .wav for sound alone.", path.string(),
       suffix);
}

void check_output(const std::filesystem::path& path, bool has_video, bool has_audio) {
  check_tracks(path, has_video, has_audio);
  if (container_of(path) != Container::Wav) module();
  io::AtomicFile::probe(path);
}

struct MovieWriter::State {
  io::AtomicFile file;
  FileDoor door;
  const ltx_media_table& media;
  Monitor& monitor;
  std::unique_ptr<ltx_media_writer, void (*)(ltx_media_writer*)> writer;
  size_t frame_bytes = 0;
  bool has_video = false;
  int64_t frames = 0;

  State(const std::filesystem::path& path, const ltx_media_table& table, Monitor& listener)
      : file(path), door(file), media(table), monitor(listener), writer(nullptr, table.writer_close) {}
};

MovieWriter::MovieWriter(const std::filesystem::path& path, const std::optional<VideoTrack>& video,
                         const std::optional<AudioTrack>& audio, const std::string& comment,
                         Monitor& monitor) {
  check_tracks(path, video.has_value(), audio.has_value());
  if (container_of(path) == Container::Wav)
    fail(Status::InvalidArgument, "{}: a WAV file needs no film writer. Use write_wav.", path.string());
  ltx_media_output output{};
  output.container = muxer_of(container_of(path));
  output.comment = comment.empty() ? nullptr : comment.c_str();
  if (video) {
    check_video(*video);
    output.has_video = 1;
    output.width = video->width;
    output.height = video->height;
    output.crf = video->crf;
    output.frame_rate = video->frame_rate;
    if (video->whole_frame_rate)
      output.rate_num = static_cast<int32_t>(video->frame_rate), output.rate_den = 1;
  }
  std::optional<Quantized> sound;
  if (audio) {
    if (audio->sample_rate < 1)
      fail(Status::InvalidArgument, "a sound track of {} Hz. Give its sample rate.", audio->sample_rate);
    if (audio->bit_rate < 0)
      fail(Status::InvalidArgument, "audio_bit_rate is {}. Give bits per second, or 0 for the default.",
           audio->bit_rate);
    sound.emplace(*audio);
    output.has_audio = 1;
    output.sample_rate = audio->sample_rate;
    output.audio_bit_rate = audio->bit_rate;
  }
  monitor.checkpoint();
  state_ = std::make_unique<State>(path, module(), monitor);
  State& s = *state_;
  s.has_video = video.has_value();
  if (video) s.frame_bytes = static_cast<size_t>(video->width) * video->height * 3 / 2;
  ltx_media_writer* writer = nullptr;
  s.door.call(s.media.writer_open, s.door.callbacks(), &output, &writer);
  s.writer.reset(writer);
  if (!sound) return;
  // A second at a time, so that a long track can be cancelled. Blocks of the encoder must not be split: it
  // takes multiples of 1024.
  constexpr size_t kBlock = 1024 * 48;
  for (size_t begin = 0; begin < sound->left.size(); begin += kBlock) {
    monitor.checkpoint();
    const auto count = static_cast<int64_t>(std::min(kBlock, sound->left.size() - begin));
    s.door.call(s.media.writer_samples, writer, sound->left.data() + begin, sound->right.data() + begin,
                count);
  }
}

MovieWriter::~MovieWriter() = default;
MovieWriter::MovieWriter(MovieWriter&&) noexcept = default;

void MovieWriter::write_frame(std::span<const uint8_t> i420) {
  State& s = *state_;
  if (!s.has_video || i420.size() != s.frame_bytes)
    fail(Status::InvalidArgument,
         "{}: a frame of {} bytes where {} are expected. Give I420 frames of the track's size.",
         s.file.target().string(), i420.size(), s.frame_bytes);
  s.monitor.checkpoint();
  s.door.call(s.media.writer_frame, s.writer.get(), i420.data());
  ++s.frames;
}

int64_t MovieWriter::frames() const {
  return state_->frames;
}

void MovieWriter::finish() {
  State& s = *state_;
  if (s.has_video && s.frames == 0)
    fail(Status::InvalidArgument, "{}: the video has no frame. Write at least one.",
         s.file.target().string());
  s.monitor.checkpoint();
  s.door.call(s.media.writer_finish, s.writer.get());
  s.writer.reset();
  s.file.commit();
}

}  // namespace ltx::media
