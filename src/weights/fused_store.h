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
  /// a LoRA fits no layer or a shape differs, Quant if a target's numbers are of no known format; unmatched
  /// layers become warnings. LoRAs read as the public reference does (LoraFile::reference) may fit nothing,
  /// and those of strength 0 count among others (spec 01 §8.5, §8.7).
  FusedStore(std::shared_ptr<const Store> base, std::vector<Lora> loras, at::Device device = at::kCPU);

  std::vector<std::string> names() const override { return base_->names(); }
  const TensorInfo* find(std::string_view name) const override { return base_->find(name); }
  /// A target: its values (dequantized where it is stored in a number format) and the update by the bf16
  /// rule.
  at::Tensor read(std::string_view name) const override;
  /// The base's parts and the factors of its updates, on the device of the updates.
  WeightParts parts(std::string_view name) const override;
  std::string describe() const override { return base_->describe(); }
  const StoredLayers* stored_layers() const override { return base_->stored_layers(); }
  /// The base's word for targets too: `parts` yields its tensors.
  bool is_mapped(std::string_view name) const override { return base_->is_mapped(name); }
  void release(std::string_view name) const override;

  /// Whether a LoRA changes the weight.
  bool is_target(std::string_view name) const { return targets_.contains(name); }
  const std::vector<std::string>& warnings() const { return warnings_; }
  /// Number of weights that are changed.
  size_t target_count() const { return targets_.size(); }
  /// Their names.
  std::vector<std::string> targets() const;

 private:
  struct Update {
    std::shared_ptr<const LoraFile> file;
    LoraFactors factors;
    double strength, alpha;  // alpha: alpha / rank
  };
  void add(const Lora& lora);
  std::vector<ScaledFactors> updates_of(std::string_view name) const;

  std::shared_ptr<const Store> base_;
  at::Device device_;
  std::map<std::string, std::vector<Update>, std::less<>> targets_;  // by name of the weight
  std::vector<std::string> warnings_;
};

/// The base itself where no LoRA has a strength other than 0.
std::shared_ptr<const Store> with_loras(std::shared_ptr<const Store> base, std::vector<Lora> loras,
                                        at::Device device, std::vector<std::string>* warnings = nullptr);

/// The reference's rounding order (spec 01 §8.5, §8.6): `weight` [N, K] with Σ strength · alpha · up · down
/// added, in its dtype.
at::Tensor fuse_bf16(const at::Tensor& weight, const std::vector<ScaledFactors>& updates);

}  // namespace ltx::weights
