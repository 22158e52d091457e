#include "pipelines/velocity.h"

#include <algorithm>

#include "base/error.h"
#include "latents/same_view.h"
#include "models/transformer/block_keep.h"
#include "pipelines/numeric_guard.h"

namespace ltx::pipelines {
namespace {

using diffusion::ModelPass;
using latents::same_view;

const latents::Modality* pointer(const std::optional<latents::Modality>& modality) {
  return modality ? &*modality : nullptr;
}

std::vector<transformer::Pass> passes_of(const std::vector<ModelPass>& batches) {
  std::vector<transformer::Pass> passes;
  for (const auto& batch : batches)
    passes.push_back({pointer(batch.video), pointer(batch.audio),
                      batch.perturbations.empty() ? nullptr : &batch.perturbations});
  return passes;
}

/// Whether what was prepared for `a` serves `b`: everything but the latents and noise levels is equal. The
/// sampling room hands over the same tensors at every step.
bool same(const std::optional<latents::Modality>& a, const std::optional<latents::Modality>& b) {
  if (a.has_value() != b.has_value()) return false;
  if (!a) return true;
  return a->latent.sizes() == b->latent.sizes() && a->timesteps.sizes() == b->timesteps.sizes() &&
         same_view(a->positions, b->positions) && same_view(a->context, b->context) &&
         same_view(a->context_mask, b->context_mask) && same_view(a->attention_mask, b->attention_mask) &&
         same_view(a->keyframes_mask, b->keyframes_mask) && same_view(a->denoise_mask, b->denoise_mask);
}

}  // namespace

const transformer::Session& TransformerVelocity::session_for(const std::vector<ModelPass>& batches) {
  const bool kept = session_ && std::equal(batches.begin(), batches.end(), prepared_.begin(), prepared_.end(),
                                           [](const ModelPass& a, const ModelPass& b) {
                                             return same(a.video, b.video) && same(a.audio, b.audio);
                                           });
  if (!kept) {
    session_.reset();  // before the next one takes memory
    prepared_ = batches;
    session_ = network_.prepare(passes_of(prepared_));
  }
  return *session_;
}

std::vector<diffusion::StreamTensors> TransformerVelocity::velocities_of(
    const std::vector<ModelPass>& batches) {
  const auto& session = session_for(batches);
  const auto passes = passes_of(batches);
  const auto outputs = run_guarded(
      "transformer", [&] { return session.evaluate(passes, monitor_); },
      [](const std::vector<transformer::Outputs>& all) {
        std::vector<at::Tensor> sums;
        for (const auto& o : all)
          for (const auto& velocity : {o.video, o.audio})
            if (velocity) sums.push_back(velocity->to(at::kFloat).sum());
        return at::stack(sums);
      });
  std::vector<diffusion::StreamTensors> result;
  for (const auto& o : outputs) result.push_back({o.video, o.audio});
  return result;
}

diffusion::StreamTensors TransformerVelocity::velocities(const std::optional<latents::Modality>& video,
                                                         const std::optional<latents::Modality>& audio,
                                                         const latents::Perturbations& perturbations) {
  return velocities_of({{video, audio, perturbations}}).front();
}

double TransformerVelocity::common_share(const latents::Perturbations& a,
                                         const latents::Perturbations& b) const {
  const auto blocks = network_.block_count();
  const auto batch = static_cast<int64_t>(std::max<size_t>({a.size(), b.size(), 1}));
  const auto table = [&](const latents::Perturbations& perturbations) {
    return transformer::KeepTable(perturbations.empty() ? nullptr : &perturbations, blocks, batch);
  };
  return static_cast<double>(table(a).common_blocks(table(b))) / static_cast<double>(blocks);
}

}  // namespace ltx::pipelines
