#include "latents/state.h"

#include <fmt/ranges.h>

#include "base/error.h"
#include "latents/patchify.h"
#include "latents/positions.h"

namespace ltx::latents {
namespace {

at::Tensor positions_of(const Target& target, const at::Device& device) {
  if (const auto* video = std::get_if<VideoTarget>(&target))
    return video_positions(video->shape, video->scale, video->fps, video->causal, device);
  const auto& audio = std::get<AudioTarget>(target);
  return audio_positions(audio.shape, audio.timing, device);
}

at::Tensor generated_keyframes(const State& state, const VideoShape& shape) {
  const auto& layout = *state.keyframe_layout;
  const auto count = static_cast<int64_t>(layout.pixel_frames.size());
  if (layout.tokens_per_keyframe != shape.height * shape.width)
    fail(Status::Internal,
         "a generated keyframe has {} tokens, expected {}. Report this as a fault of the library.",
         layout.tokens_per_keyframe, shape.height * shape.width);
  if (layout.first_token + count * layout.tokens_per_keyframe > state.tokens())
    fail(Status::Internal,
         "{} keyframes from token {} on exceed the {} tokens. Report this as a fault of the library.", count,
         layout.first_token, state.tokens());
  auto keyframes = shape;
  keyframes.frames = count;  // frame-major tokens: the slots are the frames of one clip
  return unpatchify_video(state.latent.narrow(1, layout.first_token, count * layout.tokens_per_keyframe),
                          keyframes);
}

}  // namespace

Stream stream_of(const Target& target) {
  return std::holds_alternative<VideoTarget>(target) ? Stream::Video : Stream::Audio;
}

int64_t batch_of(const Target& target) {
  return std::visit([](const auto& t) { return t.shape.batch; }, target);
}

int64_t tokens_of(const Target& target) {
  return std::visit([](const auto& t) { return t.shape.tokens(); }, target);
}

std::vector<int64_t> sizes_of(const Target& target) {
  return std::visit([](const auto& t) { return t.shape.sizes(); }, target);
}

at::Tensor patchify(const Target& target, const at::Tensor& latent) {
  return stream_of(target) == Stream::Video ? patchify_video(latent) : patchify_audio(latent);
}

at::Tensor unpatchify(const Target& target, const at::Tensor& tokens) {
  if (const auto* video = std::get_if<VideoTarget>(&target)) {
    auto shape = video->shape;
    shape.channels = tokens.size(-1);
    return unpatchify_video(tokens, shape);
  }
  auto shape = std::get<AudioTarget>(target).shape;
  if (tokens.size(-1) == 1) shape.channels = shape.mel_bins = 1;
  return unpatchify_audio(tokens, shape);
}

State initial_state(const Target& target, at::ScalarType dtype, const at::Device& device,
                    const std::optional<at::Tensor>& initial) {
  const auto sizes = sizes_of(target);
  if (initial && initial->sizes() != at::IntArrayRef(sizes))
    fail(Status::TensorMismatch,
         "the initial {} latent has shape [{}], expected [{}]. Pass one of the stage's size.",
         name(stream_of(target)), fmt::join(initial->sizes(), ", "), fmt::join(sizes, ", "));
  const auto latent = initial ? *initial : at::zeros(sizes, at::TensorOptions(dtype).device(device));
  const auto floats = at::TensorOptions(at::kFloat).device(latent.device());
  State state;
  state.latent = patchify(target, latent);
  // Nothing writes into a state's tensors: sharing one tensor is a copy.
  state.clean_latent = state.latent;
  state.denoise_mask = at::ones({batch_of(target), tokens_of(target), 1}, floats);
  state.positions = positions_of(target, latent.device());
  if (const auto* video = std::get_if<VideoTarget>(&target)) {
    auto mask = at::zeros({video->shape.batch, video->shape.tokens(), 1}, floats);
    mask.narrow(1, 0, video->shape.height * video->shape.width).fill_(1);
    state.keyframes_mask = mask;
  }
  return state;
}

Finished finish(const State& state, const Target& target) {
  const int64_t tokens = tokens_of(target);
  Finished finished;
  if (state.keyframe_layout)
    finished.generated_keyframes = generated_keyframes(state, std::get<VideoTarget>(target).shape);
  finished.latent = unpatchify(target, state.latent.narrow(1, 0, tokens));
  finished.clean_latent = unpatchify(target, state.clean_latent.narrow(1, 0, tokens));
  finished.denoise_mask = unpatchify(target, at::ones_like(state.denoise_mask.narrow(1, 0, tokens)));
  finished.positions = state.positions.narrow(2, 0, tokens);
  return finished;
}

}  // namespace ltx::latents
