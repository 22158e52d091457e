// The network as samplers see it, and the conversion of its velocities to x0 predictions (spec 06 §7).
#pragma once
#include <ATen/ATen.h>

#include <optional>
#include <vector>

#include "base/monitor.h"
#include "latents/modality.h"
#include "latents/perturbation.h"
#include "latents/state.h"

namespace ltx::diffusion {

using latents::Stream;

/// One tensor per stream that is present: [B, T, C] in the latent's dtype.
struct StreamTensors {
  std::optional<at::Tensor> video, audio;
};

/// A guidance pass: the streams' modalities with their own contexts, and what is left out in each sample.
struct ModelPass {
  std::optional<latents::Modality> video, audio;
  latents::Perturbations perturbations;  // one list per sample, or empty
};

/// A transformer.
class VelocityModel {
 public:
  virtual ~VelocityModel() = default;

  /// Velocities of the present streams; that of a stream with enabled = false is ignored. `perturbations` has
  /// one list per sample or is empty.
  virtual StreamTensors velocities(const std::optional<latents::Modality>& video,
                                   const std::optional<latents::Modality>& audio,
                                   const latents::Perturbations& perturbations) = 0;

  /// The batches of one step, which may share work; by default one after the other.
  virtual std::vector<StreamTensors> velocities_of(const std::vector<ModelPass>& batches);

  /// How much of a batch, 0 to 1, costs nothing after another one of equal inputs, if what they leave out
  /// differs as given.
  virtual double common_share(const latents::Perturbations& /*a*/,
                              const latents::Perturbations& /*b*/) const {
    return 0;
  }

  /// Whether the checkpoint marks single-frame tokens, without which keyframes cannot be generated (spec 06
  /// §1.1).
  virtual bool supports_keyframe_slots() const { return false; }
};

/// bf(f32(latent) − f32(velocity) · f32(timesteps)), per token.
at::Tensor x0_of_velocity(const at::Tensor& latent, const at::Tensor& velocity, const at::Tensor& timesteps);

/// A state as the transformer takes it at noise level `sigma`; F64 where `sigma_dtype` says so.
latents::Modality modality_of(const latents::State& state, const at::Tensor& context, double sigma,
                              at::ScalarType sigma_dtype);

/// Inputs that stay the same over the steps of a loop (contexts, positions, masks), joined along the batch
/// once: the network meets the same tensor objects at every step and can keep what it computes from them.
class JoinedInputs {
 public:
  at::Tensor join(std::vector<at::Tensor> parts);

 private:
  struct Joined {
    std::vector<at::Tensor> parts;  // held, so that their addresses are not used again
    at::Tensor whole;
  };
  std::vector<Joined> known_;
};

/// Calls the network for several passes at once, in batches. A pass that the network can continue from
/// another one is not mixed with further passes: a number of a batch may depend on the batch's shape in its
/// last bit, and what is continued must be what would have been computed.
class X0Model {
 public:
  /// At most `max_batch_size` samples per batch; cancellation is asked once per batch.
  X0Model(VelocityModel& model, int64_t max_batch_size, const Monitor& monitor);

  /// x0 predictions by pass; none for a stream that is absent or not enabled. All passes have the same
  /// streams and shapes.
  std::vector<StreamTensors> predict(const std::vector<ModelPass>& passes);

 private:
  VelocityModel& model_;
  int64_t max_batch_size_;
  const Monitor& monitor_;
  JoinedInputs joined_;
};

}  // namespace ltx::diffusion
