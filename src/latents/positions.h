// Where tokens lie in time and space, as intervals [start, end) (spec 06 §3.2–3.4).
#pragma once
#include <ATen/ATen.h>

#include "latents/geometry.h"

namespace ltx::latents {

/// I64 [B, 3, T, 2] in latent cells; axis 1 is (time, height, width).
at::Tensor video_grid(const VideoShape& shape, const at::Device& device, int64_t patch_size = 1);

/// The grid in pixel frames, rows and columns. `causal`: the first latent frame stands for one pixel frame.
at::Tensor pixel_bounds(const at::Tensor& grid, const ScaleFactors& scale, bool causal);

/// F32 [B, 3, T, 2]: time in seconds, height and width in pixels.
at::Tensor video_positions(const VideoShape& shape, const ScaleFactors& scale, double fps, bool causal,
                           const at::Device& device, int64_t patch_size = 1);

/// F32 [B, 1, T, 2] in seconds; `shift` latent frames later.
at::Tensor audio_positions(const AudioShape& shape, const AudioTiming& timing, const at::Device& device,
                           int64_t shift = 0, bool causal = true);

}  // namespace ltx::latents
