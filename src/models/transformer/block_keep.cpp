#include "models/transformer/block_keep.h"

#include <algorithm>

#include "base/error.h"

namespace ltx::transformer {

KeepTable::KeepTable(const latents::Perturbations* perturbations, int64_t blocks, int64_t batch)
    : blocks_(blocks), batch_(batch), left_out_(static_cast<size_t>(blocks * kTypes * batch), 0) {
  if (!perturbations) return;
  if (static_cast<int64_t>(perturbations->size()) != batch) {
    fail(Status::InvalidArgument,
         "Perturbations are given for {} samples; the batch has {}. Give one list per sample.",
         perturbations->size(), batch);
  }
  for (int64_t sample = 0; sample < batch; ++sample) {
    for (const auto& [type, listed] : (*perturbations)[static_cast<size_t>(sample)]) {
      const auto leave_out = [&, row = static_cast<int64_t>(type)](int64_t block) {
        left_out_[static_cast<size_t>((block * kTypes + row) * batch + sample)] = 1;
      };
      if (listed) {
        for (const int64_t block : *listed)
          if (block >= 0 && block < blocks) leave_out(block);
      } else {
        for (int64_t block = 0; block < blocks; ++block) leave_out(block);
      }
    }
  }
}

int64_t KeepTable::common_blocks(const KeepTable& other) const {
  if (batch_ != other.batch_ || blocks_ != other.blocks_) return 0;
  const auto first =
      std::mismatch(left_out_.begin(), left_out_.end(), other.left_out_.begin()).first - left_out_.begin();
  return first / (kTypes * batch_);
}

std::vector<BlockKeep> KeepTable::blocks(at::ScalarType dtype, at::Device device) const {
  std::vector<BlockKeep> result(static_cast<size_t>(blocks_));
  at::Tensor masks;  // [blocks, 4, B]: one copy to the device for all of them
  const auto mask = [&](int64_t block, int64_t type) {
    if (!masks.defined()) {
      masks = at::ones({blocks_, kTypes, batch_}, at::kFloat);
      auto* kept = masks.data_ptr<float>();
      for (size_t i = 0; i < left_out_.size(); ++i) kept[i] = left_out_[i] ? 0.0F : 1.0F;
      masks = masks.to(device, dtype);
    }
    return masks.select(0, block).select(0, type).view({batch_, 1, 1});
  };
  constexpr Keep BlockKeep::*kMembers[] = {&BlockKeep::video_self, &BlockKeep::audio_self,
                                           &BlockKeep::audio_to_video, &BlockKeep::video_to_audio};
  for (int64_t block = 0; block < blocks_; ++block) {
    for (int64_t type = 0; type < kTypes; ++type) {
      const auto* samples = left_out_.data() + (block * kTypes + type) * batch_;
      const auto count = std::count(samples, samples + batch_, uint8_t{1});
      auto& keep = result[static_cast<size_t>(block)].*kMembers[type];
      keep.none = count == batch_;
      if (count > 0 && count < batch_) keep.mask = mask(block, type);
    }
  }
  return result;
}

}  // namespace ltx::transformer
