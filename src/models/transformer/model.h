// The common interface of the transformer and of everything that is wrapped around it (spec 02 §9).
#pragma once
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "base/monitor.h"
#include "latents/modality.h"
#include "latents/perturbation.h"

namespace ltx::transformer {

/// One prediction per modality that was given: velocities inside the x0 conversion, clean latents outside.
/// [B, T, C].
struct Outputs {
  std::optional<at::Tensor> video, audio;
};

/// A batch that goes through the model. Guided steps have several, which differ in text or perturbations.
struct Pass {
  const latents::Modality* video = nullptr;  // null: absent
  const latents::Modality* audio = nullptr;
  const latents::Perturbations* perturbations = nullptr;  // null, or one list per sample
};

/// A model made ready for the passes of one request: whatever stays the same over its steps (rotary tables,
/// masks, projected text) is computed, once for all passes that have it in common. Reads the model it was
/// opened on, which must outlive it.
class Session {
 public:
  virtual ~Session() = default;

  /// One evaluation of every pass that the session was opened with, in that order. Of the modalities only
  /// `latent`, `sigma`, `timesteps` and `enabled` are read; shapes and everything else are those of
  /// prepare(). The same modalities must be given. Passes may share work; no output depends on it, not even
  /// in its last bit.
  virtual std::vector<Outputs> evaluate(at::ArrayRef<Pass> passes, const Monitor& monitor) const = 0;

  /// Bytes that the session holds besides what it was opened with.
  virtual int64_t bytes() const = 0;

  /// One evaluation of a session of a single pass.
  Outputs step(const latents::Modality* video, const latents::Modality* audio,
               const latents::Perturbations* perturbations, const Monitor& monitor) const {
    return evaluate(Pass{video, audio, perturbations}, monitor).front();
  }
};

class Model {
 public:
  virtual ~Model() = default;

  virtual int64_t block_count() const = 0;
  /// `sigma`, `timesteps`, `enabled` and the perturbations of the passes are not read.
  virtual std::unique_ptr<Session> prepare(at::ArrayRef<Pass> passes) const = 0;

  /// A session of a single pass.
  std::unique_ptr<Session> open(const latents::Modality* video, const latents::Modality* audio) const {
    return prepare(Pass{video, audio});
  }
  /// A single evaluation: open and step.
  Outputs forward(const latents::Modality* video, const latents::Modality* audio,
                  const latents::Perturbations* perturbations = nullptr,
                  const Monitor& monitor = Monitor::silent()) const {
    return open(video, audio)->step(video, audio, perturbations, monitor);
  }
};

}  // namespace ltx::transformer
