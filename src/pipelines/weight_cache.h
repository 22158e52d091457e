// Encoded weights out of a folder: a model is quantized at its first load and not at every one.
#pragma once
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/monitor.h"
#include "quant/cache.h"
#include "quant/context.h"
#include "weights/checkpoint.h"
#include "weights/lora.h"

namespace ltx::pipelines {

class WeightCache {
 public:
  /// "" is none. Creates the folder where it is missing. Throws FileAccess.
  explicit WeightCache(const std::string& folder);

  /// A component as it would be loaded without a cache.
  struct Wanted {
    weights::Component component;
    std::vector<std::filesystem::path> sources;  // what `part` was opened from
    const weights::Part& part;
    std::vector<weights::Lora> loras;
    std::shared_ptr<const quant::Context> context;  // of the part's store
    at::Device device;
    at::ScalarType compute;
  };
  struct Found {
    std::shared_ptr<const weights::Store> store;  // loads with the bits that `Wanted` loads with
    bool built = false;                           // by this call
  };
  /// The component with its layers encoded and its LoRAs in them, built where the folder has none or a
  /// damaged one. Nothing where there is no folder, where the policy encodes no layer, for GGUF files, for
  /// LoRAs on layers that the files hold quantized, and where each layer's error is to be measured, which
  /// needs the original. What goes wrong with the folder (full, not writable) is a warning of the context's
  /// report, and nothing. `total`: bytes of the load without a cache, for progress.
  std::optional<Found> open(const Wanted& wanted, uint64_t total, Monitor& monitor) const;

 private:
  std::optional<quant::ConversionCache> cache_;
};

}  // namespace ltx::pipelines
