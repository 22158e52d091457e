#include "models/video_vae/frames.h"

#include <array>

#include "base/error.h"

namespace ltx::video_vae {
namespace {

// BT.709, rows Y, U, V.
constexpr std::array<float, 9> kYuvOfRgb = {0.2126f, 0.7152f, 0.0722f,  -0.1146f, -0.3854f,
                                            0.5f,    0.5f,    -0.4542f, -0.0458f};

at::Tensor truncated(const at::Tensor& values) {
  return values.clamp(0, 255).to(at::kByte);
}

}  // namespace

at::Tensor from_uint8(const at::Tensor& pixels) {
  return pixels.to(at::kFloat).div_(127.5).sub_(1);
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

at::Tensor to_rgb24(const at::Tensor& frames) {
  return frames.clamp(0, 1).mul_(255).to(at::kByte);
}

at::Tensor to_yuv420p(const at::Tensor& frames) {
  const int64_t F = frames.size(0), H = frames.size(1), W = frames.size(2);
  if (H % 2 != 0 || W % 2 != 0)
    fail(Status::InvalidArgument,
         "frames of {} x {} pixels: 4:2:0 needs an even width and height. Change the size.", W, H);
  const auto matrix = at::tensor(at::ArrayRef<float>(kYuvOfRgb), frames.options().dtype(at::kFloat))
                          .view({3, 3})
                          .to(frames.scalar_type());
  const auto yuv = at::matmul(frames, matrix.t());  // [F, H, W, 3]
  const auto luma = truncated(yuv.select(3, 0).mul(219).add_(16));
  const auto chroma =
      truncated(at::avg_pool2d(yuv.narrow(3, 1, 2).permute({0, 3, 1, 2}), {2, 2}).mul_(224).add_(128));
  return at::cat({luma.reshape({F, H * W}), chroma.reshape({F, H * W / 2})}, 1).view({F, H * 3 / 2, W});
}

}  // namespace ltx::video_vae
