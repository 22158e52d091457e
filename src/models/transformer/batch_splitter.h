// Large batches in chunks, one after the other (spec 02 §9.4).
#pragma once
#include "models/transformer/model.h"

namespace ltx::transformer {

class BatchSplitter : public Model {
 public:
  /// At most `max_batch_size` ≥ 1 samples per call of the inner model.
  BatchSplitter(std::shared_ptr<const Model> inner, int64_t max_batch_size);
  int64_t block_count() const override { return inner_->block_count(); }
  /// Every field of the modalities must have the whole batch: one of batch 1 that is meant to broadcast
  /// cannot be split.
  std::unique_ptr<Session> prepare(at::ArrayRef<Pass> passes) const override;

 private:
  std::shared_ptr<const Model> inner_;
  int64_t max_batch_size_;
};

}  // namespace ltx::transformer
