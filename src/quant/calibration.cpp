#include "quant/calibration.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <span>

#include "base/error.h"
#include "io/atomic_file.h"
#include "io/json.h"
#include "quant/layer_sets.h"

namespace ltx::quant {
namespace {

constexpr float kE4m3Max = 448.0f;
constexpr float kNvfp4Inverse = 1.0f / 2688.0f;  // 448 · 6

at::Tensor scalar(float value) {
  return at::full({}, value, at::kFloat);
}

}  // namespace

Calibration Calibration::parse(std::string_view text, std::string_view source) {
  Calibration result(parse_amax(text, source));
  result.source_ = source;
  return result;
}

Calibration Calibration::read(const std::filesystem::path& path) {
  return parse(io::read_text_file(path), fmt::format("'{}'", path.string()));
}

void Calibration::require_known(const std::vector<std::string>& layers) const {
  const std::set<std::string_view> known(layers.begin(), layers.end());
  for (const auto& [layer, amax] : amax_)
    if (!known.contains(layer))
      fail(Status::Quant,
           "{}: layer '{}' is not in the model. Use a calibration file that was recorded with this model.",
           source_, layer);
}

std::vector<std::string> Calibration::without_entry(const std::vector<std::string>& layers) const {
  std::vector<std::string> missing;
  for (const auto& layer : layers)
    if (!amax_.contains(layer)) missing.push_back(layer);
  return missing;
}

std::optional<float> Calibration::amax(std::string_view layer) const {
  const auto found = amax_.find(layer);
  if (found == amax_.end()) return std::nullopt;
  return found->second;
}

at::Tensor Calibration::input_scale(std::string_view layer, bool nvfp4) const {
  const auto maximum = amax(layer);
  if (!maximum) return {};
  const float scale = nvfp4 ? *maximum * kNvfp4Inverse : *maximum / kE4m3Max;
  if (!(scale > 0))
    fail(Status::Quant, "{}: layer '{}': its maximum {} is too small for a scale. Calibrate again.", source_,
         layer, *maximum);
  return scalar(scale);
}

std::string Calibration::text() const {
  return amax_text(amax_);
}

void Calibration::write(const std::filesystem::path& path) const {
  io::AtomicFile file(path);
  const auto json = text();
  file.write(std::as_bytes(std::span(json.data(), json.size())));
  file.commit();
}

std::string_view name_of(ScaleSource source) {
  switch (source) {
    case ScaleSource::Static:
      return "static";
    case ScaleSource::Calibrated:
      return "calibrated";
    case ScaleSource::Fixed1:
      return "fixed-1";
    case ScaleSource::Dynamic:
      break;
  }
  return "dynamic";
}

bool usable_input_scale(const at::Tensor& input_scale) {
  if (!input_scale.defined()) return false;
  const auto value = input_scale.item<float>();
  return std::isfinite(value) && value > 0 && value != 1.0f;
}

ResolvedScale resolve_scale(ActScale wanted, const at::Tensor& stored, const Calibration* calibration,
                            std::string_view layer, bool nvfp4, bool reference) {
  if (wanted == ActScale::Dynamic) return {};
  if (wanted == ActScale::Fixed1 || (wanted == ActScale::Auto && nvfp4 && reference && !calibration))
    return {ScaleSource::Fixed1, {}};
  if (calibration) {
    const auto scale = calibration->input_scale(layer, nvfp4);
    if (scale.defined()) return {ScaleSource::Calibrated, scale};
    if (wanted == ActScale::Static)
      fail(Status::Quant,
           "{}: layer '{}' has no entry, and static activation scales were asked for. Calibrate with this "
           "policy, "
           "or use act_scale auto.",
           calibration->source(), layer);
    return {};
  }
  // The reference takes every stored scale, a 1.0 as well.
  if (stored.defined() && (reference || usable_input_scale(stored))) return {ScaleSource::Static, stored};
  if (wanted == ActScale::Static)
    fail(Status::Quant,
         "layer '{}': static activation scales were asked for, expected an input_scale above 0 other than 1, "
         "found "
         "{}. Use act_scale auto, or calibrate.",
         layer, stored.defined() ? std::to_string(stored.item<float>()) : "none");
  return {};
}

void Recorder::record(const std::string& layer, const at::Tensor& x) {
  if (x.numel() == 0) return;
  const at::NoGradGuard no_grad;
  // Both ends of the range in one pass; NaN is kept.
  const auto [low, high] = at::aminmax(x);
  const auto amax = at::maximum(low.to(at::kFloat).abs(), high.to(at::kFloat).abs());
  const std::lock_guard lock(mutex_);
  const auto [entry, first] = maxima_.try_emplace(layer, amax);
  if (!first) entry->second = at::maximum(entry->second, amax.to(entry->second.device()));
}

Calibration Recorder::result() const {
  const std::lock_guard lock(mutex_);
  AmaxTable table;
  std::vector<std::string> broken;
  for (const auto& [layer, maximum] : maxima_) {
    const auto value = maximum.item<float>();
    if (!std::isfinite(value))
      broken.push_back(layer);
    else if (value > 0)
      table.emplace(layer, value);
  }
  if (!broken.empty())
    fail(Status::Numeric,
         "calibration: activations of {} layers held NaN or Inf, the first is '{}'. Run without "
         "quantization, or "
         "look for the cause with the numeric guard.",
         broken.size(), broken.front());
  return Calibration(std::move(table));
}

std::vector<std::pair<int64_t, double>> Sensitivity::by_block() const {
  std::map<int64_t, std::pair<double, int64_t>> sums;
  for (const auto& entry : entries)
    if (const auto layer = block_layer(canonical_name(entry.layer))) {
      auto& [sum, count] = sums[layer->block];
      sum += entry.error * entry.error;
      ++count;
    }
  std::vector<std::pair<int64_t, double>> blocks;
  for (const auto& [block, sum] : sums)
    blocks.emplace_back(block, std::sqrt(sum.first / static_cast<double>(sum.second)));
  std::stable_sort(blocks.begin(), blocks.end(),
                   [](const auto& a, const auto& b) { return a.second > b.second; });
  return blocks;
}

std::vector<int64_t> Sensitivity::keep_bf16_blocks(int64_t count, double factor) const {
  const auto blocks = by_block();
  if (blocks.empty()) return {};
  const double median = blocks[blocks.size() / 2].second;
  std::vector<int64_t> kept;
  for (const auto& [block, error] : blocks)
    if (static_cast<int64_t>(kept.size()) < count && error > factor * median) kept.push_back(block);
  std::sort(kept.begin(), kept.end());
  return kept;
}

}  // namespace ltx::quant
