#include "media/video_reader.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <utility>

#include "base/error.h"
#include "media/module.h"

namespace ltx::media {
namespace {

/// An opened video stream.
class Stream {
 public:
  Stream(const std::filesystem::path& path, Holding holding) : media_(module()), file_(path), door_(file_) {
    ltx_media_reader* reader = nullptr;
    door_.call(media_.reader_open, door_.callbacks(), int32_t{LTX_MEDIA_VIDEO}, 0u, &reader, &info_);
    reader_ = {reader, media_.reader_close};
    if (holding == Holding::AsShown) orientation_ = info_.orientation;
    if (swaps_sides(orientation_)) std::swap(info_.width, info_.height);
  }

  const ltx_media_stream& info() const { return info_; }
  double seconds_per_tick() const { return static_cast<double>(info_.time_base_num) / info_.time_base_den; }
  double seconds(int64_t pts) const {
    return static_cast<double>(static_cast<long double>(pts) * info_.time_base_num / info_.time_base_den);
  }
  /// Hands a frame over as it is to be held.
  void show(const ltx_media_frame& frame, const FrameSink& sink) const {
    const std::span<const uint8_t> rgb(frame.rgb, static_cast<size_t>(frame.width) * frame.height * 3);
    if (orientation_ <= 1) return sink({frame.width, frame.height, rgb});
    const auto turned = oriented(Image(frame.width, frame.height, {rgb.begin(), rgb.end()}), orientation_);
    sink({turned.width, turned.height, turned.rgb});
  }
  bool next(ltx_media_frame& frame) { return door_.call(media_.reader_frame, reader_.get(), &frame); }
  void seek(int64_t timestamp) { door_.call(media_.reader_seek, reader_.get(), timestamp); }

 private:
  const ltx_media_table& media_;
  InputFile file_;
  FileDoor door_;
  ltx_media_stream info_{};
  int orientation_ = 1;
  std::unique_ptr<ltx_media_reader, void (*)(ltx_media_reader*)> reader_{nullptr, nullptr};
};

void check_window(double start, double duration) {
  if (!std::isfinite(start) || start < 0 || !std::isfinite(duration) || duration < 0)
    fail(Status::InvalidArgument,
         "a video window of {} s from {} s. Give finite seconds that are not negative.", duration, start);
}

}  // namespace

VideoInfo probe_video(const std::filesystem::path& path, Monitor& monitor, Holding holding) {
  Stream stream(path, holding);
  const auto& info = stream.info();
  VideoInfo video{info.width, info.height, info.frame_count, info.frame_rate};
  if (video.frame_count <= 0) {
    video.frame_count = 0;
    for (ltx_media_frame frame{}; monitor.checkpoint(), stream.next(frame);) ++video.frame_count;
  }
  return video;
}

double first_frame_time(const std::filesystem::path& path, Monitor& monitor) {
  monitor.checkpoint();
  Stream stream(path, Holding::Reference);
  ltx_media_frame frame{};
  return stream.next(frame) && frame.has_pts ? std::max(stream.seconds(frame.pts), 0.0) : 0;
}

int64_t read_video(const std::filesystem::path& path, const IndexWindow& window, const FrameSink& sink,
                   Monitor& monitor, Holding holding) {
  Stream stream(path, holding);
  int64_t taken = 0;
  ltx_media_frame frame{};
  for (int64_t index = 0; !window.count || taken < *window.count; ++index) {
    monitor.checkpoint();
    if (!stream.next(frame)) break;
    if (index < window.first) continue;
    stream.show(frame, sink);
    ++taken;
  }
  return taken;
}

int64_t read_video(const std::filesystem::path& path, const TimeWindow& window, const FrameSink& sink,
                   Monitor& monitor, Holding holding) {
  check_window(window.start, window.duration);
  Stream stream(path, holding);
  if (window.start > 0) stream.seek(static_cast<int64_t>(window.start / stream.seconds_per_tick()));
  const double end = window.start + window.duration;
  int64_t taken = 0;
  ltx_media_frame frame{};
  for (;;) {
    monitor.checkpoint();
    if (!stream.next(frame)) return taken;
    if (!frame.has_pts) break;
    const double time = stream.seconds(frame.pts);
    if (time >= end) return taken;  // frames come in the order of their times
    if (time < window.start) continue;
    stream.show(frame, sink);
    ++taken;
  }
  if (taken > 0)
    fail(Status::MediaDecode, "{}: a frame after {} frames has no time. Convert the file.", path.string(),
         taken);
  // Without times the frames are counted from the file's start (spec 07 §8.2).
  const double rate = stream.info().frame_rate;
  return read_video(path,
                    IndexWindow{static_cast<int64_t>(std::nearbyint(window.start * rate)),
                                static_cast<int64_t>(std::nearbyint(window.duration * rate))},
                    sink, monitor, holding);
}

}  // namespace ltx::media
