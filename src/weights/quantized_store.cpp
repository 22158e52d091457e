#include "weights/quantized_store.h"

#include "weights/progress_store.h"

namespace ltx::weights {
namespace {

constexpr std::string_view kWeight = ".weight";

}  // namespace

QuantizedStore::QuantizedStore(std::shared_ptr<const StoredLayers> layers) : layers_(std::move(layers)) {
  const auto& files = layers_->files();
  const auto add = [&](const std::string& name) -> TensorInfo& {
    auto& info = infos_[name] = *files.find(name);
    info.bytes = stored_bytes(info);
    info.dtype = "BF16";
    return info;
  };
  for (const auto& [name, layer] : layers_->all()) {
    if (!layer.quantized() || layer.ready) continue;
    auto& info = add(name + std::string(kWeight));
    info.shape = layer.shape;
    info.format = layer.format;
    for (const auto& [role, companion] : layer.companions) info.bytes += stored_bytes(*files.find(companion));
  }
  for (const auto& [name, scale] : layers_->scaled_tensors()) {
    auto& info = add(name);
    if (!scale.empty()) info.bytes += stored_bytes(*files.find(scale));
  }
  names_ = files.names();
  std::erase_if(names_, [this](const std::string& name) { return layers_->hidden(name); });
}

const StoredLayer* QuantizedStore::quantized(std::string_view name) const {
  if (!name.ends_with(kWeight)) return nullptr;
  const auto* layer = layers_->find(name.substr(0, name.size() - kWeight.size()));
  return layer && layer->quantized() && !layer->ready ? layer : nullptr;
}

const TensorInfo* QuantizedStore::find(std::string_view name) const {
  if (const auto found = infos_.find(name); found != infos_.end()) return &found->second;
  return layers_->hidden(name) ? nullptr : layers_->files().find(name);
}

at::Tensor QuantizedStore::read(std::string_view name) const {
  if (const auto* layer = quantized(name)) return layers_->dequantize(*layer);
  if (layers_->scaled_tensors().contains(name)) return layers_->dequantize_tensor(name);
  return layers_->files().read(name);
}

WeightParts QuantizedStore::parts(std::string_view name) const {
  if (const auto* layer = quantized(name)) return {{}, layers_->read(*layer), {}};
  return infos_.contains(name) ? WeightParts{read(name), {}, {}} : layers_->files().parts(name);
}

bool QuantizedStore::is_mapped(std::string_view name) const {
  return !infos_.contains(name) && layers_->files().is_mapped(name);
}

void QuantizedStore::release(std::string_view name) const {
  // What this store decodes it has released already.
  if (!infos_.contains(name)) layers_->files().release(name);
}

}  // namespace ltx::weights
