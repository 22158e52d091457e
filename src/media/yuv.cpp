#include "media/yuv.h"

#include "base/error.h"

namespace ltx::media {
namespace {

// BT.709 with the specification's four decimals, scaled to limited range of 8-bit RGB.
constexpr float kMatrix[3][3] = {
    {0.2126f, 0.7152f, 0.0722f}, {-0.1146f, -0.3854f, 0.5f}, {0.5f, -0.4542f, -0.0458f}};

float project(const float (&row)[3], float r, float g, float b) {
  return row[0] * r + row[1] * g + row[2] * b;
}

uint8_t code(float value) {
  // Values lie within [16, 240]: no clamp.
  return static_cast<uint8_t>(value + 0.5f);
}

}  // namespace

std::vector<uint8_t> rgb8_to_i420(std::span<const uint8_t> rgb, int width, int height) {
  if (width < 2 || height < 2 || width % 2 || height % 2 ||
      rgb.size() != static_cast<size_t>(width) * height * 3)
    fail(Status::InvalidArgument,
         "a video frame of {}x{} pixels in {} bytes. Give even sizes and width * height * 3 bytes.", width,
         height, rgb.size());
  const size_t w = static_cast<size_t>(width), h = static_cast<size_t>(height);
  std::vector<uint8_t> out(w * h * 3 / 2);
  uint8_t* luma = out.data();
  uint8_t* u = luma + w * h;
  uint8_t* v = u + w * h / 4;
  for (size_t y = 0; y < h; y += 2)
    for (size_t x = 0; x < w; x += 2) {
      float sums[3] = {};
      for (size_t i = 0; i < 4; ++i) {
        const size_t pixel = (y + i / 2) * w + x + i % 2;
        const uint8_t* p = rgb.data() + 3 * pixel;
        luma[pixel] = code(project(kMatrix[0], p[0], p[1], p[2]) * (219.0f / 255.0f) + 16.0f);
        for (int c = 0; c < 3; ++c) sums[c] += p[c];
      }
      const size_t chroma = y / 2 * (w / 2) + x / 2;
      u[chroma] = code(project(kMatrix[1], sums[0], sums[1], sums[2]) * (224.0f / 1020.0f) + 128.0f);
      v[chroma] = code(project(kMatrix[2], sums[0], sums[1], sums[2]) * (224.0f / 1020.0f) + 128.0f);
    }
  return out;
}

}  // namespace ltx::media
