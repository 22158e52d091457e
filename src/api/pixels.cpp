#include "api/pixels.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "api/enum_names.h"
#include "api/structs.h"
#include "base/error.h"

namespace ltx::api {
namespace {

using engine::PixelFormat;

float half_to_float(uint16_t half) {
  const uint32_t sign = static_cast<uint32_t>(half & 0x8000u) << 16;
  const uint32_t exponent = half >> 10 & 31u, mantissa = half & 1023u;
  float magnitude;
  if (exponent == 0)
    magnitude = static_cast<float>(mantissa) * 0x1p-24f;
  else if (exponent == 31)
    magnitude = mantissa ? NAN : INFINITY;
  else
    magnitude = std::ldexp(1.0f + static_cast<float>(mantissa) * 0x1p-10f, static_cast<int>(exponent) - 15);
  return sign ? -magnitude : magnitude;
}

/// Round to nearest even.
uint16_t float_to_half(float value) {
  uint32_t bits;
  std::memcpy(&bits, &value, sizeof bits);
  const uint16_t sign = static_cast<uint16_t>(bits >> 16 & 0x8000u);
  const uint32_t magnitude = bits & 0x7fffffffu;
  if (magnitude > 0x7f800000u) return static_cast<uint16_t>(sign | 0x7e00u);
  if (magnitude >= 0x477ff000u) return static_cast<uint16_t>(sign | 0x7c00u);  // rounds to infinity
  if (magnitude < 0x38800000u) {                                               // subnormal: units of 2^-24
    float absolute;
    std::memcpy(&absolute, &magnitude, sizeof absolute);
    return static_cast<uint16_t>(sign | static_cast<uint16_t>(std::nearbyint(absolute * 0x1p24f)));
  }
  const uint32_t rounded = magnitude + 0xfffu + (magnitude >> 13 & 1u);
  return static_cast<uint16_t>(sign | static_cast<uint16_t>((rounded - 0x38000000u) >> 13));
}

/// Clamped and rounded, as the recipes' own 8-bit frames; NaN is black.
uint8_t to_byte(float value) {
  return value > 0 ? static_cast<uint8_t>(std::min(value, 1.0f) * 255.0f + 0.5f) : 0;
}

float load(PixelFormat format, const std::byte* at) {
  if (format == PixelFormat::RgbF32) {
    float value;
    std::memcpy(&value, at, sizeof value);
    return value;
  }
  if (format == PixelFormat::RgbF16) {
    uint16_t half;
    std::memcpy(&half, at, sizeof half);
    return half_to_float(half);
  }
  return static_cast<float>(std::to_integer<uint8_t>(*at)) / 255.0f;
}

void store(PixelFormat format, float value, std::byte* at) {
  if (format == PixelFormat::RgbF32) {
    std::memcpy(at, &value, sizeof value);
  } else if (format == PixelFormat::RgbF16) {
    const uint16_t half = float_to_half(value);
    std::memcpy(at, &half, sizeof half);
  } else {
    *at = static_cast<std::byte>(to_byte(value));
  }
}

void convert_row(PixelFormat from, const std::byte* source, PixelFormat to, std::byte* target,
                 int32_t width) {
  const int from_bytes = engine::channel_bytes(from), to_bytes = engine::channel_bytes(to);
  const int from_channels = engine::channels_of(from), to_channels = engine::channels_of(to);
  if (from == to) {
    std::memcpy(target, source, static_cast<size_t>(width) * static_cast<size_t>(from_bytes * from_channels));
    return;
  }
  const bool bytes = from_bytes == 1 && to_bytes == 1;
  for (int32_t x = 0; x < width; ++x) {
    for (int c = 0; c < to_channels; ++c) {
      std::byte* at = target + c * to_bytes;
      if (c == 3) {
        *at = std::byte{255};
        continue;
      }
      const std::byte* value = source + (from_channels == 1 ? 0 : c) * from_bytes;
      if (bytes)
        *at = *value;
      else
        store(to, load(from, value), at);
    }
    source += from_channels * from_bytes;
    target += to_channels * to_bytes;
  }
}

void require_convertible(PixelFormat from, PixelFormat to) {
  if (to == PixelFormat::Gray8 && from != PixelFormat::Gray8)
    fail(Status::InvalidArgument,
         "pixel_format is gray8, which frames are never converted to; it belongs to masks. Use rgb8, rgba8, "
         "rgb-f16 or rgb-f32.");
}

}  // namespace

engine::Pixels convert(const engine::Pixels& pixels, PixelFormat format) {
  if (pixels.format == format) return pixels;
  require_convertible(pixels.format, format);
  engine::Pixels out = pixels;
  out.format = format;
  const auto data = std::make_shared_for_overwrite<std::byte[]>(out.size());
  const uint64_t rows = static_cast<uint64_t>(pixels.height) * static_cast<uint64_t>(pixels.frame_count);
  for (uint64_t row = 0; row < rows; ++row)
    convert_row(pixels.format, pixels.data.get() + row * pixels.row_bytes(), format,
                data.get() + row * out.row_bytes(), pixels.width);
  out.data = data;
  return out;
}

uint64_t span_of(ltx_video_buffer& buffer, const std::string& path) {
  engine::Pixels tight;
  tight.format = static_cast<PixelFormat>(buffer.pixel_format);
  tight.width = buffer.width;
  tight.height = buffer.height;
  if (buffer.row_stride == 0) buffer.row_stride = tight.row_bytes();
  if (buffer.row_stride < tight.row_bytes())
    fail(Status::InvalidArgument,
         "{}.row_stride is {} bytes, but a row of {} pixels has {}. Use that, more, or 0.", path,
         buffer.row_stride, buffer.width, tight.row_bytes());
  // Limits that keep every product below 2^64: a frame of 2^40 bytes, 2^23 frames.
  constexpr uint64_t kLargestRow = uint64_t{1} << 24, kLargestFrame = uint64_t{1} << 40;
  const uint64_t height = static_cast<uint64_t>(buffer.height);
  if (buffer.row_stride > kLargestRow)
    fail(Status::InvalidArgument,
         "{}.row_stride is {}, the largest is {} bytes. Use the distance between rows in bytes, or 0.", path,
         buffer.row_stride, kLargestRow);
  const uint64_t picture = buffer.row_stride * (height - 1) + tight.row_bytes();
  if (buffer.frame_stride == 0) buffer.frame_stride = buffer.row_stride * height;
  if (buffer.frame_stride > kLargestFrame || buffer.frame_count > (1 << 23))
    fail(Status::InvalidArgument,
         "{} has {} frames {} bytes apart; the largest values are {} and {}. Use the distance between frames "
         "in bytes, or 0.",
         path, buffer.frame_count, buffer.frame_stride, 1 << 23, kLargestFrame);
  if (buffer.frame_count > 1 && buffer.frame_stride < picture)
    fail(Status::InvalidArgument, "{}.frame_stride is {} bytes, but a frame spans {}. Use that, more, or 0.",
         path, buffer.frame_stride, picture);
  return buffer.frame_stride * static_cast<uint64_t>(buffer.frame_count - 1) + picture;
}

void copy_to(const engine::Pixels& pixels, int32_t first, int32_t count, const ltx_video_buffer& target,
             const char* path) {
  ltx_video_buffer to = target;
  if (first < 0 || count < 1 || first > pixels.frame_count - count)
    fail(Status::InvalidArgument,
         "frames {} to {} were asked for, but the result has {} frames. Use a range within them.", first,
         static_cast<int64_t>(first) + count, pixels.frame_count);
  if (enum_name(LTX_ENUM_PIXEL, to.pixel_format) == nullptr)
    fail(Status::InvalidArgument, "{}.pixel_format is {}. Use one of: {}.", path, to.pixel_format,
         list_values(LTX_ENUM_PIXEL));
  const auto format = static_cast<PixelFormat>(to.pixel_format);
  require_convertible(pixels.format, format);
  if (to.location != LTX_LOCATION_HOST)
    fail(Status::NotBuilt,
         "{}.location is not host: this build copies frames to host memory only. Use LTX_LOCATION_HOST.",
         path);
  if (to.color_space != LTX_COLOR_SDR)
    fail(Status::NotBuilt, "{}.color_space is not sdr: this build has no HDR. Leave it at its default.",
         path);
  if (to.width == 0) to.width = pixels.width;
  if (to.height == 0) to.height = pixels.height;
  if (to.width != pixels.width || to.height != pixels.height)
    fail(Status::InvalidArgument, "{} is {}x{}, but the frames are {}x{}. Frames are copied, not scaled.",
         path, to.width, to.height, pixels.width, pixels.height);
  to.frame_count = count;
  if (to.data == nullptr) fail(Status::InvalidArgument, "{}.data is NULL. Pass the memory to copy to.", path);
  const uint64_t needed = span_of(to, path);
  if (to.data_size < needed)
    fail(Status::InvalidArgument, "{}.data_size is {} bytes, but {} frames need {}. Pass a larger buffer.",
         path, to.data_size, count, needed);
  for (int32_t frame = 0; frame < count; ++frame)
    for (int32_t row = 0; row < pixels.height; ++row)
      convert_row(pixels.format,
                  pixels.data.get() + static_cast<uint64_t>(first + frame) * pixels.frame_bytes() +
                      static_cast<uint64_t>(row) * pixels.row_bytes(),
                  format,
                  static_cast<std::byte*>(to.data) + static_cast<uint64_t>(frame) * to.frame_stride +
                      static_cast<uint64_t>(row) * to.row_stride,
                  pixels.width);
}

engine::Pixels copy_from(const ltx_video_buffer& buffer) {
  engine::Pixels pixels;
  pixels.format = static_cast<PixelFormat>(buffer.pixel_format);
  pixels.width = buffer.width;
  pixels.height = buffer.height;
  pixels.frame_count = buffer.frame_count;
  pixels.frame_rate = buffer.frame_rate;
  const auto data = std::make_shared_for_overwrite<std::byte[]>(pixels.size());
  for (int32_t frame = 0; frame < buffer.frame_count; ++frame)
    for (int32_t row = 0; row < buffer.height; ++row)
      std::memcpy(data.get() + static_cast<uint64_t>(frame) * pixels.frame_bytes() +
                      static_cast<uint64_t>(row) * pixels.row_bytes(),
                  static_cast<const std::byte*>(buffer.data) +
                      static_cast<uint64_t>(frame) * buffer.frame_stride +
                      static_cast<uint64_t>(row) * buffer.row_stride,
                  pixels.row_bytes());
  pixels.data = data;
  return pixels;
}

ltx_video_buffer view_of(const engine::Pixels& pixels) {
  ltx_video_buffer view = make<ltx_video_buffer>();
  view.pixel_format = static_cast<ltx_pixel_format>(pixels.format);
  view.width = pixels.width;
  view.height = pixels.height;
  view.frame_count = pixels.frame_count;
  view.first_frame = pixels.first_frame;
  view.frame_rate = pixels.frame_rate;
  view.row_stride = pixels.row_bytes();
  view.frame_stride = pixels.frame_bytes();
  view.data_size = pixels.size();
  view.data = const_cast<std::byte*>(pixels.data.get());
  return view;
}

ltx_audio_buffer view_of(const engine::Samples& samples) {
  ltx_audio_buffer view = make<ltx_audio_buffer>();
  view.channels = samples.channels;
  view.sample_rate = samples.sample_rate;
  view.sample_count = samples.sample_count;
  view.channel_stride = samples.sample_count;
  view.data = const_cast<float*>(samples.data.get());
  return view;
}

}  // namespace ltx::api
