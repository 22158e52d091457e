// Which attentions of one block are left out, for which samples (spec 02 §7.6).
#pragma once
#include <array>

#include "latents/perturbation.h"

namespace ltx::transformer {

/// Whether an attention runs.
struct Keep {
  bool none = false;  // no sample keeps it
  at::Tensor mask;    // [B, 1, 1] 1 or 0 where the samples differ, else undefined
};

struct BlockKeep {
  Keep video_self, audio_self, audio_to_video, video_to_audio;
};

/// The state of every block. `perturbations`: null, or one list per sample of the batch.
std::vector<BlockKeep> block_keeps(const latents::Perturbations* perturbations, int64_t blocks, int64_t batch,
                                   at::ScalarType dtype, at::Device device);

}  // namespace ltx::transformer
