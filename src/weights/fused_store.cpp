#include "weights/fused_store.h"

#include <fmt/ranges.h>

#include <algorithm>

#include "base/error.h"
#include "weights/lora_delta.h"

namespace ltx::weights {
namespace {

std::string examples(const std::vector<std::string>& names, size_t most) {
  std::string text;
  for (size_t i = 0; i < std::min(names.size(), most); ++i) text += (i ? ", '" : "'") + names[i] + "'";
  return text;
}

/// A damaged factor would spread over the whole weight and from there over the picture.
void require_finite(const at::Tensor& factor, const LoraFile& file, const TensorInfo& info) {
  const auto bad = factor.numel() - factor.isfinite().sum().item<int64_t>();
  if (bad != 0)
    fail(Status::Numeric, "{}: expected finite values, found {} NaN or Inf. The LoRA '{}' is damaged.",
         info.source, bad, file.path());
}

}  // namespace

at::Tensor fuse_bf16(const at::Tensor& weight, const std::vector<ScaledFactors>& updates) {
  const LoraDelta delta(updates, LoraDelta::Sum::Bf16);
  auto fused = at::empty(weight.sizes(), weight.options());
  for (int64_t begin = 0; begin < weight.size(0); begin += kRowsAtATime) {
    const int64_t rows = std::min(kRowsAtATime, weight.size(0) - begin);
    const auto sum = delta.rows(begin, rows) + weight.narrow(0, begin, rows).to(at::kFloat);
    fused.narrow(0, begin, rows).copy_(sum.to(at::kBFloat16));
  }
  return fused;
}

FusedStore::FusedStore(std::shared_ptr<const Store> base, std::vector<Lora> loras, at::Device device)
    : base_(std::move(base)), device_(device) {
  const bool any =
      std::any_of(loras.begin(), loras.end(), [](const Lora& lora) { return lora.strength != 0; });
  for (const auto& lora : loras)
    if (lora.strength != 0 || (any && lora.file->reference())) add(lora);
}

void FusedStore::add(const Lora& lora) {
  std::vector<std::string> unmatched;
  size_t matched = 0;
  for (const auto& [layer, factors] : lora.file->layers()) {
    const auto* weight = base_->find(layer + ".weight");
    if (!weight || factors.down.empty() || factors.up.empty()) {
      unmatched.push_back(!factors.down.empty() ? factors.down : factors.up);
      continue;
    }
    if (weight->dtype != "BF16" && weight->dtype != "F32" && weight->dtype != "F16")
      fail(Status::Quant,
           "{}: expected F32, BF16, F16 or a known number format to fuse LoRA '{}' into, found {}. Use the "
           "bf16 file "
           "of the model.",
           weight->source, lora.file->path(), weight->dtype);
    const std::vector<int64_t> update{lora.file->up_info(factors).shape[0],
                                      lora.file->down_info(factors).shape[1]};
    if (weight->shape != update)
      fail(Status::LoraMismatch,
           "'{}': layer '{}': expected an update of shape [{}], found [{}]. The LoRA was made for another "
           "model.",
           lora.file->path(), layer, fmt::join(weight->shape, ", "), fmt::join(update, ", "));
    targets_[layer + ".weight"].push_back({lora.file, factors, lora.strength, lora.file->scale(factors)});
    ++matched;
  }
  if (lora.file->reference()) return;
  if (matched == 0)
    fail(Status::LoraMismatch,
         "'{}': none of its {} layers is in the model ({}): {}. This LoRA does not fit this model.",
         lora.file->path(), lora.file->layers().size(), base_->describe(), examples(unmatched, 5));
  if (!unmatched.empty())
    warnings_.push_back(
        fmt::format("'{}': {} layers are not in the model or lack a factor and are ignored, for example {}",
                    lora.file->path(), unmatched.size(), examples(unmatched, 3)));
}

std::vector<std::string> FusedStore::targets() const {
  std::vector<std::string> names;
  for (const auto& [name, updates] : targets_) names.push_back(name);
  return names;
}

std::vector<ScaledFactors> FusedStore::updates_of(std::string_view name) const {
  std::vector<ScaledFactors> updates;
  const auto found = targets_.find(name);
  if (found == targets_.end()) return updates;
  for (const auto& [file, factors, strength, alpha] : found->second) {
    updates.push_back({file->up(factors).to(device_), file->down(factors).to(device_), strength, alpha});
    require_finite(updates.back().up, *file, file->up_info(factors));
    require_finite(updates.back().down, *file, file->down_info(factors));
  }
  return updates;
}

at::Tensor FusedStore::read(std::string_view name) const {
  if (!targets_.contains(name)) return base_->read(name);
  auto fused = fuse_bf16(base_->read(name).to(device_), updates_of(name));
  release(name);
  return fused;
}

WeightParts FusedStore::parts(std::string_view name) const {
  auto parts = base_->parts(name);
  for (auto& update : updates_of(name)) parts.updates.push_back(std::move(update));
  return parts;
}

void FusedStore::release(std::string_view name) const {
  base_->release(name);
  if (const auto found = targets_.find(name); found != targets_.end())
    for (const auto& update : found->second) update.file->release(update.factors);
}

std::shared_ptr<const Store> with_loras(std::shared_ptr<const Store> base, std::vector<Lora> loras,
                                        at::Device device, std::vector<std::string>* warnings) {
  if (std::all_of(loras.begin(), loras.end(), [](const Lora& lora) { return lora.strength == 0; }))
    return base;
  auto fused = std::make_shared<const FusedStore>(std::move(base), std::move(loras), device);
  if (warnings) warnings->insert(warnings->end(), fused->warnings().begin(), fused->warnings().end());
  return fused;
}

}  // namespace ltx::weights
