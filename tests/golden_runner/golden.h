// The golden runner's vocabulary: a case read from disk, what an adapter returns, and the table of adapters.
#pragma once
#include <ATen/ATen.h>

#include <filesystem>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <string>

namespace ltx::golden {

struct Case {
  std::filesystem::path folder;
  nlohmann::json description;  // the whole case.json
  std::string component;
  nlohmann::json params;
  std::map<std::string, at::Tensor> inputs;
  at::ScalarType compute_dtype = at::kFloat;

  /// Path of a weights slot; throws if the case does not have it.
  std::string weight(const std::string& slot) const;
  bool has_weight(const std::string& slot) const;
  const at::Tensor& input(const std::string& name) const;
  bool has_input(const std::string& name) const { return inputs.contains(name); }
  /// params[name] or `fallback` where it is absent or null.
  template <class T>
  T param(const std::string& name, T fallback) const {
    const auto found = params.find(name);
    return found == params.end() || found->is_null() ? fallback : found->template get<T>();
  }
};

struct Results {
  std::map<std::string, at::Tensor> tensors;         // outputs, and taps where exposed
  nlohmann::json values = nlohmann::json::object();  // members of "expect"
};

using Adapter = std::function<Results(const Case&)>;
using Registry = std::map<std::string, Adapter>;

/// Where networks and quantized layers run: LTX_GOLDEN_DEVICE ("cuda:0"), the CPU by default. Tolerances are
/// those of the CPU; recipes, samplers and media stay there.
at::Device device();

/// All tensors of a safetensors file.
std::map<std::string, at::Tensor> read_tensors(const std::filesystem::path& path);

/// "float32", "bfloat16", "float64" …
at::ScalarType dtype_named(const std::string& name);

void register_models(Registry&);
void register_transformer(Registry&);
void register_text(Registry&);
void register_video_vae(Registry&);
void register_audio(Registry&);
void register_diffusion(Registry&);
void register_media(Registry&);
void register_pipelines(Registry&);
void register_quantization(Registry&);

/// Runs every case below the folders whose path or component contains `filter`; returns the process's exit
/// code.
int run(const Registry& registry, int argc, char** argv);

}  // namespace ltx::golden
