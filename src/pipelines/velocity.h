// The transformer as the sampling room sees it.
#pragma once
#include <list>

#include "diffusion/model.h"
#include "models/transformer/model.h"

namespace ltx::pipelines {

/// Serves one stage. What is constant over its steps (rotary tables, masks, projected text) is prepared once
/// per batch of passes that comes back: a guided step has a few of them, each with its own contexts.
class TransformerVelocity final : public diffusion::VelocityModel {
 public:
  TransformerVelocity(const transformer::Model& network, bool keyframe_slots, Monitor& monitor)
      : network_(network), keyframe_slots_(keyframe_slots), monitor_(monitor) {}

  diffusion::StreamTensors velocities(const std::optional<latents::Modality>& video,
                                      const std::optional<latents::Modality>& audio,
                                      const latents::Perturbations& perturbations) override;
  bool supports_keyframe_slots() const override { return keyframe_slots_; }

 private:
  /// A session and what it was opened on; holding the tensors keeps their addresses from being used again.
  struct Prepared {
    std::optional<latents::Modality> video, audio;
    std::unique_ptr<transformer::Session> session;
  };
  const transformer::Session& session_for(const std::optional<latents::Modality>& video,
                                          const std::optional<latents::Modality>& audio);

  const transformer::Model& network_;
  bool keyframe_slots_;
  Monitor& monitor_;
  std::list<Prepared> prepared_;  // most recently used first
};

}  // namespace ltx::pipelines
