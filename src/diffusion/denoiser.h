// Denoisers: one prediction of the clean latents per noise level (spec 06 §9.2).
#pragma once
#include <ATen/ATen.h>

#include <optional>
#include <vector>

#include "diffusion/guidance.h"
#include "diffusion/model.h"
#include "latents/state.h"

namespace ltx::diffusion {

/// Both streams of a generation; an absent one is not generated.
struct Streams {
  std::optional<latents::State> video, audio;
};

/// Text contexts [B, L, C] of the present streams.
struct Contexts {
  std::optional<at::Tensor> video, audio;
};

/// One stream's prediction.
struct Prediction {
  at::Tensor denoised;  // [B, T, C], the combined one
  Passes passes;        // undefined where a pass did not run; all undefined on a skipped step
};

struct Denoised {
  std::optional<Prediction> video, audio;
  bool model_needed = true;  // false where both streams reuse their last predictions
};

class Denoiser {
 public:
  virtual ~Denoiser() = default;

  /// `sigmas` is the loop's schedule on the CPU, F32, or a single F64 level at a midpoint.
  virtual Denoised operator()(X0Model& model, const Streams& streams, const at::Tensor& sigmas,
                              int64_t step) = 0;
};

/// One pass with the positive contexts.
class SimpleDenoiser final : public Denoiser {
 public:
  explicit SimpleDenoiser(Contexts contexts) : contexts_(std::move(contexts)) {}
  Denoised operator()(X0Model& model, const Streams& streams, const at::Tensor& sigmas,
                      int64_t step) override;

 private:
  Contexts contexts_;
};

/// Guidance of one stream.
struct StreamGuidance {
  GuidanceByNoise params;
  std::optional<at::Tensor> negative_context;
};

/// Several passes, combined by each stream's parameters at the step's noise level. One object serves one
/// loop: it remembers predictions for skipped steps and the schedule of its first call.
class GuidedDenoiser final : public Denoiser {
 public:
  /// A stream without guidance takes the conditional prediction.
  GuidedDenoiser(Contexts contexts, std::optional<StreamGuidance> video, std::optional<StreamGuidance> audio,
                 bool force_uncond_pass = false);

  Denoised operator()(X0Model& model, const Streams& streams, const at::Tensor& sigmas,
                      int64_t step) override;

 private:
  struct Guided;  // one stream at one step
  Contexts contexts_;
  std::optional<StreamGuidance> video_, audio_;
  bool force_uncond_;
  std::vector<double> sigmas_;  // of the first call (spec 06 §9.2, factory-guided)
  std::optional<at::Tensor> last_video_, last_audio_;
};

/// Parameters by noise level; audio without its own follows the video's, negative context included.
GuidedDenoiser factory_denoiser(Contexts contexts, std::optional<StreamGuidance> video,
                                std::optional<StreamGuidance> audio);

}  // namespace ltx::diffusion
