// A component whose files hold quantized layers, as a store like any other: `find` speaks of [N, K], `read`
// dequantizes to bf16, `parts` gives the codes.
#pragma once
#include <map>
#include <memory>

#include "weights/stored_layers.h"

namespace ltx::weights {

class QuantizedStore : public Store {
 public:
  explicit QuantizedStore(std::shared_ptr<const StoredLayers> layers);

  /// Without the tensors that only accompany others.
  std::vector<std::string> names() const override { return names_; }
  const TensorInfo* find(std::string_view name) const override;
  at::Tensor read(std::string_view name) const override;
  /// Codes in memory of their own; nothing of the file need be kept.
  WeightParts parts(std::string_view name) const override;
  std::string describe() const override { return layers_->files().describe(); }
  bool is_mapped(std::string_view name) const override;
  void release(std::string_view name) const override;
  const StoredLayers* stored_layers() const override { return layers_.get(); }

 private:
  const StoredLayer* quantized(std::string_view name) const;

  std::shared_ptr<const StoredLayers> layers_;
  std::vector<std::string> names_;
  std::map<std::string, TensorInfo, std::less<>> infos_;  // of what `read` dequantizes
};

}  // namespace ltx::weights
