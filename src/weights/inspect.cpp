#include "weights/inspect.h"

#include <algorithm>
#include <charconv>
#include <set>

#include "base/error.h"
#include "io/json.h"
#include "weights/lora.h"
#include "weights/lora_keys.h"
#include "weights/progress_store.h"
#include "weights/stored_layers.h"

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
          {"quantization", json::object()}};
}

/// What `layers` says about them in `entry`, or why there are none: a file that cannot be loaded is still
/// worth its header.
template <class Layers>
void add_quantization(json& entry, Layers&& layers) {
  try {
    entry.update(layers());
  } catch (const Error& problem) {
    entry["quantization_error"] = io::printable(problem.what());
  }
}

/// Numbers of the blocks "transformer_blocks.i" none of whose weights is quantized, if others are.
json unquantized_blocks(const StoredLayers& layers) {
  constexpr std::string_view kBlocks = "transformer_blocks.";
  std::map<int64_t, bool> blocks;  // number → has a quantized weight
  for (const auto& [name, layer] : layers.all()) {
    int64_t index = -1;
    if (name.starts_with(kBlocks))
      std::from_chars(name.data() + kBlocks.size(), name.data() + name.size(), index);
    if (index >= 0) blocks[index] |= layer.quantized();
  }
  json numbers = json::array();
  for (const auto& [index, quantized] : blocks)
    if (!quantized) numbers.push_back(index);
  return numbers;
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

json describe(const StoredLayer& layer) {
  using formats::Format;
  json entry = {{"format", formats::name_of(layer.format)}};
  const bool packed = layer.format == Format::Nvfp4 || layer.format == Format::Mxfp8;
  const bool turnable = layer.format == Format::Fp8PerTensor || layer.format == Format::Fp8PerRow ||
                        layer.format == Format::Fp8Block128;
  if (turnable || layer.layout == StoredLayout::KN)
    entry["layout"] = layer.layout == StoredLayout::NK ? "NK" : "KN";
  if (layer.format == Format::Nvfp4) entry["nibble"] = layer.nibble == NibbleOrder::High ? "hi" : "lo";
  if (packed) entry["scale_layout"] = layer.scale_layout == ScaleLayout::Swizzled ? "swizzled" : "linear";
  if (layer.format == Format::Nvfp4 || layer.format == Format::Fp8PerTensor)
    entry["input_scale"] = layer.has_input_scale();
  if (layer.rotation > 0) entry["convrot"] = layer.rotation;
  return entry;
}

json describe(const StoredLayers& layers) {
  json formats = json::object(), attributes = json::object();
  int64_t unquantized = 0, scales = 0, full_precision = 0;
  for (const auto& [format, count] : layers.counts())
    if (format == formats::name_of(formats::Format::Unquantized))
      unquantized = count;
    else
      formats[format] = count;
  for (const auto& [name, layer] : layers.all()) {
    if (!layer.quantized()) continue;
    scales += layer.has_input_scale();
    full_precision += layer.full_precision_matmul;
    const auto about = describe(layer);
    for (const auto& [key, value] : about.items()) {
      if (key == "format" || key == "input_scale") continue;
      auto& count = attributes[key][value.is_string() ? value.get<std::string>() : value.dump()];
      count = (count.is_null() ? 0 : count.get<int64_t>()) + 1;
    }
  }
  json entry = {{"quantization", formats},
                {"quantization_policy", layers.policy()},
                {"unquantized_layers", unquantized}};
  if (formats.empty()) return entry;
  attributes["input_scale"] = scales;
  attributes["full_precision_matmul"] = full_precision;
  entry["quantization_attributes"] = std::move(attributes);
  entry["unquantized_blocks"] = unquantized_blocks(layers);
  return entry;
}

json inspect_file(const fs::path& path) {
  const Checkpoint file(path);
  const auto& header = *file.files().front();
  const auto all = FileStore({file.files().front()}, [](const io::TensorFile&) { return Rename(); });
  json result = census(all);
  add_quantization(result, [&] { return describe(*file.layers()); });
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
    auto& entry = result["components"][std::string(name_of(component))];
    entry = census(FileStore({file.files().front()}, [component](const io::TensorFile& one) -> Rename {
      return names_in(one, component);
    }));
    add_quantization(entry, [&] {
      const auto part = file.open(component);
      const auto* layers = part.view.store().stored_layers();
      return layers ? describe(*layers) : json::object();
    });
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
    const auto* layers = part.view.store().stored_layers();
    auto entry = census(layers ? layers->files() : part.view.store());
    if (layers) entry.update(describe(*layers));
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
