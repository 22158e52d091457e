#include "media/tensors.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "base/error.h"

namespace ltx::media {

CropPlan plan_resize_and_crop(int64_t height, int64_t width, int64_t target_height, int64_t target_width) {
  if (height < 1 || width < 1 || target_height < 1 || target_width < 1)
    fail(Status::InvalidArgument, "cannot fit a picture of {}x{} into {}x{}. Give sizes of at least 1 pixel.",
         width, height, target_width, target_height);
  // In double and through ceil: h · (H / h) may exceed H by an ulp and then gives H + 1, as in the reference.
  const double scale = std::max(static_cast<double>(target_height) / static_cast<double>(height),
                                static_cast<double>(target_width) / static_cast<double>(width));
  CropPlan plan;
  plan.resized_height = static_cast<int64_t>(std::ceil(static_cast<double>(height) * scale));
  plan.resized_width = static_cast<int64_t>(std::ceil(static_cast<double>(width) * scale));
  plan.top = (plan.resized_height - target_height) / 2;
  plan.left = (plan.resized_width - target_width) / 2;
  return plan;
}

at::Tensor resize_and_crop(const at::Tensor& frames, int64_t height, int64_t width) {
  TORCH_CHECK(frames.dim() == 4 && frames.size(3) == 3, "frames are [F, h, w, 3]");
  const auto plan = plan_resize_and_crop(frames.size(1), frames.size(2), height, width);
  auto planes = frames.permute({0, 3, 1, 2}).to(at::kFloat).contiguous();  // [F, 3, h, w]
  if (plan.resized_height != planes.size(2) || plan.resized_width != planes.size(3))
    planes =
        at::upsample_bilinear2d(planes, {plan.resized_height, plan.resized_width}, /*align_corners=*/false);
  planes = planes.narrow(2, plan.top, height).narrow(3, plan.left, width);
  return planes.permute({1, 0, 2, 3}).unsqueeze(0).contiguous();
}

at::Tensor normalized(const at::Tensor& resized, at::ScalarType dtype) {
  return resized.to(at::kFloat).div(127.5).sub(1.0).to(dtype);
}

at::Tensor as_tensor(const Image& image) {
  return at::from_blob(const_cast<uint8_t*>(image.rgb.data()), {1, image.height, image.width, 3}, at::kByte);
}

at::Tensor condition_image(const Image& image, int64_t height, int64_t width, at::Device device,
                           at::ScalarType dtype) {
  return normalized(resize_and_crop(as_tensor(image).to(device), height, width), dtype);
}

at::Tensor condition_video(const std::filesystem::path& path,
                           const std::variant<IndexWindow, TimeWindow>& window, int64_t height, int64_t width,
                           at::Device device, at::ScalarType dtype, Monitor& monitor, Holding holding) {
  std::vector<at::Tensor> frames;
  const FrameSink sink = [&](const FrameView& frame) {
    // The view ends with the call: a resize of equal size on the CPU would still refer to it without the
    // conversion to float.
    const auto pixels =
        at::from_blob(const_cast<uint8_t*>(frame.rgb.data()), {1, frame.height, frame.width, 3}, at::kByte);
    frames.push_back(normalized(resize_and_crop(pixels.to(device), height, width), dtype));
  };
  std::visit([&](const auto& chosen) { read_video(path, chosen, sink, monitor, holding); }, window);
  if (frames.empty())
    fail(Status::InvalidArgument,
         "{}: no frame lies in the window that was asked for. Choose another window or file.", path.string());
  return at::cat(frames, 2);
}

at::Tensor as_tensor(const Audio& audio) {
  return at::from_blob(const_cast<float*>(audio.data.data()), {1, audio.channels, audio.samples}, at::kFloat)
      .clone();
}

at::Tensor stereo(const at::Tensor& waveform) {
  const bool rows_are_samples = waveform.dim() == 2 && waveform.size(1) == 2;
  if (waveform.numel() == 0 || (!rows_are_samples && (waveform.dim() != 2 || waveform.size(0) != 2)))
    fail(Status::InvalidArgument,
         "the sound track has shape {}. Give two channels with at least one sample: [2, N] or [N, 2].",
         c10::str(waveform.sizes()));
  return (rows_are_samples ? waveform.t() : waveform).to(at::kCPU, at::kFloat).contiguous();
}

at::Tensor mask_from_video(const at::Tensor& video) {
  return video.mean(1, /*keepdim=*/true).add(1.0).div(2.0).clamp(0.0, 1.0);
}

at::Tensor mask_to_tokens(const at::Tensor& mask, int64_t frames, int64_t height, int64_t width) {
  TORCH_CHECK(mask.dim() == 5 && mask.size(0) == 1 && mask.size(1) == 1, "a mask is [1, 1, F, H, W]");
  const int64_t given = mask.size(2);
  const bool first_only = given == 1 || frames == 1;
  if (!first_only && (given - 1) % (frames - 1) != 0)
    fail(Status::InvalidArgument,
         "a mask of {} frames for {} latent frames: {} does not divide {}. Give as many mask frames as the "
         "reference video has.",
         given, frames, frames - 1, given - 1);
  // Area resize is adaptive averaging; frames stand on the batch axis.
  const auto pooled = at::adaptive_avg_pool2d(mask[0][0].unsqueeze(1), {height, width});  // [F, 1, h, w]
  if (first_only) return pooled.narrow(0, 0, 1).reshape({1, -1});
  const auto rest =
      pooled.narrow(0, 1, given - 1).reshape({frames - 1, (given - 1) / (frames - 1), height, width}).mean(1);
  return at::cat({pooled[0], rest}, 0).reshape({1, -1});
}

namespace {

void check_chunk(const at::Tensor& chunk) {
  TORCH_CHECK(chunk.dim() == 4 && chunk.size(3) == 3 && chunk.is_floating_point(),
              "a chunk is [f, h, w, 3] in [0, 1]");
}

/// 8-bit codes of values on the code scale.
at::Tensor codes(const at::Tensor& values, CodeRounding rounding) {
  const auto nearest = rounding == CodeRounding::Nearest;
  return (nearest ? values.add(0.5) : values).clamp(0.0, 255.0).to(at::kByte);
}

}  // namespace

at::Tensor to_i420(const at::Tensor& chunk, CodeRounding rounding) {
  check_chunk(chunk);
  const int64_t f = chunk.size(0), h = chunk.size(1), w = chunk.size(2);
  if (h % 2 || w % 2 || h < 2 || w < 2)
    fail(Status::InvalidArgument, "video frames of {}x{} pixels. Give even sizes.", w, h);
  const auto rgb = rounding == CodeRounding::Nearest ? chunk.to(at::kFloat).clamp(0.0, 1.0) : chunk;
  const auto matrix =
      at::tensor({0.2126, 0.7152, 0.0722, -0.1146, -0.3854, 0.5, 0.5, -0.4542, -0.0458}, at::kDouble)
          .reshape({3, 3})
          .to(rgb.options());
  const auto yuv = rgb.matmul(matrix.t()).permute({0, 3, 1, 2});  // [f, 3, h, w]
  const auto luma = yuv.narrow(1, 0, 1).mul(219.0).add(16.0);
  const auto chroma = at::avg_pool2d(yuv.narrow(1, 1, 2).contiguous(), {2, 2}).mul(224.0).add(128.0);
  return at::cat({codes(luma, rounding).reshape({f, h, w}), codes(chroma, rounding).reshape({f, h / 2, w})},
                 1);
}

at::Tensor to_rgb8(const at::Tensor& chunk, CodeRounding rounding) {
  check_chunk(chunk);
  const auto values = rounding == CodeRounding::Nearest ? chunk.to(at::kFloat) : chunk;
  return codes(values.clamp(0.0, 1.0).mul(255.0), rounding);
}

}  // namespace ltx::media
