#include "pipelines/images.h"

#include <c10/util/Half.h>

#include <algorithm>
#include <cmath>
#include <cstring>

namespace ltx::pipelines {
namespace {

uint8_t code_of(float value) {
  return static_cast<uint8_t>(std::lround(std::clamp(std::isnan(value) ? 0.0f : value, 0.0f, 1.0f) * 255.0f));
}

template <class T>
T value_at(const std::byte* place) {
  T value;
  std::memcpy(&value, place, sizeof value);
  return value;
}

uint8_t channel_at(engine::PixelFormat format, const std::byte* pixel, int channel) {
  switch (format) {
    case engine::PixelFormat::RgbF32:
      return code_of(value_at<float>(pixel + 4 * channel));
    case engine::PixelFormat::RgbF16:
      return code_of(static_cast<float>(value_at<c10::Half>(pixel + 2 * channel)));
    case engine::PixelFormat::Gray8:
      return static_cast<uint8_t>(pixel[0]);
    case engine::PixelFormat::Rgb8:
    case engine::PixelFormat::Rgba8:
      break;
  }
  return static_cast<uint8_t>(pixel[channel]);
}

}  // namespace

media::Image image_of(const engine::Pixels& pixels) {
  media::Image image(pixels.width, pixels.height);
  const size_t count = static_cast<size_t>(pixels.width) * static_cast<size_t>(pixels.height);
  const size_t step =
      static_cast<size_t>(engine::channels_of(pixels.format) * engine::channel_bytes(pixels.format));
  for (size_t i = 0; i < count; ++i)
    for (int c = 0; c < 3; ++c)
      image.rgb[3 * i + static_cast<size_t>(c)] = channel_at(pixels.format, pixels.data.get() + i * step, c);
  return image;
}

}  // namespace ltx::pipelines
