#include "diffusion/conditioning.h"

#include <fmt/ranges.h>

#include "base/error.h"
#include "diffusion/attention_mask.h"
#include "latents/patchify.h"
#include "latents/positions.h"

namespace ltx::diffusion {
namespace {

using latents::State;
using latents::Target;
using latents::VideoTarget;

const VideoTarget& video_of(const Target& target, const char* item) {
  const auto* video = std::get_if<VideoTarget>(&target);
  if (!video) fail(Status::InvalidArgument, "{} cannot condition audio. Give it to the video stream.", item);
  return *video;
}

latents::VideoShape shape_of(const at::Tensor& latent, const VideoTarget& target, const char* item) {
  if (latent.dim() != 5 || latent.size(0) != target.shape.batch || latent.size(1) != target.shape.channels ||
      latent.numel() == 0)
    fail(Status::TensorMismatch,
         "{} has a latent of shape [{}], expected [{}, {}, f, h, w]. Encode it with the video VAE.", item,
         fmt::join(latent.sizes(), ", "), target.shape.batch, target.shape.channels);
  return {latent.size(0), latent.size(1), latent.size(2), latent.size(3), latent.size(4)};
}

/// Tokens to be added at the end of a state.
struct Appended {
  at::Tensor latent, clean;  // [B, M, C]
  at::Tensor denoise_mask;   // [B, M, 1]
  at::Tensor positions;      // [B, n, M, 2]
  bool single_frames = false;
};

State append(const State& state, const Target& target, const Appended& added) {
  const auto device = state.latent.device();
  const auto dtype = state.latent.scalar_type();
  const int64_t batch = state.latent.size(0), tokens = state.tokens(), count = added.clean.size(1);
  const auto join = [&](const at::Tensor& present, const at::Tensor& more, int64_t axis) {
    return at::cat({present, more.to(device, present.scalar_type())}, axis);
  };
  State result = state;
  result.latent = join(state.latent, added.latent, 1);
  result.clean_latent = join(state.clean_latent, added.clean, 1);
  result.denoise_mask = join(state.denoise_mask, added.denoise_mask, 1);
  result.positions = join(state.positions, added.positions, 2);
  if (state.keyframes_mask || added.single_frames) {
    const auto floats = at::TensorOptions(at::kFloat).device(device);
    result.keyframes_mask = at::cat({state.keyframes_mask.value_or(at::zeros({batch, tokens, 1}, floats)),
                                     at::full({batch, count, 1}, added.single_frames ? 1.0 : 0.0, floats)},
                                    1);
  }
  result.attention_mask = extend_attention_mask(
      state.attention_mask, batch, tokens, latents::tokens_of(target), count, std::nullopt, dtype, device);
  return result;
}

/// Guidance tokens: empty, with their content as clean latent. The mask has the content's dtype before it
/// becomes float32: strength 0.9 in bf16 leaves 0.10009765625.
Appended guidance_tokens(const at::Tensor& tokens, const at::Tensor& positions, double strength) {
  return {at::zeros_like(tokens), tokens,
          at::full({tokens.size(0), tokens.size(1), 1}, 1.0 - strength, tokens.options()).to(at::kFloat),
          positions};
}

State apply_item(const ReplaceFrames& item, const State& state, const Target& target) {
  const auto& video = video_of(target, "a replaced frame");
  const auto shape = shape_of(item.latent, video, "a replaced frame");
  if (shape.height != video.shape.height || shape.width != video.shape.width)
    fail(Status::TensorMismatch,
         "a replaced frame is {}x{} latent cells (height x width), the video {}x{}. Encode it at the stage's "
         "size.",
         shape.height, shape.width, video.shape.height, video.shape.width);
  if (item.latent_index < 0 || item.latent_index + shape.frames > video.shape.frames)
    fail(Status::InvalidArgument, "latent frames {} to {} are not in a video of {}. Use an index of 0 to {}.",
         item.latent_index, item.latent_index + shape.frames - 1, video.shape.frames,
         video.shape.frames - shape.frames);
  const int64_t frame = shape.height * shape.width;
  State result = state;
  result.clean_latent = state.clean_latent.clone();
  result.clean_latent.narrow(1, item.latent_index * frame, shape.frames * frame)
      .copy_(latents::patchify_video(item.latent));
  result.denoise_mask = state.denoise_mask.clone();
  result.denoise_mask.narrow(1, item.latent_index * frame, shape.frames * frame).fill_(1.0 - item.strength);
  return result;
}

State apply_item(const KeyframeGuidance& item, const State& state, const Target& target) {
  const auto& video = video_of(target, "a keyframe");
  const auto shape = shape_of(item.keyframes, video, "a keyframe");
  const auto device = state.latent.device();
  auto bounds = latents::pixel_bounds(latents::video_grid(shape, device), video.scale,
                                      video.causal && item.frame_index == 0);
  auto time = bounds.select(1, 0);  // [B, T, 2]
  time.add_(item.frame_index);
  if (item.pixel_frames == 1) time.select(-1, 1).copy_(time.select(-1, 0) + 1);
  auto positions = bounds.to(at::kFloat);
  positions.select(1, 0).div_(video.fps);
  return append(state, target,
                guidance_tokens(latents::patchify_video(item.keyframes), positions, item.strength));
}

State apply_item(const ReferenceVideo& item, const State& state, const Target& target) {
  const auto& video = video_of(target, "a reference video");
  const auto shape = shape_of(item.latent, video, "a reference video");
  if (item.downscale_factor < 1 || item.temporal_scale_factor < 1)
    fail(Status::InvalidArgument,
         "a reference video has downscale factor {} and temporal scale factor {}. Use 1 or more.",
         item.downscale_factor, item.temporal_scale_factor);
  auto positions = latents::video_positions(shape, video.scale,
                                            video.fps / static_cast<double>(item.temporal_scale_factor),
                                            video.causal, state.latent.device());
  if (item.temporal_scale_factor != 1) {
    auto time = positions.select(1, 0);
    const auto first_end = state.positions.select(1, 0).narrow(1, 0, 1).narrow(2, 1, 1);  // [B, 1, 1]
    time.copy_((time - first_end * (item.temporal_scale_factor - 1)).clamp_min(0));
  }
  if (item.downscale_factor != 1) positions.narrow(1, 1, 2).mul_(item.downscale_factor);
  return append(state, target,
                guidance_tokens(latents::patchify_video(item.latent), positions, item.strength));
}

State apply_item(const MaskedLatent& item, const State& state, const Target& target) {
  const auto sizes = latents::sizes_of(target);
  if (item.latent.sizes() != at::IntArrayRef(sizes))
    fail(Status::TensorMismatch,
         "a masked latent has shape [{}], expected [{}]. Pass one of the target's size.",
         fmt::join(item.latent.sizes(), ", "), fmt::join(sizes, ", "));
  auto mask_sizes = sizes;
  mask_sizes[1] = 1;
  if (latents::stream_of(target) == latents::Stream::Audio) mask_sizes[3] = 1;
  auto expected = mask_sizes;
  expected.erase(expected.begin() + 1);
  if (item.mask.sizes() != at::IntArrayRef(expected))
    fail(Status::TensorMismatch, "the mask of a latent has shape [{}], expected [{}].",
         fmt::join(item.mask.sizes(), ", "), fmt::join(expected, ", "));
  if (state.tokens() != latents::tokens_of(target))
    fail(Status::InvalidArgument,
         "a masked latent follows an item that appended tokens ({}, the target has {}). Put it first.",
         state.tokens(), latents::tokens_of(target));
  const auto device = state.latent.device();
  const auto tokens = latents::patchify(target, item.latent).to(device);
  const auto mask = latents::patchify(target, item.mask.unsqueeze(1)).to(device, state.latent.scalar_type());
  const auto inverse = 1 - mask;
  State result = state;
  result.clean_latent = state.clean_latent * inverse + tokens * mask;
  result.denoise_mask = state.denoise_mask * inverse + (mask * (1.0 - item.strength));
  return result;
}

State apply_item(const TemporalRegion& item, const State& state, const Target& target) {
  if (state.tokens() != latents::tokens_of(target))
    fail(Status::InvalidArgument,
         "a temporal region follows an item that appended tokens ({}, the target has {}). Put it first.",
         state.tokens(), latents::tokens_of(target));
  const auto device = state.latent.device();
  at::Tensor time;  // [B, T, 2] seconds
  if (const auto* video = std::get_if<VideoTarget>(&target)) {
    if (!(item.fps > 0)) fail(Status::InvalidArgument, "the frame rate is {}. Use one above 0.", item.fps);
    time = latents::pixel_bounds(latents::video_grid(video->shape, device), video->scale, video->causal)
               .select(1, 0)
               .to(at::kFloat) /
           at::Scalar(item.fps);
  } else {
    const auto& audio = std::get<latents::AudioTarget>(target);
    time = latents::audio_positions(audio.shape, audio.timing, device).select(1, 0);
  }
  const auto inside = (time.select(-1, 1) > static_cast<float>(item.start_time))
                          .logical_and(time.select(-1, 0) < static_cast<float>(item.end_time));
  State result = state;
  result.denoise_mask = inside.unsqueeze(-1).to(at::kFloat);
  return result;
}

void check_slots(const KeyframeSlots& item, const State& state, const VideoTarget& video) {
  const int64_t frames = (video.shape.frames - 1) * video.scale.time + 1;
  if (state.keyframe_layout)
    fail(Status::InvalidArgument,
         "the video has two lists of generated keyframes. Give all of them in one list.");
  if (item.pixel_frames.empty())
    fail(Status::InvalidArgument, "the list of generated keyframes is empty. Give at least one pixel frame.");
  for (size_t i = 0; i < item.pixel_frames.size(); ++i) {
    const int64_t frame = item.pixel_frames[i];
    if (frame < 0 || frame >= frames)
      fail(Status::InvalidArgument, "generated keyframe {} is not in a clip of {} frames. Use 0 to {}.",
           frame, frames, frames - 1);
    if (i > 0 && frame <= item.pixel_frames[i - 1])
      fail(Status::InvalidArgument, "generated keyframe {} follows {}. Give them in increasing order.", frame,
           item.pixel_frames[i - 1]);
  }
  if (!item.initial) return;
  const auto& s = video.shape;
  const std::vector<int64_t> expected = {s.batch, s.channels, static_cast<int64_t>(item.pixel_frames.size()),
                                         s.height, s.width};
  if (item.initial->sizes() != at::IntArrayRef(expected))
    fail(Status::TensorMismatch, "the initial keyframes have shape [{}], expected [{}].",
         fmt::join(item.initial->sizes(), ", "), fmt::join(expected, ", "));
}

State apply_item(const KeyframeSlots& item, const State& state, const Target& target) {
  const auto& video = video_of(target, "a generated keyframe");
  check_slots(item, state, video);
  const auto device = state.latent.device();
  const auto count = static_cast<int64_t>(item.pixel_frames.size());
  auto shape = video.shape;
  shape.frames = count;  // one frame per slot; the times are set below
  auto positions =
      latents::pixel_bounds(latents::video_grid(shape, device), video.scale, /*causal=*/false).to(at::kFloat);
  const int64_t per_slot = shape.height * shape.width;
  const auto start = at::tensor(item.pixel_frames, at::kLong)
                         .to(device, at::kFloat)
                         .repeat_interleave(per_slot)
                         .unsqueeze(0);
  positions.select(1, 0).copy_(at::stack({start, start + 1}, -1) / at::Scalar(video.fps));
  Appended slots;
  slots.clean = at::zeros({shape.batch, count * per_slot, shape.channels}, state.latent.options());
  slots.latent = item.initial ? latents::patchify_video(*item.initial) : slots.clean;
  slots.denoise_mask = at::ones({shape.batch, count * per_slot, 1}, at::kFloat);
  slots.positions = positions;
  slots.single_frames = true;
  auto result = append(state, target, slots);
  result.keyframe_layout = latents::KeyframeLayout{item.pixel_frames, per_slot, state.tokens()};
  return result;
}

State apply_item(const ReferenceAudio& item, const State& state, const Target& target) {
  if (latents::stream_of(target) != latents::Stream::Audio)
    fail(Status::InvalidArgument, "a reference audio cannot condition video. Give it to the audio stream.");
  const int64_t batch = state.latent.size(0), features = state.latent.size(2);
  if (item.tokens.dim() != 3 || item.tokens.size(0) != batch || item.tokens.size(2) != features)
    fail(Status::TensorMismatch, "a reference audio has tokens of shape [{}], expected [{}, T, {}].",
         fmt::join(item.tokens.sizes(), ", "), batch, features);
  if (item.positions.sizes() != at::IntArrayRef({batch, 1, item.tokens.size(1), 2}))
    fail(Status::TensorMismatch, "a reference audio has positions of shape [{}], expected [{}, 1, {}, 2].",
         fmt::join(item.positions.sizes(), ", "), batch, item.tokens.size(1));
  return append(state, target, guidance_tokens(item.tokens, item.positions, item.strength));
}

State apply_item(const AttentionStrength& item, const State& state, const Target& target) {
  auto result = apply(*item.item, state, target);
  const int64_t added = result.tokens() - state.tokens();
  if (added == 0) return result;
  result.attention_mask = extend_attention_mask(state.attention_mask, state.latent.size(0), state.tokens(),
                                                latents::tokens_of(target), added, item.strength,
                                                result.latent.scalar_type(), result.latent.device());
  return result;
}

}  // namespace

AttentionStrength with_attention_strength(Conditioning item, std::variant<double, at::Tensor> strength) {
  return {std::make_shared<const Conditioning>(std::move(item)), std::move(strength)};
}

State apply(const Conditioning& item, const State& state, const Target& target) {
  return std::visit([&](const auto& kind) { return apply_item(kind, state, target); }, item);
}

bool generates_keyframes(const Conditioning& item) {
  if (const auto* wrapped = std::get_if<AttentionStrength>(&item)) return generates_keyframes(*wrapped->item);
  return std::holds_alternative<KeyframeSlots>(item);
}

ReferenceAudio reference_audio(const at::Tensor& latent, bool before_clip, double strength) {
  ReferenceAudio reference;
  reference.tokens = latents::patchify_audio(latent);
  const latents::AudioShape shape{latent.size(0), latent.size(1), latent.size(2), latent.size(3)};
  reference.positions = latents::audio_positions(shape, {}, latent.device());
  if (before_clip) {
    if (shape.frames < 1)
      fail(Status::InvalidArgument, "the reference audio is empty. Give at least 0.04 s.");
    constexpr double kGap = 0.04;  // seconds: one latent frame before the clip
    const auto last_end = reference.positions.narrow(2, shape.frames - 1, 1).narrow(3, 1, 1);
    reference.positions = reference.positions - last_end - kGap;
  }
  reference.strength = strength;
  return reference;
}

}  // namespace ltx::diffusion
