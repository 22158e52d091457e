#include "weights/lora.h"

#include <charconv>

#include "base/error.h"
#include "io/safetensors.h"
#include "weights/file_kind.h"
#include "weights/lora_keys.h"
#include "weights/progress_store.h"

namespace ltx::weights {

LoraFile::LoraFile(const std::filesystem::path& path, bool reference)
    : path_(path.string()), reference_(reference) {
  const auto file = io::TensorFile::open(path);
  metadata_ = Metadata(file->metadata(), path_);
  if (const auto kind = classify(*file); kind != FileKind::Lora)
    fail(Status::FileFormat, "'{}': expected a LoRA, found a {}. Give a LoRA made for LTX-2.", path_,
         name_of(kind));
  for (const auto& [name, entry] : file->tensors()) {
    const auto key = reference ? read_reference_lora_key(name) : read_lora_key(name);
    if (key.part == LoraPart::None) continue;
    if (key.part == LoraPart::Unsupported)
      fail(Status::LoraMismatch,
           "'{}': tensor '{}': unsupported adapter type; expected pairs lora_A / lora_B. Convert the adapter "
           "to a LoRA.",
           path_, name);
    auto& factors = layers_[key.layer];
    auto& place = key.part == LoraPart::Down ? factors.down
                  : key.part == LoraPart::Up ? factors.up
                                             : factors.alpha;
    if (!place.empty())
      fail(Status::LoraMismatch,
           "'{}': tensors '{}' and '{}' adapt the same layer '{}'. Merge the adapters or split the file.",
           path_, place, name, key.layer);
    place = name;
  }
  // An alpha without factors is a parameter of that name, not an adapter's.
  std::erase_if(layers_, [](const auto& item) { return item.second.down.empty() && item.second.up.empty(); });
  tensors_ = std::make_shared<const FileStore>(std::vector{path_});
  for (const auto& [layer, factors] : layers_) check(layer, factors);
}

void LoraFile::check(const std::string& layer, const LoraFactors& factors) const {
  for (const auto& name : {factors.down, factors.up}) {
    if (name.empty()) continue;
    const auto& info = *tensors_->find(name);
    if (info.dtype != "F32" && info.dtype != "F16" && info.dtype != "BF16" && info.dtype != "F64")
      fail(Status::LoraMismatch, "{}: expected F32, F16 or BF16, found {}. Use the LoRA in one of these.",
           info.source, info.dtype);
    if (info.shape.size() != 2)
      fail(Status::LoraMismatch,
           "{}: expected a matrix, found {} dimensions: unsupported adapter type. Use a LoRA of linear "
           "layers.",
           info.source, info.shape.size());
  }
  if (!factors.down.empty() && !factors.up.empty() &&
      down_info(factors).shape[0] != up_info(factors).shape[1])
    fail(Status::LoraMismatch,
         "'{}': layer '{}': expected equal ranks, found {} in '{}' and {} in '{}'. The file is damaged.",
         path_, layer, down_info(factors).shape[0], factors.down, up_info(factors).shape[1], factors.up);
  if (!factors.alpha.empty()) {
    const auto& info = *tensors_->find(factors.alpha);
    int64_t count = 1;
    for (const auto extent : info.shape) count *= extent;
    if (count != 1)
      fail(Status::LoraMismatch, "{}: expected one value, found {}. The file is damaged.", info.source,
           count);
  }
}

int64_t LoraFile::rank(const LoraFactors& factors) const {
  return factors.down.empty() ? up_info(factors).shape[1] : down_info(factors).shape[0];
}

uint64_t LoraFile::bytes() const {
  uint64_t total = 0;
  for (const auto& name : tensors_->names()) total += stored_bytes(*tensors_->find(name));
  return total;
}

double LoraFile::scale(const LoraFactors& factors) const {
  if (factors.alpha.empty() || rank(factors) == 0) return 1;
  return tensors_->read(factors.alpha).to(at::kDouble).item<double>() / static_cast<double>(rank(factors));
}

std::optional<int64_t> LoraFile::factor(std::string_view key) const {
  const auto text = metadata_.raw(key);
  if (text.empty()) return {};
  int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < 1)
    fail(Status::ModelConfig,
         "'{}': metadata '{}': expected a positive integer, found '{}'. Correct the metadata of the file.",
         path_, key, text);
  return value;
}

std::string LoraFile::hdr_transform() const {
  const auto name = metadata_.raw("hdr_transform");
  if (name == "true") return "logc3";
  return name.empty() && !metadata_.raw("use_hdr_transform").empty() ? "logc3" : name;
}

}  // namespace ltx::weights
