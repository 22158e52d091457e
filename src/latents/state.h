// What a denoising loop carries from step to step for one stream (spec 06 §4).
#pragma once
#include <ATen/ATen.h>

#include <cstdint>
#include <optional>
#include <variant>
#include <vector>

#include "latents/geometry.h"

namespace ltx::latents {

/// The video to be generated, and how its tokens lie in time and space.
struct VideoTarget {
  VideoShape shape;
  double fps = 24;
  ScaleFactors scale = {};
  bool causal = true;
};

/// The audio to be generated.
struct AudioTarget {
  AudioShape shape;
  AudioTiming timing = {};
};

using Target = std::variant<VideoTarget, AudioTarget>;

Stream stream_of(const Target& target);
int64_t batch_of(const Target& target);
/// Tokens of the target itself, without appended ones.
int64_t tokens_of(const Target& target);
/// Shape of the unpatchified latent.
std::vector<int64_t> sizes_of(const Target& target);
at::Tensor patchify(const Target& target, const at::Tensor& latent);
/// tokens [B, T, C'] → the target's layout with C' features; a mask (C' = 1) comes back with one channel (and
/// one mel bin).
at::Tensor unpatchify(const Target& target, const at::Tensor& tokens);

/// Where generated keyframes lie among a state's tokens.
struct KeyframeLayout {
  std::vector<int64_t> pixel_frames;
  int64_t tokens_per_keyframe = 0, first_token = 0;
};

struct State {
  at::Tensor latent;                         // [B, T, C] model dtype: the noisy tokens
  at::Tensor clean_latent;                   // [B, T, C] model dtype: the conditioning content
  at::Tensor denoise_mask;                   // [B, T, 1] F32: 1 is denoised, 0 is kept clean
  at::Tensor positions;                      // [B, 3 or 1, T, 2] F32
  std::optional<at::Tensor> attention_mask;  // [B, T, T] in [0, 1]
  std::optional<at::Tensor>
      keyframes_mask;  // [B, T, 1] F32: > 0 where a token stands for a single pixel frame (video)
  std::optional<KeyframeLayout> keyframe_layout;
  bool frozen = false;

  int64_t tokens() const { return latent.size(1); }
};

/// `initial` (unpatchified, exactly the target's shape; used as it is) or zeros of `dtype` on `device`.
State initial_state(const Target& target, at::ScalarType dtype, const at::Device& device,
                    const std::optional<at::Tensor>& initial = std::nullopt);

/// A finished stream without its conditioning tokens, unpatchified.
struct Finished {
  at::Tensor latent, clean_latent;                // [B, C, F, H, W] or [B, C, T, M]
  at::Tensor denoise_mask;                        // ones, one channel
  at::Tensor positions;                           // of the target's tokens
  std::optional<at::Tensor> generated_keyframes;  // [B, C, K, H, W]
};
Finished finish(const State& state, const Target& target);

}  // namespace ltx::latents
