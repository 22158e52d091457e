#include "pipelines/enhance_image.h"

#include <algorithm>

#include "media/tensors.h"

namespace ltx::pipelines {
namespace {

constexpr double kLongSide = 896;

/// uint8 [1, 3, h, w], its long side 896 (or 895: the product is truncated, as in the reference).
at::Tensor shrunk(const media::Image& image) {
  const double ratio = kLongSide / std::max(image.width, image.height);
  // A line of pixels keeps one of them.
  const auto height = std::max<int64_t>(static_cast<int64_t>(image.height * ratio), 1);
  const auto width = std::max<int64_t>(static_cast<int64_t>(image.width * ratio), 1);
  const auto plan = media::plan_resize_and_crop(image.height, image.width, height, width);
  auto planes = media::as_tensor(image).permute({0, 3, 1, 2});
  if (plan.resized_height != image.height || plan.resized_width != image.width)
    planes =
        at::upsample_bilinear2d(planes, {plan.resized_height, plan.resized_width}, /*align_corners=*/false);
  return planes.narrow(2, plan.top, height).narrow(3, plan.left, width);
}

}  // namespace

at::Tensor enhancer_pixels(const media::Image& image, int64_t size) {
  auto planes = shrunk(image).contiguous();
  if (planes.size(2) != size || planes.size(3) != size)
    planes = at::_upsample_bilinear2d_aa(planes, {size, size}, /*align_corners=*/false);
  return planes.to(at::kFloat).div(255.0).sub(0.5).div(0.5);
}

}  // namespace ltx::pipelines
