#include "models/transformer/block_keep.h"

#include "base/error.h"

namespace ltx::transformer {

std::vector<BlockKeep> block_keeps(const latents::Perturbations* perturbations, int64_t blocks, int64_t batch,
                                   at::ScalarType dtype, at::Device device) {
  std::vector<BlockKeep> result(static_cast<size_t>(blocks));
  if (!perturbations) return result;
  if (static_cast<int64_t>(perturbations->size()) != batch) {
    fail(Status::InvalidArgument,
         "Perturbations are given for {} samples; the batch has {}. Give one list per sample.",
         perturbations->size(), batch);
  }
  const auto mask =
      latents::keep_mask(*perturbations, blocks, at::kFloat, at::kCPU).contiguous();  // [4, L, B]
  const auto* kept = mask.data_ptr<float>();
  constexpr Keep BlockKeep::*kMembers[] = {&BlockKeep::video_self, &BlockKeep::audio_self,
                                           &BlockKeep::audio_to_video, &BlockKeep::video_to_audio};
  for (int64_t type = 0; type < 4; ++type) {
    for (int64_t block = 0; block < blocks; ++block) {
      const auto* samples = kept + (type * blocks + block) * batch;
      const auto left_out = std::count(samples, samples + batch, 0.0F);
      auto& keep = result[static_cast<size_t>(block)].*kMembers[type];
      keep.none = left_out == batch;
      if (left_out > 0 && left_out < batch)
        keep.mask = mask[type][block].to(device, dtype).view({batch, 1, 1});
    }
  }
  return result;
}

}  // namespace ltx::transformer
