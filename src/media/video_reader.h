// Videos to RGB frames (spec 07 §8.2).
#pragma once
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "base/monitor.h"
#include "media/orientation.h"

namespace ltx::media {

/// The first video stream of a file.
struct VideoInfo {
  int width = 0, height = 0;  // pixels, as the frames are handed over
  int64_t frame_count = 0;    // what the container says, or counted by decoding where it says nothing
  double frame_rate = 0;      // hertz, average
};

/// Throws FileNotFound, FileAccess, FileFormat (not a media file or no video stream), MediaDecode, NotBuilt.
VideoInfo probe_video(const std::filesystem::path& path, Monitor& monitor = Monitor::silent(),
                      Holding holding = Holding::AsShown);

/// Seconds on the file's clock; 0 where the first frame has no time or one before the clock's start. Throws
/// as probe_video.
double first_frame_time(const std::filesystem::path& path, Monitor& monitor = Monitor::silent());

/// Frames in decode order from `first` on, at most `count`.
struct IndexWindow {
  int64_t first = 0;
  std::optional<int64_t> count;
};
/// Frames with start ≤ t < start + duration, in seconds.
struct TimeWindow {
  double start = 0;
  double duration = 0;
};

/// One decoded frame, valid during the call only: [height, width, 3].
struct FrameView {
  int width = 0, height = 0;
  std::span<const uint8_t> rgb;
};
using FrameSink = std::function<void(const FrameView&)>;

/// Hands over the frames of the window one by one and returns their number; checks for cancellation before
/// each. Colour matrix and range tags are honoured; untagged is BT.601 limited. A display matrix of quarter
/// turns and mirrors is honoured, others are ignored. Throws as probe_video.
int64_t read_video(const std::filesystem::path& path, const IndexWindow& window, const FrameSink& sink,
                   Monitor& monitor = Monitor::silent(), Holding holding = Holding::AsShown);
int64_t read_video(const std::filesystem::path& path, const TimeWindow& window, const FrameSink& sink,
                   Monitor& monitor = Monitor::silent(), Holding holding = Holding::AsShown);

}  // namespace ltx::media
