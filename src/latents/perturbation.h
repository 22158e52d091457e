// Which attention of which block is left out in a guidance pass (spec 02 §9, 06 §9.3).
#pragma once
#include <ATen/ATen.h>

#include <cstdint>
#include <optional>
#include <vector>

namespace ltx::latents {

enum class PerturbationType : int32_t {
  SkipVideoSelf = 0,
  SkipAudioSelf = 1,
  SkipAudioToVideo = 2,
  SkipVideoToAudio = 3
};

struct Perturbation {
  PerturbationType type;
  std::optional<std::vector<int64_t>> blocks;  // nullopt: every block; indices that do not exist are ignored
};

/// One list per sample of the batch.
using Perturbations = std::vector<std::vector<Perturbation>>;

/// [4, num_blocks, samples]: 1 where an attention is kept, 0 where it is left out; axis 0 is
/// PerturbationType.
at::Tensor keep_mask(const Perturbations& perturbations, int64_t num_blocks, at::ScalarType dtype,
                     const at::Device& device);

}  // namespace ltx::latents
