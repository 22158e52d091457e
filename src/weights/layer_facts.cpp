#include "weights/layer_facts.h"

#include <fmt/ranges.h>

#include <algorithm>

#include "base/error.h"

namespace ltx::weights {

const std::vector<CompanionRole>& companion_roles() {
  static const std::vector<CompanionRole> roles = {{"weight_scale", ".weight_scale"},
                                                   {"weight_scale", ".scale_weight"},
                                                   {"weight_scale", ".weight_scale_inv"},
                                                   {"weight_scale_2", ".weight_scale_2"},
                                                   {"weight_zero", ".weight_zero"},
                                                   {"weight_global_scale", ".weight_global_scale"},
                                                   {"input_scale", ".input_scale"},
                                                   {"input_scale", ".scale_input"},
                                                   {"pre_quant_scale", ".pre_quant_scale"},
                                                   {"comfy_quant", ".comfy_quant"},
                                                   {"torchao_nvfp4", ".torchao_nvfp4"},
                                                   {"absmax", ".weight.absmax"},
                                                   {"quant_map", ".weight.quant_map"},
                                                   {"nested_absmax", ".weight.nested_absmax"},
                                                   {"nested_quant_map", ".weight.nested_quant_map"},
                                                   {"quant_state", ".weight.quant_state.bitsandbytes__nf4"},
                                                   {"quant_state", ".weight.quant_state.bitsandbytes__fp4"}};
  return roles;
}

bool is_fp8(std::string_view dtype) {
  return dtype == "F8_E4M3" || dtype == "F8_E5M2";
}

bool is_float(std::string_view dtype) {
  return dtype == "F32" || dtype == "BF16" || dtype == "F16";
}

int64_t element_count(const TensorInfo& info) {
  if (std::find(info.shape.begin(), info.shape.end(), 0) != info.shape.end()) return 0;
  int64_t count = 1;
  for (const auto extent : info.shape) count *= extent;
  return count;
}

std::string text_of(const std::vector<int64_t>& shape) {
  return fmt::format("[{}]", fmt::join(shape, ", "));
}

bool is_row_scale(const std::vector<int64_t>& shape, int64_t rows) {
  return !shape.empty() && shape[0] == rows && (shape.size() == 1 || (shape.size() == 2 && shape[1] == 1));
}

const TensorInfo* LayerFacts::info(const StoredLayer& layer, std::string_view role) const {
  const auto* name = layer.companion(role);
  return name ? files_.find(*name) : nullptr;
}

std::string LayerFacts::text(const StoredLayer& layer, std::string_view role) const {
  const auto& name = *layer.companion(role);
  const auto bytes = files_.read(name);
  std::string text(marker_text({static_cast<const char*>(bytes.const_data_ptr()), bytes.nbytes()}));
  files_.release(name);
  return text;
}

std::optional<Marker> LayerFacts::marker(const StoredLayer& layer) const {
  std::optional<Marker> own;
  if (layer.companion("comfy_quant"))
    own = parse_marker(text(layer, "comfy_quant"), info(layer, "comfy_quant")->source);
  const auto listed = hints_.metadata.find(layer.name);
  if (listed == hints_.metadata.end()) return own;
  if (!own) return listed->second;
  if (!(*own == listed->second))
    fail(Status::Quant, "{}: '{}' contradicts {}: '{}'. Use an unmodified file.", own->source, own->format,
         listed->second.source, listed->second.format);
  return own;
}

void LayerFacts::allow(const StoredLayer& layer, std::initializer_list<std::string_view> roles) const {
  for (const auto& [role, name] : layer.companions)
    if (role != "input_scale" && role != "pre_quant_scale" && role != "comfy_quant" &&
        role != "torchao_nvfp4" && std::find(roles.begin(), roles.end(), role) == roles.end())
      unknown(layer);
}

void LayerFacts::unknown(const StoredLayer& layer, const std::string& detail) const {
  const auto& found = weight(layer);
  std::string keys;
  for (const auto& [role, name] : layer.companions)
    keys += fmt::format("{} '{}' {} {}", keys.empty() ? "" : ",", name, files_.find(name)->dtype,
                        text_of(files_.find(name)->shape));
  fail(Status::Quant,
       "{}: unknown quantized layer: '{}.weight' {} {} with{}{}. Use the bf16 file of the model, or one in "
       "scaled fp8, mxfp8, nvfp4 or int8.",
       found.source, layer.name, found.dtype, text_of(found.shape),
       keys.empty() ? std::string(" no scale") : keys, detail.empty() ? "" : "; " + detail);
}

void LayerFacts::wrong_shape(const StoredLayer& layer, const LinearShape& expected,
                             std::string_view or_else) const {
  fail(Status::TensorMismatch,
       "{}: expected shape [{}, {}]{}, found {}. The config of the file does not describe its weights.",
       weight(layer).source, expected.rows, expected.columns, or_else, text_of(layer.shape));
}

void LayerFacts::wrong_scale(const StoredLayer& layer, const TensorInfo& scale,
                             std::string_view expected) const {
  fail(Status::TensorMismatch, "{}: expected {} for a weight {}, found {} {}. Use an unmodified file.",
       scale.source, expected, text_of(layer.shape), scale.dtype, text_of(scale.shape));
}

}  // namespace ltx::weights
