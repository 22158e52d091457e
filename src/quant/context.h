// What the layers of one component share while they are loaded.
#pragma once
#include <memory>
#include <string>

#include "quant/calibration.h"
#include "quant/policy.h"
#include "quant/report.h"
#include "weights/store.h"

namespace ltx::weights {
struct StoredLayer;
}

namespace ltx::quant {

class LayerCache;

struct Context {
  Policy policy;
  std::string component = "transformer";  // of rules and of the report
  DeviceAbility ability;
  bool file_quantized = false;  // see Layer
  /// Never null.
  std::shared_ptr<Report> report = std::make_shared<Report>();
  /// Measured maxima of activations; null: none (spec 08 §6.4).
  std::shared_ptr<const Calibration> calibration;
  bool measure = false;  // weight error of every layer that is encoded, into the report
  /// Of the network that was loaded before this one; may be null.
  std::shared_ptr<LayerCache> layers = nullptr;
};

/// The context for a component's store: kept blocks resolved against its depth, its stored formats noted.
/// Throws Quant where the file as a whole does not suit the policy (spec 08 §5.4, §6.2, §12.7, §23), naming
/// one that does.
std::shared_ptr<const Context> make_context(Context wanted, const weights::Store& store);

/// A layer of the component as its policy sees it; `stored`: what the file says of it, may be null.
Layer layer_of(const Context& context, std::string name, const weights::TensorInfo& info,
               const weights::StoredLayer* stored);

/// What the device can do.
DeviceAbility ability_of(const at::Device& device);

}  // namespace ltx::quant
