#include "weights/quant_formats.h"

namespace ltx::weights {
namespace {

int64_t elements(const TensorInfo& info) {
  int64_t count = 1;
  for (const auto extent : info.shape) count *= extent;
  return count;
}

bool is_fp8(const std::string& dtype) {
  return dtype == "F8_E4M3" || dtype == "F8_E5M2";
}

/// The format of a weight whose dtype no network computes in.
std::string format_of(const Store& store, const std::string& layer, const TensorInfo& weight) {
  const auto companion = [&](const char* name) { return store.find(layer + name); };
  const auto* scale = companion(".weight_scale");
  if (!scale) scale = companion(".scale_weight");
  if (!scale) scale = companion(".weight_scale_inv");
  const int64_t rows = weight.shape.empty() ? 1 : weight.shape[0];
  if (is_fp8(weight.dtype)) {
    if (!scale) return "fp8-unscaled";
    if (elements(*scale) == 1) return "fp8-per-tensor";
    if (scale->dtype == "U8" || scale->dtype == "F8_E8M0") return "mxfp8";
    return elements(*scale) == rows ? "fp8-per-row" : "fp8-block128";
  }
  if (weight.dtype == "U8") {
    if (companion(".weight_scale_2")) return "nvfp4";
    if (store.find(layer + ".weight.absmax")) return "nf4";
    if (scale && scale->dtype == "BF16") return "int4";
    if (scale && scale->dtype == "F32") return "fp6-block128";
    return "unknown";
  }
  if (weight.dtype == "I8" && scale) return "int8";
  return "unknown";
}

}  // namespace

bool is_companion(std::string_view name) {
  for (const std::string_view ending :
       {"_scale", "_scale_2", "_scale_inv", ".scale_weight", ".scale_input", ".comfy_quant", ".weight_zero",
        ".absmax", ".quant_map", ".nested_absmax", ".nested_quant_map", ".pre_quant_scale"})
    if (name.ends_with(ending)) return true;
  return name == "scaled_fp8" || name.ends_with(".scaled_fp8") ||
         name.find(".quant_state.") != std::string_view::npos;
}

std::vector<QuantizedLayer> quantized_layers(const Store& store) {
  std::vector<QuantizedLayer> layers;
  for (const auto& name : store.names()) {
    if (!name.ends_with(".weight")) continue;
    const auto& info = *store.find(name);
    if (is_fp8(info.dtype) || info.dtype == "U8" || info.dtype == "I8") {
      const auto layer = name.substr(0, name.size() - std::string_view(".weight").size());
      layers.push_back({layer, format_of(store, layer, info)});
    }
  }
  return layers;
}

std::map<std::string, int64_t> count_formats(const std::vector<QuantizedLayer>& layers) {
  std::map<std::string, int64_t> counts;
  for (const auto& layer : layers) ++counts[layer.format];
  return counts;
}

}  // namespace ltx::weights
