#include "pipelines/enhance_image.h"

#include <algorithm>

#include "media/tensors.h"

namespace ltx::pipelines {
namespace {

constexpr double kLongSide = 896;

/// uint8 [1, 3, h, w] of enhancer_size.
at::Tensor shrunk(const media::Image& image) {
  const auto [height, width] = enhancer_size(image.height, image.width);
  const auto plan = media::plan_resize_and_crop(image.height, image.width, height, width);
  auto planes = media::as_tensor(image).permute({0, 3, 1, 2});
  if (plan.resized_height != image.height || plan.resized_width != image.width)
    planes =
        at::upsample_bilinear2d(planes, {plan.resized_height, plan.resized_width}, /*align_corners=*/false);
  return planes.narrow(2, plan.top, height).narrow(3, plan.left, width);
}

}  // namespace

std::pair<int64_t, int64_t> enhancer_size(int64_t height, int64_t width) {
  const double ratio = kLongSide / static_cast<double>(std::max(height, width));
  const auto side = [&](int64_t pixels) {
    return std::max<int64_t>(static_cast<int64_t>(static_cast<double>(pixels) * ratio), 1);
  };
  return {side(height), side(width)};
}

at::Tensor enhancer_pixels(const media::Image& image, int64_t size) {
  auto planes = shrunk(image).contiguous();
  if (planes.size(2) != size || planes.size(3) != size)
    planes = at::_upsample_bilinear2d_aa(planes, {size, size}, /*align_corners=*/false);
  return planes.to(at::kFloat).div(255.0).sub(0.5).div(0.5);
}

}  // namespace ltx::pipelines
