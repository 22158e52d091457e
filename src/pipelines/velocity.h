// The transformer as the sampling room sees it.
#pragma once
#include <memory>
#include <vector>

#include "diffusion/model.h"
#include "models/transformer/model.h"

namespace ltx::pipelines {

/// Serves one stage. What is constant over its steps (rotary tables, masks, projected text) is prepared once
/// for the batches of a step and kept while the same batches come back.
class TransformerVelocity final : public diffusion::VelocityModel {
 public:
  TransformerVelocity(const transformer::Model& network, bool keyframe_slots, Monitor& monitor)
      : network_(network), keyframe_slots_(keyframe_slots), monitor_(monitor) {}

  diffusion::StreamTensors velocities(const std::optional<latents::Modality>& video,
                                      const std::optional<latents::Modality>& audio,
                                      const latents::Perturbations& perturbations) override;
  std::vector<diffusion::StreamTensors> velocities_of(
      const std::vector<diffusion::ModelPass>& batches) override;
  double common_share(const latents::Perturbations& a, const latents::Perturbations& b) const override;
  bool supports_keyframe_slots() const override { return keyframe_slots_; }

 private:
  const transformer::Session& session_for(const std::vector<diffusion::ModelPass>& batches);

  const transformer::Model& network_;
  bool keyframe_slots_;
  Monitor& monitor_;
  /// What the session was opened on; holding the tensors keeps their addresses from being used again.
  std::vector<diffusion::ModelPass> prepared_;
  std::unique_ptr<transformer::Session> session_;
};

}  // namespace ltx::pipelines
