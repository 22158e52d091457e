#include "latents/positions.h"

#include "base/error.h"

namespace ltx::latents {
namespace {

at::Tensor mel_seconds(int64_t first, int64_t count, const AudioTiming& timing, const at::Device& device,
                       bool causal) {
  auto mel =
      at::arange(first, first + count, at::TensorOptions(at::kFloat).device(device)) * timing.downsample;
  if (causal) mel = (mel + 1 - timing.downsample).clamp_min(0);
  return mel * timing.hop_length / timing.sample_rate;
}

}  // namespace

at::Tensor video_grid(const VideoShape& shape, const at::Device& device, int64_t patch_size) {
  const auto options = at::TensorOptions(at::kLong).device(device);
  const auto axes =
      at::meshgrid({at::arange(0, shape.frames, options), at::arange(0, shape.height, patch_size, options),
                    at::arange(0, shape.width, patch_size, options)},
                   "ij");
  const auto start = at::stack(axes).flatten(1);  // [3, T]
  const auto extent = at::tensor({int64_t{1}, patch_size, patch_size}, at::kLong).to(device).unsqueeze(1);
  const auto grid = at::stack({start, start + extent}, -1);
  return grid.unsqueeze(0).expand({shape.batch, 3, grid.size(1), 2});
}

at::Tensor pixel_bounds(const at::Tensor& grid, const ScaleFactors& scale, bool causal) {
  const auto factors =
      at::tensor({scale.time, scale.height, scale.width}, at::kLong).to(grid.device()).view({3, 1, 1});
  auto pixels = grid * factors;
  if (causal) {
    auto time = pixels.select(1, 0);
    time.copy_((time + 1 - scale.time).clamp_min(0));
  }
  return pixels;
}

at::Tensor video_positions(const VideoShape& shape, const ScaleFactors& scale, double fps, bool causal,
                           const at::Device& device, int64_t patch_size) {
  if (!(fps > 0)) fail(Status::InvalidArgument, "the frame rate is {}. Use one above 0.", fps);
  auto positions = pixel_bounds(video_grid(shape, device, patch_size), scale, causal).to(at::kFloat);
  positions.select(1, 0).div_(fps);
  return positions;
}

at::Tensor audio_positions(const AudioShape& shape, const AudioTiming& timing, const at::Device& device,
                           int64_t shift, bool causal) {
  const auto seconds = mel_seconds(shift, shape.frames + 1, timing, device, causal);
  const auto bounds = at::stack({seconds.narrow(0, 0, shape.frames), seconds.narrow(0, 1, shape.frames)}, -1);
  return bounds.view({1, 1, shape.frames, 2}).expand({shape.batch, 1, shape.frames, 2}).contiguous();
}

}  // namespace ltx::latents
