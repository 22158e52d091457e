#include "weights/checkpoint.h"

#include <algorithm>

#include "base/error.h"
#include "weights/quant_formats.h"

namespace ltx::weights {
namespace {

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

}  // namespace

Checkpoint::Checkpoint(const std::vector<std::filesystem::path>& paths) {
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

std::shared_ptr<const FileStore> Checkpoint::store(Component component) const {
  return std::make_shared<const FileStore>(
      files_, [component](const io::TensorFile& file) -> Rename { return names_in(file, component); });
}

Part Checkpoint::open(Component component) const {
  if (!has(component))
    fail(Status::ComponentMissing,
         "{} is missing: '{}' is a {} without its tensors. Set the model path of that component.",
         name_of(component), path().string(), name_of(kind_));
  const auto section = config_section(component);
  auto config = component == Component::Upsampler ? metadata_.config()
                : section.empty()                 ? nlohmann::json()
                                                  : metadata_.section(section);
  return {unquantized_view(store(component)), std::move(config), path().string()};
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

View unquantized_view(std::shared_ptr<const Store> store) {
  const auto layers = quantized_layers(*store);
  if (!layers.empty())
    fail(Status::Quant,
         "{}: layer '{}' is stored as {}, {} layers in all; expected F32, BF16 or F16 weights. Use the bf16 "
         "file of the model.",
         store->describe(), layers.front().name, layers.front().format, layers.size());
  return View(std::move(store));
}

}  // namespace ltx::weights
