#include "weights/lora_keys.h"

#include <algorithm>
#include <array>
#include <utility>

namespace ltx::weights {
namespace {

constexpr std::array<std::pair<std::string_view, LoraPart>, 10> kEndings = {{
    {".lora_A.weight", LoraPart::Down},
    {".lora_B.weight", LoraPart::Up},
    {".lora_down.weight", LoraPart::Down},
    {".lora_up.weight", LoraPart::Up},
    {".lora.down.weight", LoraPart::Down},
    {".lora.up.weight", LoraPart::Up},
    {".alpha", LoraPart::Alpha},
    {".dora_scale", LoraPart::Unsupported},
    {".diff", LoraPart::Unsupported},
    {".diff_b", LoraPart::Unsupported},
}};

/// Removes what training tools put before and into a layer's name.
std::string layer_name(std::string_view name) {
  std::string result;
  while (!name.empty()) {
    const auto part = name.substr(0, name.find('.'));
    if (part != "_orig_mod") result += (result.empty() ? "" : ".") + std::string(part);
    name.remove_prefix(std::min(part.size() + 1, name.size()));
  }
  for (bool again = true; again;) {
    again = false;
    for (const std::string_view prefix :
         {"base_model.model.", "model.diffusion_model.", "diffusion_model.", "transformer."})
      if (result.starts_with(prefix)) {
        result.erase(0, prefix.size());
        again = true;
      }
  }
  return result;
}

}  // namespace

LoraKey read_lora_key(std::string_view name) {
  for (const auto& [ending, part] : kEndings)
    if (name.ends_with(ending) && name.size() > ending.size())
      return {part, layer_name(name.substr(0, name.size() - ending.size()))};
  const auto last = name.substr(name.rfind('.') + 1);
  if (last.starts_with("lokr_") || last.starts_with("hada_") || last == "lora_magnitude_vector")
    return {LoraPart::Unsupported, layer_name(name.substr(0, name.size() - last.size()))};
  // PEFT names the adapter between factor and "weight": "….lora_A.default.weight".
  if (name.ends_with(".weight"))
    for (const auto& [middle, part] :
         {std::pair<std::string_view, LoraPart>{".lora_A.", LoraPart::Down}, {".lora_B.", LoraPart::Up}}) {
      const auto at = name.rfind(middle);
      if (at == std::string_view::npos || at == 0) continue;
      const auto adapter = name.substr(at + middle.size(),
                                       name.size() - at - middle.size() - std::string_view(".weight").size());
      if (!adapter.empty() && adapter.find('.') == std::string_view::npos)
        return {part, layer_name(name.substr(0, at))};
    }
  return {};
}

LoraKey read_reference_lora_key(std::string_view name) {
  constexpr std::string_view kPrefix = "diffusion_model.";
  for (const auto& [ending, part] : {std::pair<std::string_view, LoraPart>{".lora_A.weight", LoraPart::Down},
                                     {".lora_B.weight", LoraPart::Up}}) {
    if (!name.ends_with(ending)) continue;
    std::string layer(name.substr(0, name.size() - ending.size()));
    for (auto at = layer.find(kPrefix); at != std::string::npos; at = layer.find(kPrefix, at))
      layer.erase(at, kPrefix.size());
    if (!layer.empty()) return {part, layer};
  }
  return {};
}

}  // namespace ltx::weights
