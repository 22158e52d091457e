// Films to files (spec 07 §9): H.264 and AAC in MP4, MOV or MKV.
#pragma once
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "base/monitor.h"

namespace ltx::media {

enum class Container { Mp4, Mov, Mkv, Wav };

/// By suffix, upper or lower case. Throws InvalidArgument naming the suffixes that exist.
Container container_of(const std::filesystem::path& path);

/// Everything that can be known about an output before any work is done: the suffix fits the tracks, the file
/// can be created, the module and its encoders are there. Leaves nothing behind.
void check_output(const std::filesystem::path& path, bool has_video, bool has_audio);

struct VideoTrack {
  int width = 0, height = 0;  // pixels, even
  double frame_rate = 24;     // hertz
  int crf = 19;               // 0–51
  /// The reference's stream rate: the whole part of frame_rate (29.97 becomes 29).
  bool whole_frame_rate = false;
};

/// Stereo samples; the reference's shape rule and 16-bit rounding are applied (pcm.h).
struct AudioTrack {
  std::span<const float> left, right;
  int sample_rate = 0;   // hertz
  int64_t bit_rate = 0;  // bit/s; 0: the encoder's default, 128 000 for a stereo pair
};

/// Encodes while frames come in. The file appears under its name with finish(); a writer that is destroyed
/// before removes what it wrote. Used by one thread at a time.
class MovieWriter {
 public:
  /// Checks everything and encodes the sound, before the first frame is asked for. `comment` is embedded as
  /// metadata unless empty. `monitor` must outlive the writer. Throws InvalidArgument, FileAccess, DiskFull,
  /// MediaEncode, NotBuilt, Cancelled.
  MovieWriter(const std::filesystem::path& path, const std::optional<VideoTrack>& video,
              const std::optional<AudioTrack>& audio, const std::string& comment = {},
              Monitor& monitor = Monitor::silent());
  ~MovieWriter();
  MovieWriter(MovieWriter&&) noexcept;

  /// One frame: height * 3 / 2 rows of width bytes, Y then U then V. Checks for cancellation.
  void write_frame(std::span<const uint8_t> i420);
  int64_t frames() const;
  /// Throws InvalidArgument if a video track got no frame.
  void finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace ltx::media
