#include "weights/inspect.h"

#include <algorithm>
#include <set>

#include "base/error.h"
#include "io/json.h"
#include "weights/lora.h"
#include "weights/lora_keys.h"
#include "weights/progress_store.h"
#include "weights/quant_formats.h"

namespace ltx::weights {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

// Names listed in full; the number is always given.
constexpr size_t kListed = 20;

json census(const Store& store) {
  json dtypes = json::object();
  const auto names = store.names();
  for (const auto& name : names) {
    auto& count = dtypes[store.find(name)->dtype];
    count = (count.is_null() ? 0 : count.get<int64_t>()) + 1;
  }
  return {{"tensors", names.size()},
          {"bytes", stored_bytes(store)},
          {"dtypes", dtypes},
          {"quantization", count_formats(quantized_layers(store))}};
}

json listed(const std::vector<std::string>& names) {
  return {{"count", names.size()},
          {"names", std::vector<std::string>(names.begin(), names.begin() + static_cast<ptrdiff_t>(std::min(
                                                                                kListed, names.size())))}};
}

/// Components of which the file holds more than a fragment.
std::vector<Component> components_of(const Checkpoint& file) {
  switch (file.kind()) {
    case FileKind::Lora:
    case FileKind::PromptEmbeddings:
      return {};
    case FileKind::Upsampler:
      return {Component::Upsampler};
    default:
      break;
  }
  std::vector<Component> result;
  for (const auto component : all_components())
    if (component != Component::Upsampler && file.has(component)) result.push_back(component);
  return result;
}

json inspect_lora(const fs::path& path) {
  const LoraFile lora(path);
  int64_t low = INT64_MAX, high = 0, pairs = 0;
  std::vector<std::string> half;
  for (const auto& [layer, factors] : lora.layers()) {
    if (factors.down.empty() || factors.up.empty()) {
      half.push_back(layer);
      continue;
    }
    ++pairs;
    low = std::min(low, lora.rank(factors));
    high = std::max(high, lora.rank(factors));
  }
  return {{"layers", pairs},
          {"rank_min", pairs ? low : 0},
          {"rank_max", high},
          {"incomplete_layers", listed(half)}};
}

json metadata_of(const Metadata& metadata) {
  json entries = json::object();
  for (const auto& [key, value] : metadata.raw())
    if (key != "config") entries[key] = value;
  return entries;
}

}  // namespace

json inspect_file(const fs::path& path) {
  const Checkpoint file(path);
  const auto& header = *file.files().front();
  const auto all = FileStore({file.files().front()}, [](const io::TensorFile&) { return Rename(); });
  json result = census(all);
  result["path"] = io::printable(path.string());
  result["kind"] = name_of(file.kind());
  const auto version = file.metadata().text("model_version");
  result["model_version"] = version.empty() ? json() : json(version);
  result["metadata"] = metadata_of(file.metadata());
  result["config"] = file.metadata().has_config() ? file.metadata().config() : json();
  if (name_suggests_distilled(path)) result["distilled"] = "guessed from the file name";

  std::set<std::string, std::less<>> used;
  result["components"] = json::object();
  for (const auto component : components_of(file)) {
    const auto rename = names_in(header, component);
    for (const auto& [name, entry] : header.tensors())
      if (!rename(name).empty()) used.insert(name);
    result["components"][std::string(name_of(component))] =
        census(FileStore({file.files().front()}, [component](const io::TensorFile& one) -> Rename {
          return names_in(one, component);
        }));
  }
  if (file.kind() == FileKind::Lora) {
    result["lora"] = inspect_lora(path);
    for (const auto& [name, entry] : header.tensors())
      if (read_lora_key(name).part != LoraPart::None) used.insert(name);
  }
  std::vector<std::string> unused;
  for (const auto& [name, entry] : header.tensors())
    if (!used.contains(name) &&
        !(file.kind() == FileKind::PackedTextEncoder &&
          (name == "tokenizer_json" || name.starts_with("hf_asset__"))) &&
        file.kind() != FileKind::PromptEmbeddings)
      unused.push_back(name);
  result["unused"] = listed(unused);
  return result;
}

json describe(const ModelFiles& files) {
  json components = json::object();
  for (const auto component : all_components()) {
    if (!files.has(component)) continue;
    const auto part = files.open(component);
    auto entry = census(part.view.store());
    entry["file"] = io::printable(part.file);
    components[std::string(name_of(component))] = std::move(entry);
  }
  return components;
}

json inspect(const fs::path& path) {
  std::error_code error;
  json result;
  if (!fs::is_directory(path, error)) {
    result = inspect_file(path);
    result["schema"] = 1;
    return result;
  }
  result = {{"schema", 1},
            {"kind", "folder"},
            {"path", io::printable(path.string())},
            {"files", json::array()},
            {"warnings", json::array()}};
  std::vector<fs::path> found;
  for (fs::recursive_directory_iterator at(path, fs::directory_options::skip_permission_denied, error), end;
       !error && at != end; at.increment(error))
    if (at->path().extension() == ".safetensors") found.push_back(at->path());
  if (error) fail(Status::FileAccess, "'{}' cannot be searched: {}.", path.string(), error.message());
  std::sort(found.begin(), found.end());
  for (const auto& file : found) {
    try {
      result["files"].push_back(inspect_file(file));
    } catch (const Error& problem) {
      result["files"].push_back(
          {{"path", io::printable(file.string())}, {"error", io::printable(problem.what())}});
    }
  }
  try {
    ModelPaths paths;
    paths.root = path.string();
    const ModelFiles files(paths);
    const auto slot = [&](const char* name, const std::string& value) {
      result["models"][name] = value.empty() ? json() : json(io::printable(value));
    };
    slot("checkpoint", files.paths().checkpoint);
    slot("transformer", files.paths().transformer);
    slot("text_encoder", files.paths().text_encoder);
    slot("video_vae", files.paths().video_vae);
    slot("audio_vae", files.paths().audio_vae);
    slot("duration_head", files.paths().duration_head);
    slot("spatial_upsampler", files.paths().spatial_upsampler);
    slot("temporal_upsampler", files.paths().temporal_upsampler);
    const auto version = files.metadata(Component::Transformer).text("model_version");
    result["model_version"] = version.empty() ? json() : json(version);
    result["missing"] = json::array();
    for (const auto component : all_components())
      if (component != Component::DurationHead && !files.has(component))
        result["missing"].push_back(name_of(component));
    for (const auto& warning : files.warnings()) result["warnings"].push_back(io::printable(warning));
    try {
      if (const auto warning = files.check_pairing(); !warning.empty())
        result["warnings"].push_back(io::printable(warning));
    } catch (const Error& problem) {
      result["warnings"].push_back(io::printable(problem.what()));
    }
  } catch (const Error& problem) {
    // A folder with several models is still worth its list of files.
    result["models"] = nullptr;
    result["warnings"].push_back(io::printable(problem.what()));
  }
  return result;
}

}  // namespace ltx::weights
