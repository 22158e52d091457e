#include "golden.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <set>

#include "base/error.h"
#include "weights/store.h"

namespace ltx::golden {
namespace {

using nlohmann::json;
namespace fs = std::filesystem;

// Components that the library does not have yet. The list shrinks to nothing.
const std::map<std::string, std::string> kNotBuilt = {
    {"diffusion_decoder", "LTX-2.5 diffusion video decoder"},
};

std::string not_built(const std::string& component) {
  const auto found = kNotBuilt.find(component);
  return found == kNotBuilt.end() ? "" : found->second;
}

struct Errors {
  double rel_l2 = 0, max_abs = 0;
  bool exact = true;
};

Errors measure(const at::Tensor& actual, const at::Tensor& expected) {
  const auto a = actual.to(at::kCPU, at::kDouble).flatten(), e = expected.to(at::kDouble).flatten();
  // NaN and Inf match only the same value at the same place.
  const auto same_special = (a.isnan() & e.isnan()) | ((a == e) & e.isinf());
  const auto special = (~a.isfinite()) | (~e.isfinite());
  Errors errors;
  if (special.logical_and(~same_special).any().item<bool>()) return {INFINITY, INFINITY, false};
  const auto zero = at::zeros({}, at::kDouble);
  const auto fa = at::where(special, zero, a), fe = at::where(special, zero, e);
  const double norm_e = fe.norm().item<double>();
  errors.rel_l2 = norm_e > 0 ? (fa - fe).norm().item<double>() / norm_e : fa.norm().item<double>();
  errors.max_abs = a.numel() ? (fa - fe).abs().max().item<double>() : 0;
  errors.exact = errors.max_abs == 0;
  return errors;
}

std::string shape_of(const at::Tensor& tensor) {
  std::string text = "[";
  for (int64_t i = 0; i < tensor.dim(); ++i) text += (i ? "," : "") + std::to_string(tensor.size(i));
  return text + "]";
}

/// Adapters that hand their inputs to a network or a layer; others compute with them on the host.
bool runs_on_device(const std::string& component) {
  for (const std::string_view start :
       {"transformer.", "text.gemma", "text.feature", "text.connector", "text.duration", "upsampler.",
        "video_vae.", "audio.vae", "audio.vocoder", "audio.mel", "audio.encode", "audio.decode",
        "quant.linear", "quant.lora"})
    if (component.starts_with(start)) return true;
  return false;
}

Case read_case(const fs::path& folder) {
  Case result;
  result.folder = folder;
  std::ifstream file(folder / "case.json");
  result.description = json::parse(file);
  result.component = result.description.at("component").get<std::string>();
  result.params = result.description.value("params", json::object());
  result.compute_dtype = dtype_named(result.description.value("compute_dtype", "float32"));
  if (result.description.contains("inputs") && !result.description["inputs"].is_null())
    result.inputs = read_tensors(folder / result.description["inputs"].get<std::string>());
  if (runs_on_device(result.component))
    for (auto& [name, tensor] : result.inputs) tensor = tensor.to(device());
  return result;
}

/// Compares and prints one line per output; returns whether all are within tolerance.
bool compare(const Case& c, const Results& results) {
  bool good = true;
  const auto& d = c.description;
  std::set<std::string> taps;
  if (d.contains("taps"))
    for (const auto& tap : d["taps"]) taps.insert(tap.is_string() ? tap.get<std::string>() : "");
  if (d.contains("outputs") && !d["outputs"].is_null()) {
    for (const auto& [name, expected] : read_tensors(c.folder / d["outputs"].get<std::string>())) {
      const auto found = results.tensors.find(name);
      if (found == results.tensors.end() || !found->second.defined()) {
        if (taps.contains(name)) continue;
        std::printf("  FAIL %-40s missing\n", name.c_str());
        good = false;
        continue;
      }
      const auto& actual = found->second;
      if (actual.sizes() != expected.sizes()) {
        std::printf("  FAIL %-40s shape %s, expected %s\n", name.c_str(), shape_of(actual).c_str(),
                    shape_of(expected).c_str());
        good = false;
        continue;
      }
      json tolerance = d.value("tolerance", json::object());
      if (!tolerance.contains("rel_l2") && !tolerance.contains("max_abs") && !tolerance.contains("exact"))
        tolerance = tolerance.value(name, json());
      if (tolerance.is_null()) {
        if (!taps.contains(name)) {
          std::printf("  FAIL %-40s the case gives no tolerance\n", name.c_str());
          good = false;
        }
        continue;
      }
      const auto errors = measure(actual, expected);
      bool within = true;
      std::string bounds;
      if (tolerance.value("exact", false)) within = errors.exact, bounds = "exact";
      for (const auto& [key, value] :
           {std::pair{"rel_l2", errors.rel_l2}, std::pair{"max_abs", errors.max_abs}})
        if (tolerance.contains(key)) {
          const double bound = tolerance[key].get<double>();
          within = within && value <= bound;
          char text[64];
          std::snprintf(text, sizeof text, " %s<=%.2e", key, bound);
          bounds += text;
        }
      std::printf("  %s %-40s rel_l2 %.2e max_abs %.2e (%s)%s\n", within ? "ok  " : "FAIL", name.c_str(),
                  errors.rel_l2, errors.max_abs, bounds.c_str(), taps.contains(name) ? " tap" : "");
      good = good && within;
    }
  }
  if (d.contains("expect"))
    for (const auto& [key, value] : d["expect"].items()) {
      const bool equal = results.values.contains(key) && results.values[key] == value;
      std::printf("  %s expect %-33s %s\n", equal ? "ok  " : "FAIL", key.c_str(),
                  equal ? ""
                        : ("expected " + value.dump() + ", found " +
                           (results.values.contains(key) ? results.values[key].dump() : "nothing"))
                              .c_str());
      good = good && equal;
    }
  return good;
}

}  // namespace

std::string Case::weight(const std::string& slot) const {
  if (!has_weight(slot)) throw std::runtime_error("the case has no weights slot '" + slot + "'");
  return (folder / description["weights"][slot].get<std::string>()).lexically_normal().string();
}

bool Case::has_weight(const std::string& slot) const {
  return description.contains("weights") && description["weights"].contains(slot);
}

const at::Tensor& Case::input(const std::string& name) const {
  const auto found = inputs.find(name);
  if (found == inputs.end()) throw std::runtime_error("the case has no input '" + name + "'");
  return found->second;
}

at::Device device() {
  const char* name = std::getenv("LTX_GOLDEN_DEVICE");
  return name && *name ? at::Device(name) : at::Device(at::kCPU);
}

std::map<std::string, at::Tensor> read_tensors(const fs::path& path) {
  const weights::FileStore store({path.string()});
  std::map<std::string, at::Tensor> result;
  for (const auto& name : store.names()) result[name] = store.read(name);
  return result;
}

at::ScalarType dtype_named(const std::string& name) {
  static const std::map<std::string, at::ScalarType> types = {
      {"float32", at::kFloat}, {"bfloat16", at::kBFloat16}, {"float64", at::kDouble}, {"float16", at::kHalf}};
  const auto found = types.find(name);
  if (found == types.end()) throw std::runtime_error("unknown dtype '" + name + "'");
  return found->second;
}

int run(const Registry& registry, int argc, char** argv) {
  const std::string filter = argc > 1 ? argv[1] : "";
  std::vector<fs::path> roots = {LTX_GOLDEN_ROOT};
  if (const char* more = std::getenv("LTX_GOLDEN_DIR")) {
    std::string_view rest = more;
    while (!rest.empty()) {
      const auto end = std::min(rest.find(':'), rest.size());
      if (end > 0) roots.emplace_back(std::string(rest.substr(0, end)));
      rest.remove_prefix(std::min(end + 1, rest.size()));
    }
  }
  std::vector<fs::path> folders;
  for (const auto& root : roots) {
    if (!fs::is_directory(root)) {
      std::fprintf(stderr, "golden folder '%s' does not exist\n", root.c_str());
      return 2;
    }
    for (const auto& entry :
         fs::recursive_directory_iterator(root, fs::directory_options::follow_directory_symlink))
      if (entry.path().filename() == "case.json") folders.push_back(entry.path().parent_path());
  }
  std::sort(folders.begin(), folders.end());
  int passed = 0, failed = 0, skipped = 0;
  std::vector<std::string> failures;
  const at::NoGradGuard no_grad;
  for (const auto& folder : folders) {
    std::string component = "?";
    try {
      const Case c = read_case(folder);
      component = c.component;
      if (!filter.empty() && folder.string().find(filter) == std::string::npos &&
          component.find(filter) == std::string::npos)
        continue;
      const auto adapter = registry.find(component);
      if (adapter == registry.end()) {
        const auto reason = not_built(component);
        if (reason.empty()) throw std::runtime_error("unknown component");
        std::printf("skip %s [%s]: not built yet: %s\n", folder.filename().c_str(), component.c_str(),
                    reason.c_str());
        ++skipped;
        continue;
      }
      std::printf("case %s [%s]\n", folder.filename().c_str(), component.c_str());
      const auto start = std::chrono::steady_clock::now();
      const bool good = compare(c, adapter->second(c));
      const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
      if (seconds > 5) std::printf("  (%.1f s)\n", seconds);
      ++(good ? passed : failed);
      if (!good) failures.push_back(folder.string());
    } catch (const std::exception& error) {
      std::printf("FAIL %s [%s]: %s\n", folder.c_str(), component.c_str(), error.what());
      ++failed;
      failures.push_back(folder.string());
    }
    std::fflush(stdout);
  }
  for (const auto& name : failures) std::printf("failed: %s\n", name.c_str());
  std::printf("%d passed, %d failed, %d skipped\n", passed, failed, skipped);
  return failed == 0 && passed > 0 ? 0 : 1;
}

}  // namespace ltx::golden
