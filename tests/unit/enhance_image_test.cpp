// What the prompt enhancer sees of a picture.
#include <doctest/doctest.h>

#include "pipelines/enhance_image.h"

using namespace ltx;
using pipelines::enhancer_pixels;
using pipelines::enhancer_size;

namespace {

media::Image filled(int width, int height, uint8_t r, uint8_t g, uint8_t b) {
  media::Image image(width, height);
  for (size_t i = 0; i < image.rgb.size(); i += 3) {
    image.rgb[i] = r;
    image.rgb[i + 1] = g;
    image.rgb[i + 2] = b;
  }
  return image;
}

}  // namespace

TEST_CASE("the long side becomes 896 pixels, or 895 where the product falls short of it") {
  using Size = std::pair<int64_t, int64_t>;
  CHECK((enhancer_size(1080, 1920) == Size{504, 896}));
  CHECK((enhancer_size(1920, 1080) == Size{896, 504}));
  CHECK((enhancer_size(896, 896) == Size{896, 896}));
  CHECK((enhancer_size(55, 55) == Size{895, 895}));  // 55 · (896 / 55) < 896 in double
  CHECK((enhancer_size(1, 5000) == Size{1, 896}));   // a line keeps a pixel
}

TEST_CASE("codes become numbers from -1 to 1, channel by channel") {
  const auto pixels = enhancer_pixels(filled(40, 20, 0, 255, 51), 28);
  REQUIRE((pixels.sizes() == at::IntArrayRef({1, 3, 28, 28})));
  CHECK((pixels.scalar_type() == at::kFloat));
  CHECK(at::allclose(pixels[0][0], at::full({28, 28}, -1.0)));
  CHECK(at::allclose(pixels[0][1], at::full({28, 28}, 1.0)));
  CHECK(at::allclose(pixels[0][2], at::full({28, 28}, -0.6)));
}

TEST_CASE("a picture of the model's size is taken as it is") {
  media::Image image(896, 896);
  for (size_t i = 0; i < image.rgb.size(); ++i) image.rgb[i] = static_cast<uint8_t>((i * 31 + i / 977) % 256);
  const auto codes = at::from_blob(image.rgb.data(), {1, 896, 896, 3}, at::kByte).permute({0, 3, 1, 2});
  CHECK(at::equal(enhancer_pixels(image, 896), codes.to(at::kFloat).div(255.0).sub(0.5).div(0.5)));
}

TEST_CASE("shrinking averages whole areas, growing interpolates, both between 8-bit codes") {
  // Left half black, right half white: each column of the result is the mean of what it covers.
  media::Image image(896, 448);
  for (int y = 0; y < 448; ++y)
    for (int x = 448; x < 896; ++x)
      for (int c = 0; c < 3; ++c) image.rgb[static_cast<size_t>((y * 896 + x) * 3 + c)] = 255;
  const auto row = enhancer_pixels(image, 4)[0][0][2];
  // A triangle of two columns' width over the step: 0, 1/8, 7/8 and 1 of it are white.
  const float expected[] = {0, 32, 223, 255};
  for (int64_t x = 0; x < 4; ++x)
    CHECK(row[x].item<float>() * 127.5 + 127.5 == doctest::Approx(expected[x]).epsilon(0.006));
  const auto codes = enhancer_pixels(image, 37) * 127.5 + 127.5;
  CHECK((codes - codes.round()).abs().max().item<float>() < 1e-3);
}
