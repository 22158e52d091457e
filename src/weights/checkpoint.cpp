#include "weights/checkpoint.h"

#include <algorithm>
#include <map>

#include "base/error.h"
#include "weights/gguf_store.h"
#include "weights/quantized_store.h"

namespace ltx::weights {
namespace {

constexpr std::string_view kQuantizationMetadata = "_quantization_metadata", kLegacyMarker = "scaled_fp8",
                           kWeight = ".weight";

/// A tensor that every file holding the component has. The statistics alone are no encoder, nor is a
/// connector a projection.
bool is_telling(Component component, std::string_view name) {
  switch (component) {
    case Component::VideoEncoder:
    case Component::VideoDecoder:
    case Component::AudioEncoder:
    case Component::AudioDecoder:
      return !name.starts_with("per_channel_statistics.");
    case Component::Embeddings:
      return name.starts_with("feature_extractor.");
    case Component::TextEncoder:
      return name.starts_with("language_model.");
    case Component::Upsampler:
      return name.starts_with("upsampler.");
    default:
      return true;
  }
}

/// The name without what writers leave out of one place and not of the other: the prefix and the segment of
/// a compiled block.
std::string bare_name(std::string_view name) {
  auto bare = without_compiled_segment(name);
  for (const std::string_view prefix : {"model.diffusion_model.", "diffusion_model."})
    if (bare.starts_with(prefix)) return bare.substr(prefix.size());
  return bare;
}

}  // namespace

Checkpoint::Checkpoint(const std::vector<std::filesystem::path>& paths, const StoredOverrides& overrides)
    : overrides_(overrides) {
  if (paths.empty())
    fail(Status::InvalidArgument, "expected at least one checkpoint file, found none. Give a path.");
  for (const auto& path : paths) files_.push_back(io::TensorFile::open(path));
  metadata_ = Metadata(files_.front()->metadata(), files_.front()->path().string());
  kind_ = classify(*files_.front());
}

std::filesystem::path Checkpoint::path() const {
  return files_.front()->path();
}

bool Checkpoint::has(Component component) const {
  return std::any_of(files_.begin(), files_.end(), [&](const auto& file) {
    const auto rename = names_in(*file, component);
    return std::any_of(file->tensors().begin(), file->tensors().end(), [&](const auto& item) {
      const auto name = rename(item.first);
      return !name.empty() && is_telling(component, name);
    });
  });
}

Checkpoint::Naming Checkpoint::naming(Component component) {
  return [component](const io::TensorFile& file) -> Rename { return names_in(file, component); };
}

std::shared_ptr<const FileStore> Checkpoint::store(Component component) const {
  return std::make_shared<const FileStore>(files_, naming(component));
}

StoredHints Checkpoint::hints(const Naming& naming, const nlohmann::json& transformer) const {
  StoredHints hints;
  hints.shapes = LinearShapes(transformer);
  hints.overrides = overrides_;
  for (const auto& file : files_) {
    const auto rename = naming(*file);
    if (const auto found = file->metadata().find(kQuantizationMetadata); found != file->metadata().end()) {
      const auto source = fmt::format("'{}': metadata '{}'", file->path().string(), kQuantizationMetadata);
      const auto own_name = [&](std::string_view key) { return rename ? rename(key) : std::string(key); };
      // The weights of this component, by what both spellings share.
      std::map<std::string, std::string> by_bare_name;
      for (const auto& [name, entry] : file->tensors())
        if (name.ends_with(kWeight))
          if (auto own = own_name(name); !own.empty()) by_bare_name.emplace(bare_name(name), std::move(own));
      for (auto& [layer, marker] : parse_quantization_metadata(found->second, source)) {
        const auto key = layer + std::string(kWeight);
        const auto likely = by_bare_name.find(bare_name(key));
        const bool elsewhere = file->find(key) || likely == by_bare_name.end();
        const auto own = elsewhere ? own_name(key) : likely->second;
        if (!own.empty()) hints.metadata[own.substr(0, own.size() - kWeight.size())] = std::move(marker);
      }
    } else {
      for (const auto& [name, entry] : file->tensors())
        if ((name == kLegacyMarker || name.ends_with("." + std::string(kLegacyMarker))) &&
            entry.shape == std::vector<int64_t>{2})
          hints.full_precision_matmul = true;
    }
  }
  return hints;
}

std::shared_ptr<const StoredLayers> Checkpoint::layers(const Naming& naming,
                                                       const nlohmann::json& transformer) const {
  auto files = std::make_shared<const FileStore>(files_, naming);
  std::shared_ptr<const Store> store = files;
  if (std::any_of(files_.begin(), files_.end(),
                  [](const auto& file) { return file->container() == io::Container::Gguf; })) {
    for (const auto& file : files_)
      if (file->container() == io::Container::Gguf) check_gguf_architecture(*file);
    store = std::make_shared<const GgufStore>(std::move(files));
  }
  return std::make_shared<const StoredLayers>(std::move(store), hints(naming, transformer));
}

std::shared_ptr<const StoredLayers> Checkpoint::layers() const {
  const auto from_root = [](const io::TensorFile& file) -> Rename {
    return [prefix = transformer_prefix(file).text](std::string_view name) {
      return without_compiled_segment(name.starts_with(prefix) ? name.substr(prefix.size()) : name);
    };
  };
  return layers(from_root, metadata_.section("transformer"));
}

Part Checkpoint::open(Component component, const nlohmann::json& given) const {
  if (!has(component))
    fail(Status::ComponentMissing,
         "{} is missing: '{}' is a {} without its tensors. Set the model path of that component.",
         name_of(component), path().string(), name_of(kind_));
  const auto section = config_section(component);
  auto config = component == Component::Upsampler ? metadata_.config()
                : section.empty()                 ? nlohmann::json()
                                                  : metadata_.section(section);
  if (config.is_null()) config = given;
  const auto layers = this->layers(naming(component), section == "transformer" ? config : nlohmann::json());
  auto view =
      layers->any() ? View(std::make_shared<const QuantizedStore>(layers)) : View(layers->shared_files());
  return {std::move(view), std::move(config), path().string()};
}

std::vector<std::string> Checkpoint::warnings(Component component) const {
  std::vector<std::string> result;
  const auto store = this->store(component);
  if (const auto& twice = store->overwritten(); !twice.empty())
    result.push_back(
        fmt::format("{}: {} tensors occur more than once, for example '{}'; the last file counts",
                    store->describe(), twice.size(), twice.front()));
  int64_t halves = 0;
  for (const auto& name : store->names()) halves += store->find(name)->dtype == "F16";
  if (halves > 0)
    result.push_back(fmt::format("{}: {} tensors of {} are F16 and are converted to the compute dtype",
                                 store->describe(), halves, name_of(component)));
  try {
    const auto stored = layers(naming(component), {});
    const auto& more = stored->warnings();
    result.insert(result.end(), more.begin(), more.end());
  } catch (const Error&) {
    // Opening the component says it.
  }
  return result;
}

std::optional<at::ScalarType> load_dtype(Component component) {
  return component == Component::Transformer ? std::nullopt : std::optional(at::kBFloat16);
}

at::Tensor cast_for_load(const at::Tensor& tensor, std::optional<at::ScalarType> target) {
  const auto type = tensor.scalar_type();
  const bool floating =
      type == at::kDouble || type == at::kFloat || type == at::kHalf || type == at::kBFloat16;
  if (!target || !floating || (tensor.dim() == 0 && type == at::kFloat)) return tensor;
  return tensor.to(*target);
}

}  // namespace ltx::weights
