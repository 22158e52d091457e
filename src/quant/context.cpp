#include "quant/context.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <map>

#include "base/error.h"
#include "device/device.h"
#include "quant/backends/back_end.h"
#include "quant/layer_sets.h"
#include "weights/stored_layers.h"

#ifdef LTX_WITH_CUDA
#include <ATen/cuda/CUDAContextLight.h>
#include <cuda_runtime_api.h>
#endif

namespace ltx::quant {
namespace {

using formats::Format;

constexpr std::string_view kWeight = ".weight";
constexpr std::string_view kFilePrefix = "model.diffusion_model.";

/// A layer of a store, known from names and shapes alone.
struct Known {
  std::string name;
  const weights::TensorInfo* info = nullptr;
  const weights::StoredLayer* stored = nullptr;  // null: no file says more than `info`
};

std::vector<Known> layers_of(const weights::Store& store) {
  std::vector<Known> layers;
  const auto* stored = store.stored_layers();
  for (const auto& name : store.names()) {
    const auto* info = store.find(name);
    if (!name.ends_with(kWeight) || !info || info->shape.size() < 2) continue;
    Known layer{name.substr(0, name.size() - kWeight.size()), info};
    if (stored) layer.stored = stored->find(layer.name);
    layers.push_back(std::move(layer));
  }
  return layers;
}

int64_t depth_of(const std::vector<Known>& layers) {
  int64_t depth = 0;
  for (const auto& layer : layers)
    if (const auto block = block_layer(canonical_name(layer.name))) depth = std::max(depth, block->block + 1);
  return depth;
}

const Known* first_of(const std::vector<Known>& layers, Format format) {
  const auto found = std::find_if(layers.begin(), layers.end(),
                                  [&](const Known& layer) { return layer.info->format == format; });
  return found == layers.end() ? nullptr : &*found;
}

const Known* first_quantized(const std::vector<Known>& layers) {
  const auto found = std::find_if(layers.begin(), layers.end(), [](const Known& layer) {
    return layer.info->format != Format::Unquantized;
  });
  return found == layers.end() ? nullptr : &*found;
}

/// [R] of fp8-cast folds scales of one spelling and shape only (spec 08 §5.4).
void require_foldable(const std::vector<Known>& layers) {
  for (const auto& layer : layers) {
    const auto format = layer.info->format;
    if (format == Format::Unquantized || format == Format::Fp8Unscaled) continue;
    if (!layer.info->key.empty() && !layer.info->key.starts_with(kFilePrefix))
      fail(Status::Quant,
           "'{}.weight_scale': expected the prefix '{}', found '{}.weight' without it; the reference's "
           "fp8-cast "
           "folds no other scales. Leave reference compatibility off.",
           layer.name, kFilePrefix, layer.name);
    if (format != Format::Fp8PerTensor)
      fail(
          Status::Quant,
          "layer '{}': expected a scale with 0 dimensions, found {}; the reference's fp8-cast folds no other "
          "scales. Leave reference compatibility off, or use auto.",
          layer.name, formats::name_of(format));
  }
}

void require_scaled_fp8(const std::vector<Known>& layers) {
  if (first_of(layers, Format::Fp8PerTensor)) return;
  const auto* other = first_quantized(layers);
  fail(Status::Quant,
       "policy fp8-scaled-mm: expected layers in fp8 with a weight_scale, found {}. Use fp8-cast, or leave "
       "reference compatibility off to quantize at load.",
       other ? fmt::format("layer '{}' as {}", other->name, formats::name_of(other->info->format))
             : std::string("none"));
}

void require_nvfp4(const std::vector<Known>& layers, bool need_input_scale) {
  const auto* other = first_quantized(layers);
  std::vector<std::string> missing;
  size_t count = 0;
  for (const auto& layer : layers) {
    if (layer.info->format == Format::Nvfp4) {
      ++count;
      if (layer.stored && !layer.stored->has_input_scale()) missing.push_back(layer.name);
    }
  }
  if (count == 0 && other)
    fail(Status::Quant,
         "policy nvfp4-prequant: expected layers with weight_scale and weight_scale_2, found layer '{}' as "
         "{}. Use "
         "auto or {}.",
         other->name, formats::name_of(other->info->format), name_of(kind_of(other->info->format)));
  if (count == 0)
    fail(Status::Quant,
         "policy nvfp4-prequant: expected layers stored in nvfp4, found none. Use nvfp4-cast to quantize at "
         "load.");
  if (need_input_scale && !missing.empty())
    fail(Status::Quant,
         "policy nvfp4-prequant with static activation scales: {} of {} layers have no input_scale, for "
         "example "
         "'{}'. Use act_scale dynamic or fixed-1.",
         missing.size(), count, missing.front());
}

void require_source(const Policy& policy, const std::vector<Known>& layers) {
  if (policy.target() != Target::Transformer) return;
  const auto& options = policy.options();
  if (policy.kind() == Kind::Nvfp4Prequant)
    require_nvfp4(layers, options.act_scale == ActScale::Static ||
                              (options.reference && options.act_scale == ActScale::Auto));
  if (!options.reference) return;
  if (policy.kind() == Kind::Fp8Cast) require_foldable(layers);
  if (policy.kind() == Kind::Fp8ScaledMm) require_scaled_fp8(layers);
  // The reference's rule reads companions in pairs, so a plain scaled file is none of its files (§12.7).
  if (policy.kind() == Kind::Nvfp4Prequant)
    for (const auto& layer : layers)
      if (layer.stored && layer.stored->companion("weight_scale") &&
          !layer.stored->companion("weight_scale_2"))
        fail(Status::Quant,
             "layer '{}': weight_scale without weight_scale_2. Use auto for a file of {} layers.", layer.name,
             formats::name_of(layer.info->format));
}

void check_calibration(const Context& context, const std::vector<Known>& layers) {
  std::vector<std::string> names;
  for (const auto& layer : layers) names.push_back(canonical_name(layer.name));
  context.calibration->require_known(names);
  std::vector<std::string> uncalibrated;
  for (size_t i = 0; i < layers.size(); ++i) {
    const auto decision = context.policy.decide(
        layer_of(context, layers[i].name, *layers[i].info, layers[i].stored), context.ability);
    const bool scaled = decision.kind == Kind::Fp8ScaledMm || decision.kind == Kind::Nvfp4Cast ||
                        decision.kind == Kind::Nvfp4Prequant;
    if (scaled && !context.calibration->amax(names[i])) uncalibrated.push_back(names[i]);
  }
  if (uncalibrated.empty()) return;
  const std::vector<std::string> shown(
      uncalibrated.begin(),
      uncalibrated.begin() + static_cast<ptrdiff_t>(std::min<size_t>(3, uncalibrated.size())));
  context.report->warn_once(
      context.component + ":calibration",
      fmt::format("{} has no entry for {} layers, which measure their activations at every call: '{}'{}",
                  context.calibration->source(), uncalibrated.size(), fmt::join(shown, "', '"),
                  shown.size() < uncalibrated.size() ? ", …" : ""));
}

}  // namespace

Layer layer_of(const Context& context, std::string name, const weights::TensorInfo& info,
               const weights::StoredLayer* stored) {
  Layer layer;
  layer.name = std::move(name);
  layer.rows = info.shape.empty() ? 0 : info.shape[0];
  layer.columns = 1;
  for (size_t i = 1; i < info.shape.size(); ++i) layer.columns *= info.shape[i];
  if (info.shape.size() > 2 && info.shape[1] > 0) layer.kernel = layer.columns / info.shape[1];
  layer.stored = info.format;
  layer.component = context.component;
  layer.file_quantized = context.file_quantized;
  if (stored) layer.rotation = stored->rotation;
  return layer;
}

std::shared_ptr<const Context> make_context(Context wanted, const weights::Store& store) {
  const auto layers = layers_of(store);
  if (wanted.policy.target() == Target::Transformer && !wanted.policy.options().keep_bf16_blocks.empty())
    if (const auto depth = depth_of(layers)) wanted.policy = wanted.policy.for_depth(depth);
  const bool transformer = wanted.policy.target() == Target::Transformer;
  wanted.file_quantized = std::any_of(layers.begin(), layers.end(), [&](const Known& layer) {
    return layer.info->format != Format::Unquantized &&
           (!transformer || block_layer(canonical_name(layer.name)));
  });
  require_source(wanted.policy, layers);
  if (!wanted.policy.notice().empty())
    wanted.report->warn_once(wanted.policy.notice(), wanted.policy.notice());
  if (wanted.calibration) check_calibration(wanted, layers);
  return std::make_shared<const Context>(std::move(wanted));
}

DeviceAbility ability_of(const at::Device& device) {
  DeviceAbility ability;
#ifdef LTX_WITH_CUDA
  if (device.is_cuda()) {
    const auto* properties = at::cuda::getDeviceProperties(device.index());
    ability.cuda = true;
    ability.compute_capability = 10 * properties->major + properties->minor;
    ability.cuda_version = CUDART_VERSION / 10 * 10;  // 12090 = 12.9
  }
#endif
  ability.cpu_int8 = device.is_cpu() && cpu_has_int8();
  return ability;
}

}  // namespace ltx::quant
