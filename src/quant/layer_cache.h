// What stays of a network when it is loaded anew with other LoRAs: the layers that they leave as they were.
#pragma once
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "weights/store.h"

namespace ltx::quant {

class BackEnd;
class LowRank;

/// Knows the layers of the network that was loaded last without keeping it alive. One component, one policy,
/// one device.
class LayerCache {
 public:
  /// A layer's weight as it multiplies, shared with whoever uses it.
  struct Layer {
    std::shared_ptr<const BackEnd> back_end;
    std::shared_ptr<const LowRank> low_rank;  // may be null
  };
  /// What tells a layer's LoRAs from others: files, strengths and their order; "" is none.
  using UpdateOf = std::function<std::string(std::string_view layer)>;

  /// The span of a load. What is alive and keeps its update is held until the end; all else may be destroyed
  /// as soon as this exists, so that no two copies of a layer are in memory.
  class Load {
   public:
    Load(LayerCache& cache, UpdateOf update_of) : cache_(cache) { cache_.begin(std::move(update_of)); }
    ~Load() { cache_.end(); }
    Load(const Load&) = delete;
    Load& operator=(const Load&) = delete;

   private:
    LayerCache& cache_;
  };

  /// Whether the present load has layers that need not be read.
  bool holds_any() const;
  /// A layer that the present load takes over.
  std::optional<Layer> find(std::string_view layer) const;
  /// A layer that was loaded.
  void add(const std::string& layer, const Layer& loaded);
  /// Whether `tensor` is the weight or bias of a layer that find() has.
  bool covers(std::string_view tensor) const;

 private:
  void begin(UpdateOf update_of);
  void end();

  struct Known {
    std::string update;
    std::weak_ptr<const BackEnd> back_end;
    std::weak_ptr<const LowRank> low_rank;
    bool has_low_rank = false;
  };
  mutable std::mutex mutex_;
  UpdateOf update_of_;
  std::map<std::string, Known, std::less<>> known_;
  std::map<std::string, Layer, std::less<>> held_;
};

/// `base` without reading what the cache holds: such tensors have their shape and no values. The cache
/// outlives the store.
std::shared_ptr<const weights::Store> without_held(std::shared_ptr<const weights::Store> base,
                                                   const LayerCache& cache);
/// Bytes of `store` that the cache saves reading.
uint64_t held_bytes(const weights::Store& store, const LayerCache& cache);

}  // namespace ltx::quant
