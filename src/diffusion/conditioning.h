// Conditioning items: what is given to a stage beside the text (spec 06 §5). Items are applied in list order.
#pragma once
#include <ATen/ATen.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <variant>
#include <vector>

#include "latents/state.h"

namespace ltx::diffusion {

/// Replaces latent frames from `latent_index` on by `latent` [B, C, f, H, W] (spec §5.1). Strength 1 keeps
/// them clean.
struct ReplaceFrames {
  at::Tensor latent;
  double strength = 1;
  int64_t latent_index = 0;
};

/// Appends `keyframes` [B, C, f, h, w] at pixel frame `frame_index` as guidance (spec §5.2).
struct KeyframeGuidance {
  at::Tensor keyframes;
  int64_t frame_index = 0;
  double strength = 1;
  int64_t pixel_frames = 1;  // that the latent stands for
};

/// Appends a reference video [B, C, f, h, w] of an IC-LoRA (spec §5.3).
struct ReferenceVideo {
  at::Tensor latent;
  int64_t downscale_factor = 1, temporal_scale_factor = 1;
  double strength = 1;
};

/// Blends in `latent` (the target's shape) by `mask` [B, F, H, W] or, for audio, [B, T, 1] (spec §5.4).
struct MaskedLatent {
  at::Tensor latent, mask;
  double strength = 1;
};

/// Denoises only tokens that overlap the time span in seconds (spec §5.5). Overwrites earlier strengths.
struct TemporalRegion {
  double start_time = 0, end_time = 0, fps = 24;
};

/// Appends empty tokens that become keyframes at these pixel frames (spec §5.6, LTX-2.5).
struct KeyframeSlots {
  std::vector<int64_t> pixel_frames;
  std::optional<at::Tensor> initial;  // [B, C, K, H, W]
};

/// Appends `tokens` [B, T, C] at `positions` [B, 1, T, 2] to the audio (spec §5.7).
struct ReferenceAudio {
  at::Tensor tokens, positions;
  double strength = 1;
};

struct AttentionStrength;

using Conditioning = std::variant<ReplaceFrames, KeyframeGuidance, ReferenceVideo, MaskedLatent,
                                  TemporalRegion, KeyframeSlots, ReferenceAudio, AttentionStrength>;

/// How strongly the target and the tokens that `item` appends see each other (spec §5.8, §6).
struct AttentionStrength {
  std::shared_ptr<const Conditioning> item;
  std::variant<double, at::Tensor> strength;  // one number; or [M], [1, M], [B, M] for M appended tokens
};
AttentionStrength with_attention_strength(Conditioning item, std::variant<double, at::Tensor> strength);

latents::State apply(const Conditioning& item, const latents::State& state, const latents::Target& target);

/// Whether an item (wrapped or not) generates keyframes.
bool generates_keyframes(const Conditioning& item);

/// Per-token weights [B, F·H·W] of a reference latent of `reference` size from a mask video [B, 1, f, h, w]
/// in [0, 1] (spec §6, IC-LoRA), in the mask's dtype.
at::Tensor attention_weights_of_mask(const at::Tensor& mask, const latents::VideoShape& reference,
                                     double strength);

/// An audio latent [B, C, T, M] as reference; `before_clip` moves it to negative times (Dub-It, spec §5.7).
ReferenceAudio reference_audio(const at::Tensor& latent, bool before_clip, double strength = 1);

}  // namespace ltx::diffusion
