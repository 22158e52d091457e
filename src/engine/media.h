// Pictures and sound as they cross the seam: in host memory, tightly packed, shared instead of copied.
#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "engine/enums.h"

namespace ltx::engine {

/// Channels per pixel and bytes per channel.
constexpr int channels_of(PixelFormat format) {
  return format == PixelFormat::Gray8 ? 1 : format == PixelFormat::Rgba8 ? 4 : 3;
}
constexpr int channel_bytes(PixelFormat format) {
  return format == PixelFormat::RgbF32 ? 4 : format == PixelFormat::RgbF16 ? 2 : 1;
}

/// Frames [F, H, W, C], interleaved, top row first. Integers are full range, floats 0–1.
struct Pixels {
  PixelFormat format = PixelFormat::Rgb8;
  int32_t width = 0, height = 0, frame_count = 0;
  int32_t first_frame = 0;  // index of the first frame within the clip
  double frame_rate = 0;    // hertz
  std::shared_ptr<const std::byte[]> data;

  uint64_t row_bytes() const {
    return static_cast<uint64_t>(width) * static_cast<uint64_t>(channels_of(format) * channel_bytes(format));
  }
  uint64_t frame_bytes() const { return row_bytes() * static_cast<uint64_t>(height); }
  uint64_t size() const { return frame_bytes() * static_cast<uint64_t>(frame_count); }
};

/// Samples [C, N], planar, ±1.
struct Samples {
  int32_t channels = 0, sample_rate = 0;  // hertz
  uint64_t sample_count = 0;              // per channel
  std::shared_ptr<const float[]> data;
};

/// A finished clip. Without a picture `video.frame_count` is 0, without sound `audio.sample_count`.
struct Clip {
  Pixels video;
  Samples audio;
  std::string metadata;  // JSON of the request that made it, for files that embed it
};

}  // namespace ltx::engine
