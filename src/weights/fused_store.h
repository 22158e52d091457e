// A store whose weights have LoRAs added to them while they are read, one at a time.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "weights/lora.h"

namespace ltx::weights {

class FusedStore : public Store {
 public:
  /// `device`: where updates are computed and fused tensors are returned. LoRAs of strength 0 are dropped
  /// (spec 01 §8.7). Every rank and shape is checked here, before any weight is read. Throws LoraMismatch if
  /// a LoRA fits no layer or a shape differs, Quant if a target is stored in a quantized format; unmatched
  /// layers become warnings.
  FusedStore(std::shared_ptr<const Store> base, std::vector<Lora> loras, at::Device device = at::kCPU);

  std::vector<std::string> names() const override { return base_->names(); }
  const TensorInfo* find(std::string_view name) const override { return base_->find(name); }
  at::Tensor read(std::string_view name) const override;
  std::string describe() const override { return base_->describe(); }
  bool is_mapped(std::string_view name) const override {
    return !targets_.contains(name) && base_->is_mapped(name);
  }

  void release(std::string_view name) const override { base_->release(name); }

  const std::vector<std::string>& warnings() const { return warnings_; }
  /// Number of weights that are changed.
  size_t target_count() const { return targets_.size(); }

 private:
  struct Update {
    std::shared_ptr<const LoraFile> file;
    LoraFactors factors;
    double strength, alpha;  // alpha: alpha / rank
  };
  void add(const Lora& lora);

  std::shared_ptr<const Store> base_;
  at::Device device_;
  std::map<std::string, std::vector<Update>, std::less<>> targets_;  // by name of the weight
  std::vector<std::string> warnings_;
};

/// The base itself where no LoRA has a strength other than 0.
std::shared_ptr<const Store> with_loras(std::shared_ptr<const Store> base, std::vector<Lora> loras,
                                        at::Device device, std::vector<std::string>* warnings = nullptr);

/// The reference's rounding order (spec 01 §8.5, §8.6): the rows of `weight` [N, K] with Σ scale · up · down
/// added.
at::Tensor fuse_bf16(const at::Tensor& weight, const std::vector<ScaledFactors>& updates);

}  // namespace ltx::weights
