// The policies under which a pipeline's networks are loaded, from the caller's parameters.
#pragma once
#include <memory>

#include "engine/params.h"
#include "engine/rules.h"
#include "quant/context.h"
#include "quant/layer_cache.h"

namespace ltx::pipelines {

class Quantization {
 public:
  /// Throws InvalidArgument or Unsupported for a policy that the component does not have, naming those that
  /// it has; what calibration files are refused for.
  Quantization(const engine::PipelineParams& params, const at::Device& device);

  /// Throws Quant where a component's files do not suit its policy or its calibration.
  void check(engine::Component component, const weights::Store& store) const;
  /// What the layers of a component are loaded with. The store may hold a part of the component: calibration
  /// entries of the rest do not count.
  std::shared_ptr<const quant::Context> context(engine::Component component,
                                                const weights::Store& store) const;

  /// The policy of a component.
  const quant::Policy& policy(engine::Component component) const;
  /// What loading made of each layer, of all components.
  const quant::Report& report() const { return *report_; }
  /// Layers of the transformer that outlive a change of LoRAs.
  quant::LayerCache& layers() const { return *layers_; }
  quant::Report& report() { return *report_; }
  /// Fallbacks, files that were quantized before, LoRAs of which little survived.
  std::vector<std::string> warnings() const;

 private:
  quant::Context wanted(engine::Component component,
                        std::shared_ptr<const quant::Calibration> calibration) const;

  quant::Policy transformer_, text_, vae_, others_;
  quant::DeviceAbility ability_;
  std::shared_ptr<const quant::Calibration> calibration_;
  bool measure_ = false;
  std::shared_ptr<quant::Report> report_ = std::make_shared<quant::Report>();
  std::shared_ptr<quant::LayerCache> layers_ = std::make_shared<quant::LayerCache>();
};

/// Number formats whose layers the device multiplies with quantized activations, as bits of
/// ltx_tensor_format; layers in any other are dequantized to bf16 for each multiplication, never refused
/// (spec 08 §19).
uint64_t native_formats(const quant::DeviceAbility& device);

}  // namespace ltx::pipelines
