// Sound of media files (spec 07 §8.3, 05 §11).
#pragma once
#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <vector>

#include "base/monitor.h"

namespace ltx::media {

/// Samples at the file's own rate, planar: channel c holds data[c * samples … (c + 1) * samples).
struct Audio {
  int channels = 0;
  int sample_rate = 0;  // hertz
  int64_t samples = 0;  // per channel
  std::vector<float> data;

  std::span<const float> channel(int c) const {
    return {data.data() + c * samples, static_cast<size_t>(samples)};
  }
};

struct AudioWindow {
  double start_time = 0;               // seconds
  std::optional<double> max_duration;  // seconds; to the end where absent
  /// Reads as the reference does: unsigned 8-bit samples with their offset of 128 left in, the first frame
  /// after a seek without the one that it overlaps, and without `max_duration` no further than the stream's
  /// duration on the file's clock, which cuts off the end of a sound that begins late.
  bool reference_parity = false;
  /// The window's time before the first sample is silence, as far as `max_duration` goes: the sound stays
  /// with its picture. Otherwise the result begins with the first sample.
  bool silence_before = false;
};

/// The first audio stream; nothing if the file has none or no sample lies in the window. Throws FileNotFound,
/// FileAccess, FileFormat, MediaDecode, NotBuilt.
std::optional<Audio> read_audio(const std::filesystem::path& path, const AudioWindow& window = {},
                                Monitor& monitor = Monitor::silent());

}  // namespace ltx::media
