#include "quant/report.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <numeric>

namespace ltx::quant {
namespace {

using nlohmann::json;

// Rows that are compared at a time: bounds the fp64 temporaries, whatever the weight's size.
constexpr int64_t kRowsAtATime = 256;

/// `rows` rows of a matrix whose rows are independent of each other, from `begin`; nothing for formats whose
/// rows share data.
formats::Matrix rows_of(const formats::Matrix& matrix, int64_t begin, int64_t rows) {
  auto part = matrix;
  part.rows = rows;
  part.codes = matrix.codes.narrow(0, begin, rows);
  for (auto* member : {&part.scale, &part.zero})
    if (member->defined() && member->dim() > 0) *member = member->narrow(0, begin, rows);
  return part;
}

bool has_independent_rows(formats::Format format) {
  return format != formats::Format::Fp8Block128 && format != formats::Format::Fp6Block128 &&
         format != formats::Format::Nf4;
}

std::string arithmetic_text(int64_t native, int64_t dequant) {
  if (native > 0 && dequant > 0) return "mixed";
  return native > 0 ? "native" : "dequant";
}

bool is_held_in_format(const LayerReport& layer) {
  return layer.held != formats::Format::Unquantized;
}

json layer_json(const LayerReport& layer) {
  json entry = {{"name", layer.name},
                {"shape", layer.shape},
                {"outcome", name_of(layer.outcome)},
                {"stored", formats::name_of(layer.stored)},
                {"format", formats::name_of(layer.held)},
                {"bytes_before", layer.bytes_before},
                {"bytes_after", layer.bytes_after}};
  if (is_held_in_format(layer)) {
    entry["policy"] = name_of(layer.kind);
    entry["compute"] = layer.arithmetic == Arithmetic::Dequant   ? "dequant"
                       : layer.arithmetic == Arithmetic::Emulate ? "emulate"
                                                                 : "native";
  }
  if (!layer.reason.empty()) entry["reason"] = layer.reason;
  if (!layer.act_scale.empty()) entry["act_scale"] = layer.act_scale;
  if (layer.error) {
    entry["relative_l2"] = layer.error->relative_l2;
    entry["cosine"] = layer.error->cosine;
  }
  if (layer.lora)
    entry["lora"] = {{"order", layer.lora->order == LoraOrder::Runtime  ? "runtime"
                               : layer.lora->order == LoraOrder::Before ? "before"
                                                                        : "after"},
                     {"slope", layer.lora->survival.slope()},
                     {"relative_l2", layer.lora->survival.relative_l2()},
                     {"size", layer.lora->survival.size()}};
  return entry;
}

json component_json(const std::vector<const LayerReport*>& layers, bool detailed) {
  std::map<std::string, int64_t> skipped, formats_held;
  std::map<Outcome, int64_t> outcomes;
  uint64_t before = 0, after = 0;
  int64_t native = 0, dequant = 0;
  auto list = json::array();
  for (const auto* layer : layers) {
    ++outcomes[layer->outcome];
    if (layer->outcome == Outcome::Skipped) ++skipped[layer->reason];
    ++formats_held[std::string(formats::name_of(layer->held))];
    before += layer->bytes_before;
    after += layer->bytes_after;
    if (is_held_in_format(*layer)) ++(layer->arithmetic == Arithmetic::Dequant ? dequant : native);
    if (detailed && layer->outcome != Outcome::Plain) list.push_back(layer_json(*layer));
  }
  json result = {{"quantized", outcomes[Outcome::Quantized]},
                 {"already_quantized", outcomes[Outcome::AlreadyQuantized]},
                 {"dequantized", outcomes[Outcome::Dequantized]},
                 {"skipped", skipped},
                 {"formats", formats_held},
                 {"bytes_before", before},
                 {"bytes_after", after}};
  if (native + dequant > 0) result["compute"] = arithmetic_text(native, dequant);
  if (detailed) result["layers"] = std::move(list);
  return result;
}

}  // namespace

WeightError weight_error(const at::Tensor& wanted, const formats::Matrix& held) {
  const at::NoGradGuard no_grad;
  const bool by_rows = has_independent_rows(held.format);
  const auto whole = by_rows ? at::Tensor() : formats::decode(held);
  double error = 0, norm = 0, held_norm = 0, product = 0;
  for (int64_t begin = 0; begin < held.rows; begin += kRowsAtATime) {
    const int64_t rows = std::min(kRowsAtATime, held.rows - begin);
    const auto w = wanted.narrow(0, begin, rows).to(at::kDouble);
    const auto h = (by_rows ? formats::decode(rows_of(held, begin, rows)) : whole.narrow(0, begin, rows))
                       .to(at::kDouble);
    error += (h - w).square().sum().item<double>();
    norm += w.square().sum().item<double>();
    held_norm += h.square().sum().item<double>();
    product += (h * w).sum().item<double>();
  }
  WeightError result;
  if (norm > 0) result.relative_l2 = std::sqrt(error / norm);
  if (norm > 0 && held_norm > 0) result.cosine = product / std::sqrt(norm * held_norm);
  return result;
}

void Report::add(LayerReport layer) {
  const std::lock_guard lock(mutex_);
  auto key = layer.component + ":" + layer.name;
  layers_.insert_or_assign(std::move(key), std::move(layer));
}

bool Report::warn_once(const std::string& key, std::string text) {
  const std::lock_guard lock(mutex_);
  if (!noted_.insert(key).second) return false;
  warnings_.emplace_back(key, std::move(text));
  return true;
}

void Report::forget(std::string_view component) {
  const std::lock_guard lock(mutex_);
  const auto prefix = std::string(component) + ":";
  std::erase_if(layers_, [&](const auto& entry) { return entry.first.starts_with(prefix); });
  std::erase_if(noted_, [&](const auto& key) { return key.starts_with(prefix); });
  std::erase_if(warnings_, [&](const auto& warning) { return warning.first.starts_with(prefix); });
}

std::vector<LayerReport> Report::layers() const {
  const std::lock_guard lock(mutex_);
  std::vector<LayerReport> result;
  for (const auto& [key, layer] : layers_) result.push_back(layer);
  return result;
}

std::vector<std::string> Report::warnings() const {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> result;
  for (const auto& [key, text] : warnings_) result.push_back(text);
  return result;
}

std::vector<LayerFusion> Report::fusions() const {
  const std::lock_guard lock(mutex_);
  std::vector<LayerFusion> result;
  for (const auto& [key, layer] : layers_)
    if (layer.lora) result.push_back(*layer.lora);
  return result;
}

template <class Value, class Get>
Value Report::sum(std::string_view component, Get&& get) const {
  const std::lock_guard lock(mutex_);
  Value total = 0;
  for (const auto& [key, layer] : layers_)
    if (component.empty() || layer.component == component) total += get(layer);
  return total;
}

int64_t Report::count(Outcome outcome, std::string_view component) const {
  return sum<int64_t>(component, [&](const LayerReport& layer) { return layer.outcome == outcome ? 1 : 0; });
}

uint64_t Report::bytes_before(std::string_view component) const {
  return sum<uint64_t>(component, [](const LayerReport& layer) { return layer.bytes_before; });
}

uint64_t Report::bytes_after(std::string_view component) const {
  return sum<uint64_t>(component, [](const LayerReport& layer) { return layer.bytes_after; });
}

json Report::json(bool detailed) const {
  const std::lock_guard lock(mutex_);
  std::map<std::string, std::vector<const LayerReport*>> components;
  for (const auto& [key, layer] : layers_) components[layer.component].push_back(&layer);
  nlohmann::json result = {{"components", nlohmann::json::object()}, {"warnings", nlohmann::json::array()}};
  for (const auto& [component, layers] : components)
    result["components"][component] = component_json(layers, detailed);
  for (const auto& [key, text] : warnings_) result["warnings"].push_back(text);
  return result;
}

Sensitivity sensitivity_of(const std::vector<LayerReport>& layers) {
  Sensitivity result;
  for (const auto& layer : layers)
    if (layer.error) result.entries.push_back({layer.name, layer.error->relative_l2});
  return result;
}

}  // namespace ltx::quant
