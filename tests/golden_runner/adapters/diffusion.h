// What the adapters of the group `diffusion` share.
#pragma once
#include <functional>
#include <limits>
#include <optional>
#include <string>

#include "diffusion/conditioning.h"
#include "diffusion/guidance.h"
#include "golden.h"

namespace ltx::golden {

void register_diffusion_tools(Registry&);
void register_diffusion_condition(Registry&);
void register_diffusion_step(Registry&);
void register_diffusion_guide(Registry&);
void register_diffusion_run(Registry&);

/// item[name], or `fallback` where it is absent or null.
template <class T>
T field(const nlohmann::json& item, const std::string& name, T fallback) {
  const auto found = item.find(name);
  return found == item.end() || found->is_null() ? fallback : found->template get<T>();
}

/// The tensor that item[name] names.
inline const at::Tensor& tensor_of(const Case& c, const nlohmann::json& item, const std::string& name) {
  return c.input(item.at(name).get<std::string>());
}

inline std::optional<at::Tensor> optional_tensor(const Case& c, const nlohmann::json& item,
                                                 const std::string& name) {
  if (!item.contains(name) || item[name].is_null()) return std::nullopt;
  return tensor_of(c, item, name);
}

inline at::Tensor integers(const std::vector<int64_t>& values) {
  return at::tensor(values, at::kLong);
}
inline at::Tensor doubles(const std::vector<double>& values) {
  return at::tensor(values, at::kDouble);
}

/// A number, or "inf".
inline double number(const nlohmann::json& value) {
  return value.is_string() ? std::numeric_limits<double>::infinity() : value.get<double>();
}

/// Runs `work`, or demands that it fails where the item says so.
void run_item(const nlohmann::json& item, const std::function<void()>& work);

diffusion::GuiderParams guider_of(const nlohmann::json& item);
diffusion::Conditioning conditioning_of(const Case& c, const nlohmann::json& item);

}  // namespace ltx::golden
