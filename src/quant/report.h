// What loading made of each layer, for people and for pipeline information.
#pragma once
#include <cstdint>
#include <map>
#include <mutex>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "formats/matrix.h"
#include "quant/calibration.h"
#include "quant/lora_fusion.h"
#include "quant/policy.h"

namespace ltx::quant {

/// How far a quantized weight is from what was asked for.
struct WeightError {
  double relative_l2 = 0;  // ‖Ŵ − W‖ / ‖W‖
  double cosine = 1;
};
/// In fp64, a few rows at a time. `wanted` [N, K] in any floating dtype, `held` decodes to the same shape.
WeightError weight_error(const at::Tensor& wanted, const formats::Matrix& held);

struct LayerReport {
  std::string component, name;
  std::vector<int64_t> shape;  // [N, K]; of a convolution [Co, Ci, kt, kh, kw]
  formats::Format stored = formats::Format::Unquantized;
  formats::Format held = formats::Format::Unquantized;
  Kind kind = Kind::None;
  Arithmetic arithmetic = Arithmetic::Dequant;
  Outcome outcome = Outcome::Plain;
  std::string reason;                          // of a skip
  std::string act_scale;                       // "static", "dynamic", "calibrated", "fixed-1"; empty: none
  uint64_t bytes_before = 0, bytes_after = 0;  // weight and scales, as stored and as held with LoRA factors
  std::optional<WeightError> error;            // where measuring was asked for
  std::optional<LayerFusion> lora;             // how much of the LoRAs' update the weight keeps
};

/// Thread-safe: components load on several threads.
class Report {
 public:
  /// A layer that is loaded again replaces its entry.
  void add(LayerReport layer);
  /// Notes `text` unless something was noted under `key` ("component:topic") before; true if it is new.
  bool warn_once(const std::string& key, std::string text);
  /// Forgets the layers and warnings of a component, before it is loaded anew.
  void forget(std::string_view component);

  std::vector<LayerReport> layers() const;  // by component and name
  std::vector<std::string> warnings() const;
  /// What became of LoRA updates, for survival_warnings().
  std::vector<LayerFusion> fusions() const;
  int64_t count(Outcome outcome, std::string_view component = {}) const;
  uint64_t bytes_before(std::string_view component = {}) const;
  uint64_t bytes_after(std::string_view component = {}) const;

  /// {"components": {name: {"quantized": n, "already_quantized": n, "skipped": {reason: n}, "dequantized": n,
  ///   "compute": "native" | "dequant" | "mixed", "bytes_before", "bytes_after", "formats": {format: n},
  ///   "layers": [...]}}, "warnings": [...]}; `layers` only with `detailed`.
  nlohmann::json json(bool detailed = true) const;

 private:
  template <class Value, class Get>
  Value sum(std::string_view component, Get&& get) const;

  mutable std::mutex mutex_;
  std::map<std::string, LayerReport> layers_;                  // by component:name
  std::set<std::string> noted_;                                // keys of the warnings
  std::vector<std::pair<std::string, std::string>> warnings_;  // key, text
};

/// The measured weight errors, to find the blocks that suffer most.
Sensitivity sensitivity_of(const std::vector<LayerReport>& layers);

}  // namespace ltx::quant
