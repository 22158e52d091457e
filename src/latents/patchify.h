// Latents as tokens and back (spec 06 §3.1): tokens frame-major, then rows, then columns; features
// channel-major.
#pragma once
#include <ATen/ATen.h>

#include "latents/geometry.h"

namespace ltx::latents {

/// latent [B, C, F, H, W] → tokens [B, F·H/p·W/p, C·p·p]
at::Tensor patchify_video(const at::Tensor& latent, int64_t patch_size = 1);

/// tokens [B, T, C·p·p] → [B, C, F, H, W] of `shape`
at::Tensor unpatchify_video(const at::Tensor& tokens, const VideoShape& shape, int64_t patch_size = 1);

/// latent [B, C, T, M] → tokens [B, T, C·M]
at::Tensor patchify_audio(const at::Tensor& latent);

/// tokens [B, T, C·M] → [B, C, T, M] of `shape`
at::Tensor unpatchify_audio(const at::Tensor& tokens, const AudioShape& shape);

}  // namespace ltx::latents
