// Pixels between the ranges that networks and frames have (spec 04 §5.1). 8-bit frames are made in the media
// room.
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

}  // namespace ltx::video_vae
