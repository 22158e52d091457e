// Decoded pictures to RGB without libswscale, where the result is defined to the bit.
#include <array>

#include "media/module/ffmpeg.h"

namespace ltx::media_module {
namespace {

/// Copies `channels` of `stride` bytes per pixel; byte offsets of red, green, blue within a pixel.
void gather(const AVFrame& frame, int stride, std::array<int, 3> offsets, uint8_t* rgb) {
  for (int y = 0; y < frame.height; ++y) {
    const uint8_t* row = frame.data[0] + static_cast<ptrdiff_t>(y) * frame.linesize[0];
    for (int x = 0; x < frame.width; ++x, row += stride, rgb += 3)
      for (int c = 0; c < 3; ++c) rgb[c] = row[offsets[c]];
  }
}

void expand_palette(const AVFrame& frame, uint8_t* rgb) {
  const auto* palette = reinterpret_cast<const uint32_t*>(frame.data[1]);  // 0xAARRGGBB in native order
  for (int y = 0; y < frame.height; ++y) {
    const uint8_t* row = frame.data[0] + static_cast<ptrdiff_t>(y) * frame.linesize[0];
    for (int x = 0; x < frame.width; ++x, rgb += 3) {
      const uint32_t color = palette[row[x]];
      rgb[0] = static_cast<uint8_t>(color >> 16), rgb[1] = static_cast<uint8_t>(color >> 8);
      rgb[2] = static_cast<uint8_t>(color);
    }
  }
}

void expand_bits(const AVFrame& frame, uint8_t flip, uint8_t* rgb) {
  for (int y = 0; y < frame.height; ++y) {
    const uint8_t* row = frame.data[0] + static_cast<ptrdiff_t>(y) * frame.linesize[0];
    for (int x = 0; x < frame.width; ++x, rgb += 3) {
      const uint8_t level = ((row[x / 8] ^ flip) >> (7 - x % 8)) & 1 ? 255 : 0;
      rgb[0] = rgb[1] = rgb[2] = level;
    }
  }
}

}  // namespace

bool unpack_rgb(const AVFrame& frame, uint8_t* rgb) {
  switch (frame.format) {
    case AV_PIX_FMT_RGB24:
      gather(frame, 3, {0, 1, 2}, rgb);
      return true;
    case AV_PIX_FMT_BGR24:
      gather(frame, 3, {2, 1, 0}, rgb);
      return true;
    case AV_PIX_FMT_RGBA:
    case AV_PIX_FMT_RGB0:
      gather(frame, 4, {0, 1, 2}, rgb);
      return true;
    case AV_PIX_FMT_BGRA:
    case AV_PIX_FMT_BGR0:
      gather(frame, 4, {2, 1, 0}, rgb);
      return true;
    case AV_PIX_FMT_ARGB:
    case AV_PIX_FMT_0RGB:
      gather(frame, 4, {1, 2, 3}, rgb);
      return true;
    case AV_PIX_FMT_ABGR:
    case AV_PIX_FMT_0BGR:
      gather(frame, 4, {3, 2, 1}, rgb);
      return true;
    case AV_PIX_FMT_GRAY8:
      gather(frame, 1, {0, 0, 0}, rgb);
      return true;
    case AV_PIX_FMT_YA8:
      gather(frame, 2, {0, 0, 0}, rgb);
      return true;
    case AV_PIX_FMT_GRAY16BE:
      gather(frame, 2, {0, 0, 0}, rgb);
      return true;
    case AV_PIX_FMT_GRAY16LE:
      gather(frame, 2, {1, 1, 1}, rgb);
      return true;
    case AV_PIX_FMT_YA16BE:
      gather(frame, 4, {0, 0, 0}, rgb);
      return true;
    case AV_PIX_FMT_YA16LE:
      gather(frame, 4, {1, 1, 1}, rgb);
      return true;
    case AV_PIX_FMT_RGB48BE:
      gather(frame, 6, {0, 2, 4}, rgb);
      return true;
    case AV_PIX_FMT_RGB48LE:
      gather(frame, 6, {1, 3, 5}, rgb);
      return true;
    case AV_PIX_FMT_RGBA64BE:
      gather(frame, 8, {0, 2, 4}, rgb);
      return true;
    case AV_PIX_FMT_RGBA64LE:
      gather(frame, 8, {1, 3, 5}, rgb);
      return true;
    case AV_PIX_FMT_PAL8:
      expand_palette(frame, rgb);
      return true;
    case AV_PIX_FMT_MONOBLACK:
      expand_bits(frame, 0, rgb);
      return true;
    case AV_PIX_FMT_MONOWHITE:
      expand_bits(frame, 0xff, rgb);
      return true;
    default:
      return false;
  }
}

}  // namespace ltx::media_module
