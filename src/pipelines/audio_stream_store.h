// The audio stream's share of a transformer.
#pragma once
#include <memory>

#include "weights/store.h"

namespace ltx::pipelines {

/// What the text-to-audio recipe reads of an audio-video transformer (spec 07 §6.10), and the projection of
/// captions where that lies inside.
class AudioStreamStore final : public weights::Store {
 public:
  explicit AudioStreamStore(std::shared_ptr<const weights::Store> whole) : whole_(std::move(whole)) {}

  std::vector<std::string> names() const override;
  const weights::TensorInfo* find(std::string_view name) const override;
  at::Tensor read(std::string_view name) const override { return whole_->read(name); }
  weights::WeightParts parts(std::string_view name) const override { return whole_->parts(name); }
  std::string describe() const override { return whole_->describe(); }
  bool is_mapped(std::string_view name) const override { return whole_->is_mapped(name); }
  void release(std::string_view name) const override { whole_->release(name); }
  const weights::StoredLayers* stored_layers() const override { return whole_->stored_layers(); }

 private:
  std::shared_ptr<const weights::Store> whole_;
};

}  // namespace ltx::pipelines
