// The common interface of the transformer and of everything that is wrapped around it (spec 02 §9).
#pragma once
#include <memory>
#include <optional>
#include <utility>

#include "base/monitor.h"
#include "latents/modality.h"
#include "latents/perturbation.h"

namespace ltx::transformer {

/// One prediction per modality that was given: velocities inside the x0 conversion, clean latents outside.
/// [B, T, C].
struct Outputs {
  std::optional<at::Tensor> video, audio;
};

/// A model made ready for one request: whatever stays the same over its steps (rotary tables, masks,
/// projected text) is computed. Reads the model it was opened on, which must outlive it.
class Session {
 public:
  virtual ~Session() = default;

  /// One evaluation. Of the modalities only `latent`, `sigma`, `timesteps` and `enabled` are read; shapes and
  /// everything else are those of open(). The same modalities must be given. `perturbations`: null or one
  /// list per sample.
  virtual Outputs step(const latents::Modality* video, const latents::Modality* audio,
                       const latents::Perturbations* perturbations, const Monitor& monitor) const = 0;
};

class Model {
 public:
  virtual ~Model() = default;

  virtual int64_t block_count() const = 0;
  /// Null: the modality is absent. `sigma` and `timesteps` are not read.
  virtual std::unique_ptr<Session> open(const latents::Modality* video,
                                        const latents::Modality* audio) const = 0;

  /// A single evaluation: open and step.
  Outputs forward(const latents::Modality* video, const latents::Modality* audio,
                  const latents::Perturbations* perturbations = nullptr,
                  const Monitor& monitor = Monitor::silent()) const {
    return open(video, audio)->step(video, audio, perturbations, monitor);
  }
};

}  // namespace ltx::transformer
