#include "models/transformer/shared_passes.h"

#include "latents/same_view.h"

namespace ltx::transformer {
namespace {

using latents::Modality;
using latents::same_view;

/// Whether the timestep modules of a stream see the same.
bool same_levels(const std::optional<StreamConstants>& a, const Modality& given_a,
                 const std::optional<StreamConstants>& b, const Modality& given_b) {
  return a->batch == b->batch && a->tokens == b->tokens && a->pattern == b->pattern &&
         same_view(given_a.sigma, given_b.sigma) && same_view(given_a.timesteps, given_b.timesteps);
}

bool same_sigma(const Modality* a, const Modality* b) {
  return (a == nullptr) == (b == nullptr) && (!a || same_view(a->sigma, b->sigma));
}

/// Whether a stream enters the first block in the same state and sees the same text there.
bool same_input(const std::optional<StreamConstants>& a, const Modality* given_a,
                const std::optional<StreamConstants>& b, const Modality* given_b) {
  if (!given_a || !given_b) return given_a == given_b;
  return a->geometry == b->geometry && a->text == b->text && given_a->enabled == given_b->enabled &&
         same_view(given_a->latent, given_b->latent);
}

}  // namespace

void RunningPass::share(const std::vector<RunningPass>& earlier) {
  const auto common_levels = [&](const RunningPass& other) {
    const auto &mine = given, &theirs = other.given;
    if (!same_sigma(mine.video, theirs.video) || !same_sigma(mine.audio, theirs.audio)) return false;
    if (mine.video && !same_levels(constants->video, *mine.video, other.constants->video, *theirs.video))
      return false;
    return !mine.audio || same_levels(constants->audio, *mine.audio, other.constants->audio, *theirs.audio);
  };
  const auto join = [](std::optional<StreamPass>& own, const std::optional<StreamPass>& theirs,
                       const std::optional<StreamConstants>& mine,
                       const std::optional<StreamConstants>& other) {
    if (!theirs) return;
    if (!own) own.emplace().levels = theirs->levels;
    if (!own->text && mine->text == other->text) own->text = theirs->text;
  };
  for (size_t i = 0; i < earlier.size(); ++i) {
    const auto& other = earlier[i];
    if (!common_levels(other)) continue;
    join(video, other.video, constants->video, other.constants->video);
    join(audio, other.audio, constants->audio, other.constants->audio);
    if (!same_input(constants->video, given.video, other.constants->video, other.given.video) ||
        !same_input(constants->audio, given.audio, other.constants->audio, other.given.audio))
      continue;
    const int64_t common = keep.common_blocks(other.keep);
    if (common > first) {
      leader = i;
      first = common;
    }
  }
}

void RunningPass::fork(const RunningPass& from) {
  if (video) video->hidden = from.video->hidden.fork();
  if (audio) audio->hidden = from.audio->hidden.fork();
}

void HeldBytes::add(const StreamConstants& constants) {
  const auto& geometry = *constants.geometry;
  const auto& text = *constants.text;
  for (const auto& given : {geometry.positions, geometry.attention_mask, geometry.keyframes_mask, text.given,
                            text.given_mask, constants.pattern ? constants.pattern->mask : at::Tensor()})
    if (given.defined()) given_.insert(given.storage().data());
  for (const auto& made :
       {geometry.rope.cos, geometry.rope.sin, geometry.cross_rope.cos, geometry.cross_rope.sin,
        geometry.self_bias, geometry.keyframes, text.context, text.bias, text.sample, constants.token_sample})
    add(made);
  if (constants.pattern) {
    add(constants.pattern->tokens);
    add(constants.pattern->index);
  }
  for (const auto& kept : text.kept) {
    add(kept.key);
    add(kept.value);
  }
}

void HeldBytes::add(const at::Tensor& tensor) {
  if (!tensor.defined()) return;
  const auto& storage = tensor.storage();
  if (given_.contains(storage.data()) || !seen_.insert(storage.data()).second) return;
  total_ += static_cast<int64_t>(storage.nbytes());
}

}  // namespace ltx::transformer
