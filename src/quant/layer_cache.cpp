#include "quant/layer_cache.h"

#include "quant/backends/back_end.h"
#include "quant/backends/low_rank.h"
#include "weights/progress_store.h"

namespace ltx::quant {
namespace {

class WithoutHeld : public weights::Store {
 public:
  WithoutHeld(std::shared_ptr<const weights::Store> base, const LayerCache& cache)
      : base_(std::move(base)), cache_(cache) {}
  std::vector<std::string> names() const override { return base_->names(); }
  const weights::TensorInfo* find(std::string_view name) const override { return base_->find(name); }
  at::Tensor read(std::string_view name) const override {
    return cache_.covers(name) ? stand_in(name) : base_->read(name);
  }
  weights::WeightParts parts(std::string_view name) const override {
    return cache_.covers(name) ? weights::WeightParts{stand_in(name), {}, {}} : base_->parts(name);
  }
  std::string describe() const override { return base_->describe(); }
  bool is_mapped(std::string_view name) const override { return base_->is_mapped(name); }
  void release(std::string_view name) const override { base_->release(name); }
  const weights::StoredLayers* stored_layers() const override { return base_->stored_layers(); }

 private:
  at::Tensor stand_in(std::string_view name) const { return at::zeros({}).expand(base_->find(name)->shape); }

  std::shared_ptr<const weights::Store> base_;
  const LayerCache& cache_;
};

}  // namespace

void LayerCache::begin(UpdateOf update_of) {
  const std::lock_guard lock(mutex_);
  update_of_ = std::move(update_of);
  held_.clear();
  for (const auto& [name, known] : known_) {
    if (known.update != update_of_(name)) continue;
    Layer layer{known.back_end.lock(), known.low_rank.lock()};
    if (layer.back_end && (layer.low_rank || !known.has_low_rank)) held_.emplace(name, std::move(layer));
  }
}

void LayerCache::end() {
  std::map<std::string, Layer, std::less<>> released;  // destroyed after the lock is
  const std::lock_guard lock(mutex_);
  released.swap(held_);
}

bool LayerCache::holds_any() const {
  const std::lock_guard lock(mutex_);
  return !held_.empty();
}

std::optional<LayerCache::Layer> LayerCache::find(std::string_view layer) const {
  const std::lock_guard lock(mutex_);
  const auto found = held_.find(layer);
  return found == held_.end() ? std::nullopt : std::optional(found->second);
}

void LayerCache::add(const std::string& layer, const Layer& loaded) {
  const std::lock_guard lock(mutex_);
  known_[layer] = {update_of_ ? update_of_(layer) : "", loaded.back_end, loaded.low_rank,
                   loaded.low_rank != nullptr};
}

bool LayerCache::covers(std::string_view tensor) const {
  for (const std::string_view ending : {".weight", ".bias"})
    if (tensor.ends_with(ending)) {
      const std::lock_guard lock(mutex_);
      return held_.contains(tensor.substr(0, tensor.size() - ending.size()));
    }
  return false;
}

std::shared_ptr<const weights::Store> without_held(std::shared_ptr<const weights::Store> base,
                                                   const LayerCache& cache) {
  return std::make_shared<const WithoutHeld>(std::move(base), cache);
}

uint64_t held_bytes(const weights::Store& store, const LayerCache& cache) {
  uint64_t bytes = 0;
  for (const auto& name : store.names())
    if (cache.covers(name)) bytes += weights::stored_bytes(*store.find(name));
  return bytes;
}

}  // namespace ltx::quant
