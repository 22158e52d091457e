#include "models/video_vae/frames.h"

#include "base/error.h"

namespace ltx::video_vae {

at::Tensor from_uint8(const at::Tensor& pixels) {
  return pixels.to(at::kFloat).div(127.5).sub_(1);
}

at::Tensor from_unit_range(const at::Tensor& values) {
  const double least = values.min().item<double>(), greatest = values.max().item<double>();
  if (!(least >= 0 && greatest <= 1))
    fail(Status::InvalidArgument, "pixels from {} to {}, expected values in [0, 1]. Scale them.", least,
         greatest);
  return values.mul(2).sub_(1);
}

at::Tensor to_unit_range(const at::Tensor& raw) {
  return raw.select(0, 0).permute({1, 2, 3, 0}).add(1).mul_(0.5).clamp_(0, 1).contiguous();
}

}  // namespace ltx::video_vae
