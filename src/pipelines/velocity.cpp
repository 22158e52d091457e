#include "pipelines/velocity.h"

#include <algorithm>

#include "base/error.h"
#include "pipelines/numeric_guard.h"

namespace ltx::pipelines {
namespace {

constexpr size_t kSessions = 4;  // conditional, unconditional, perturbed, isolated

const latents::Modality* pointer(const std::optional<latents::Modality>& modality) {
  return modality ? &*modality : nullptr;
}

bool same(const at::Tensor& a, const at::Tensor& b) {
  if (a.sizes() != b.sizes() || a.scalar_type() != b.scalar_type()) return false;
  // The sampling room hands over the same tensors at every step; comparing values would make a device wait.
  return a.is_same(b) || (a.data_ptr() == b.data_ptr() && a.strides() == b.strides());
}

bool same(const std::optional<at::Tensor>& a, const std::optional<at::Tensor>& b) {
  return a.has_value() == b.has_value() && (!a || same(*a, *b));
}

/// Whether a session opened on `a` serves `b`: everything but the latents and noise levels is equal.
bool same(const std::optional<latents::Modality>& a, const std::optional<latents::Modality>& b) {
  if (a.has_value() != b.has_value()) return false;
  if (!a) return true;
  return a->latent.sizes() == b->latent.sizes() && a->timesteps.sizes() == b->timesteps.sizes() &&
         same(a->positions, b->positions) && same(a->context, b->context) &&
         same(a->context_mask, b->context_mask) && same(a->attention_mask, b->attention_mask) &&
         same(a->keyframes_mask, b->keyframes_mask);
}

}  // namespace

const transformer::Session& TransformerVelocity::session_for(const std::optional<latents::Modality>& video,
                                                             const std::optional<latents::Modality>& audio) {
  const auto found = std::find_if(prepared_.begin(), prepared_.end(), [&](const Prepared& p) {
    return same(p.video, video) && same(p.audio, audio);
  });
  if (found != prepared_.end()) {
    prepared_.splice(prepared_.begin(), prepared_, found);
    return *prepared_.front().session;
  }
  if (prepared_.size() == kSessions) prepared_.pop_back();
  prepared_.push_front({video, audio, network_.open(pointer(video), pointer(audio))});
  return *prepared_.front().session;
}

diffusion::StreamTensors TransformerVelocity::velocities(const std::optional<latents::Modality>& video,
                                                         const std::optional<latents::Modality>& audio,
                                                         const latents::Perturbations& perturbations) {
  const auto& session = session_for(video, audio);
  const auto* passes = perturbations.empty() ? nullptr : &perturbations;
  const auto outputs = run_guarded(
      "transformer", [&] { return session.step(pointer(video), pointer(audio), passes, monitor_); },
      [](const transformer::Outputs& o) {
        std::vector<at::Tensor> sums;
        for (const auto& velocity : {o.video, o.audio})
          if (velocity) sums.push_back(velocity->to(at::kFloat).sum());
        return at::stack(sums);
      });
  return {outputs.video, outputs.audio};
}

}  // namespace ltx::pipelines
