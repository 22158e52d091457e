// One stream as it is handed to the transformer (spec 02 §3).
#pragma once
#include <ATen/ATen.h>

#include <optional>

namespace ltx::latents {

struct Modality {
  at::Tensor latent;     // [B, T, C] compute dtype, patchified tokens
  at::Tensor sigma;      // [B] F32 (F64 at the midpoint of res_2s), scalar noise level
  at::Tensor timesteps;  // [B, T, 1] or [B, 1, 1], dtype of sigma: denoise mask · sigma
  at::Tensor positions;  // [B, n, T, 2] F32, [start, end); n = 3 (seconds, px, px) video, 1 (seconds) audio
  at::Tensor context;    // [B, S, c] compute dtype
  std::optional<at::Tensor>
      context_mask;  // I64/I32 {0,1} [B,S] or [B,T|1,S]; or F32 bias [B,1,T|1,S] or [B,T,S]
  std::optional<at::Tensor> attention_mask;  // F32 [B,T,T], [B,1,T] or [1,1,T], strengths in [0,1]
  std::optional<at::Tensor> keyframes_mask;  // F32 [B,T,1] (video)
  // F32 [B,T,1], constant over the steps. Where it is given, timesteps must be this · sigma: tokens of one
  // mask value share a noise level, and nobody has to look for equal ones on the device.
  std::optional<at::Tensor> denoise_mask = {};
  bool enabled = true;
};

}  // namespace ltx::latents
