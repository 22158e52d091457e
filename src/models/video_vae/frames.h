// Decoder output as frames: the range [0, 1], 8-bit RGB, planar YUV (spec 04 §5.1, 07 §9).
#pragma once
#include <ATen/ATen.h>

namespace ltx::video_vae {

/// uint8 [1, 3, F, H, W] or any shape -> [−1, 1] in fp32: x / 127.5 − 1.
at::Tensor from_uint8(const at::Tensor& pixels);

/// Values in [0, 1] -> [−1, 1]: 2x − 1. Throws InvalidArgument for others.
at::Tensor from_unit_range(const at::Tensor& values);

/// Raw pixels [B, 3, f, h, w], nominally in [−1, 1] -> frames [f, h, w, 3] of batch element 0 in [0, 1]; each
/// operation rounds in the dtype of the input.
at::Tensor to_unit_range(const at::Tensor& raw);

/// Frames [f, h, w, 3] -> uint8 of the same shape: clamp, ×255 in the dtype of the input, truncate.
at::Tensor to_rgb24(const at::Tensor& frames);

/// Frames [f, h, w, 3] -> uint8 [f, h·3/2, w], the bytes of I420: BT.709, limited range, 2×2 mean, truncated,
/// computed in the dtype of the input. Throws InvalidArgument for an odd height or width.
at::Tensor to_yuv420p(const at::Tensor& frames);

}  // namespace ltx::video_vae
