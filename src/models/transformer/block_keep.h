// Which attentions of which block are left out, for which samples (spec 02 §7.6).
#pragma once
#include <vector>

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

/// The perturbations of one batch, block by block, on the host.
class KeepTable {
 public:
  /// `perturbations`: null, or one list per sample of the batch.
  KeepTable(const latents::Perturbations* perturbations, int64_t blocks, int64_t batch);

  /// Leading blocks in which both leave out the same: until then equal inputs give equal states.
  int64_t common_blocks(const KeepTable& other) const;

  /// The state of every block, with masks where they are to be multiplied.
  std::vector<BlockKeep> blocks(at::ScalarType dtype, at::Device device) const;

 private:
  static constexpr int64_t kTypes = 4;
  int64_t blocks_, batch_;
  std::vector<uint8_t> left_out_;  // [blocks, 4, batch]
};

}  // namespace ltx::transformer
