// Cells of P×P pixels as channels (spec 04 §3.1).
#pragma once
#include <ATen/ATen.h>

namespace ltx::video_vae {

/// [B, C, F, H, W] -> [B, C·P², F, H/P, W/P]; channel c·P² + column·P + row: the column is the slower one,
/// unlike in a pixel shuffle.
at::Tensor patchify(const at::Tensor& x, int64_t patch);

/// The inverse; the result is contiguous.
at::Tensor unpatchify(const at::Tensor& x, int64_t patch);

}  // namespace ltx::video_vae
