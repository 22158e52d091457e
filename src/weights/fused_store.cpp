#include "weights/fused_store.h"

#include <fmt/ranges.h>

#include <algorithm>

#include "base/error.h"

namespace ltx::weights {
namespace {

// Rows of a weight that are fused at a time: bounds the fp32 temporaries, whatever the weight's size.
constexpr int64_t kRowsAtATime = 512;

std::string examples(const std::vector<std::string>& names, size_t most) {
  std::string text;
  for (size_t i = 0; i < std::min(names.size(), most); ++i) text += (i ? ", '" : "'") + names[i] + "'";
  return text;
}

}  // namespace

at::Tensor fuse_bf16(const at::Tensor& weight, const std::vector<ScaledFactors>& updates) {
  auto fused = at::empty(weight.sizes(), weight.options());
  std::vector<at::Tensor> downs;
  for (const auto& update : updates) downs.push_back(update.down.to(at::kBFloat16).to(at::kFloat));
  for (int64_t begin = 0; begin < weight.size(0); begin += kRowsAtATime) {
    const int64_t rows = std::min(kRowsAtATime, weight.size(0) - begin);
    at::Tensor delta;  // bf16 values, held in fp32
    for (size_t i = 0; i < updates.size(); ++i) {
      // Products of bf16 values are exact in fp32 and are summed in it, as a bf16 GEMM with fp32 accumulation
      // does.
      const auto up = updates[i].up.narrow(0, begin, rows).to(at::kBFloat16).to(at::kFloat);
      const auto scale = static_cast<float>(updates[i].strength * updates[i].alpha);
      const auto sum = i == 0 ? at::mm((up * scale).to(at::kBFloat16).to(at::kFloat), downs[i])
                              : at::addmm(delta, up, downs[i], 1, scale);
      delta = sum.to(at::kBFloat16).to(at::kFloat);
    }
    const auto part = weight.narrow(0, begin, rows);
    fused.narrow(0, begin, rows).copy_((delta + part.to(at::kFloat)).to(at::kBFloat16));
  }
  return fused;
}

FusedStore::FusedStore(std::shared_ptr<const Store> base, std::vector<Lora> loras, at::Device device)
    : base_(std::move(base)), device_(device) {
  for (const auto& lora : loras)
    if (lora.strength != 0) add(lora);
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
           "{}: expected F32, BF16 or F16 to fuse LoRA '{}' into, found {}. Use the bf16 file of the model.",
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
  if (matched == 0)
    fail(Status::LoraMismatch,
         "'{}': none of its {} layers is in the model ({}): {}. This LoRA does not fit this model.",
         lora.file->path(), lora.file->layers().size(), base_->describe(), examples(unmatched, 5));
  if (!unmatched.empty())
    warnings_.push_back(
        fmt::format("'{}': {} layers are not in the model or lack a factor and are ignored, for example {}",
                    lora.file->path(), unmatched.size(), examples(unmatched, 3)));
}

at::Tensor FusedStore::read(std::string_view name) const {
  const auto found = targets_.find(name);
  if (found == targets_.end()) return base_->read(name);
  std::vector<ScaledFactors> updates;
  for (const auto& update : found->second)
    updates.push_back({update.file->up(update.factors).to(device_),
                       update.file->down(update.factors).to(device_), update.strength, update.alpha});
  auto fused = fuse_bf16(base_->read(name).to(device_), updates);
  base_->release(name);
  for (const auto& update : found->second) update.file->release(update.factors);
  return fused;
}

std::shared_ptr<const Store> with_loras(std::shared_ptr<const Store> base, std::vector<Lora> loras,
                                        at::Device device, std::vector<std::string>* warnings) {
  std::erase_if(loras, [](const Lora& lora) { return lora.strength == 0; });
  if (loras.empty()) return base;
  auto fused = std::make_shared<const FusedStore>(std::move(base), std::move(loras), device);
  if (warnings) warnings->insert(warnings->end(), fused->warnings().begin(), fused->warnings().end());
  return fused;
}

}  // namespace ltx::weights
