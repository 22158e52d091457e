// quant.lora
#include <algorithm>

#include "base/error.h"
#include "golden.h"
#include "quant/context.h"
#include "quant/layer_sets.h"
#include "quant/linear.h"
#include "quant/lora_fusion.h"
#include "quantization.h"
#include "weights/checkpoint.h"
#include "weights/fused_store.h"
#include "weights/stored_writer.h"

namespace ltx::golden {
namespace {

using namespace ltx::quant;
using formats::Format;

constexpr std::string_view kWeight = ".weight";

Rounding rounding_of(const Case& c) {
  const auto name = c.param<std::string>("lora_rounding", "");
  return name == "rne" ? Rounding::Nearest : name == "stochastic" ? Rounding::Stochastic : Rounding::Auto;
}

LoraOrder order_of(const Case& c) {
  const auto name = c.param<std::string>("lora_order", "");
  return name == "before"    ? LoraOrder::Before
         : name == "after"   ? LoraOrder::After
         : name == "runtime" ? LoraOrder::Runtime
                             : LoraOrder::Auto;
}

Policy policy_of(const Case& c) {
  Options options;
  options.reference = c.param<std::string>("semantics", "L") == "R";
  options.lora_order = order_of(c);
  options.lora_rounding = rounding_of(c);
  if (const auto name = c.param<std::string>("granularity", ""); !name.empty())
    options.granularity = granularity_named(name);
  if (c.param<std::string>("compute", "") == "dequant") options.arithmetic = Arithmetic::Dequant;
  return {Target::Transformer, kind_named(c.param<std::string>("policy", "auto")), options};
}

std::shared_ptr<const weights::Store> base_of(const Case& c) {
  return weights::Checkpoint(c.weight("checkpoint"))
      .open(weights::Component::Transformer)
      .view.shared_store();
}

std::vector<weights::Lora> loras_of(const Case& c, bool reference) {
  std::vector<weights::Lora> loras;
  const auto strengths = c.params.at("strengths").get<std::vector<double>>();
  const auto files = c.description.at("weights").at("loras").get<std::vector<std::string>>();
  for (size_t i = 0; i < files.size(); ++i)
    loras.push_back({std::make_shared<weights::LoraFile>(c.folder / files[i], reference), strengths[i]});
  return loras;
}

/// The weight of one layer as the policy's loading leaves it. The cases take the layers of S28 whatever their
/// dimensions, so the encoding is asked for with those of a real layer.
formats::Matrix fused(const Policy& policy, const std::string& layer, const weights::WeightParts& parts) {
  const auto& options = policy.options();
  const auto encoding = policy.decide({"transformer_blocks.0.attn1.to_q", 4096, 4096}, {}).encoding;
  const auto stored = parts.stored ? parts.stored->matrix.format : Format::Unquantized;
  const auto held = parts.stored                   ? stored
                    : in_set(LayerSet::S28, layer) ? encoding.format
                                                   : Format::Unquantized;
  auto own = encoding;
  own.format = held;
  if (resolve_order(options.lora_order, stored, held) == LoraOrder::Before)
    return fuse_before(parts.values, parts.updates, own).weight;
  const auto base = parts.stored ? parts.stored->matrix : fuse_before(parts.values, {}, own).weight;
  return fuse_after(base, parts.updates, own, options.lora_rounding).weight;
}

Results fuse(const Case& c) {
  const auto policy = policy_of(c);
  const auto base = base_of(c);
  const weights::FusedStore store(base, loras_of(c, policy.options().reference));
  Results results;
  auto& targets = results.values["fused"] = nlohmann::json::array();
  for (const auto& name : store.targets()) targets.push_back(name.substr(0, name.size() - kWeight.size()));
  for (const auto& name : store.names()) {
    if (!name.ends_with(kWeight) || store.find(name)->shape.size() != 2) continue;
    const auto layer = name.substr(0, name.size() - kWeight.size());
    const auto weight = fused(policy, layer, store.parts(name));
    if (weight.format == Format::Unquantized) {
      results.tensors[name] = weight.codes;
      continue;
    }
    for (const auto& [key, tensor] : weights::stored_tensors(layer, {weight, {}, {}, false}))
      results.tensors[key] =
          tensor.element_size() == 1 && tensor.scalar_type() != at::kChar ? tensor.view(at::kByte) : tensor;
  }
  return results;
}

Results runtime(const Case& c) {
  const auto base = base_of(c);
  const auto layer = c.params.at("layer").get<std::string>();
  const auto run = [&](const std::shared_ptr<const weights::Store>& store) {
    Context wanted;
    wanted.policy = policy_of(c);
    const auto context = make_context(wanted, *store);
    const quant::Source source(weights::View(store), device(), c.compute_dtype, context);
    const auto& shape = store->find(layer + std::string(kWeight))->shape;
    return Linear(source / layer, shape[1], shape[0])(c.input("x"));
  };
  Results results;
  results.tensors["y"] = run(weights::with_loras(base, loras_of(c, false), device()));
  results.tensors["y_base"] = run(base);
  return results;
}

Results lora(const Case& c) {
  try {
    return order_of(c) == LoraOrder::Runtime ? runtime(c) : fuse(c);
  } catch (const Error& error) {
    if (!c.description.contains("expect") || !c.description["expect"].contains("error")) throw;
    Results results;
    results.values = error_value(error, c.description["expect"]);
    return results;
  }
}

}  // namespace

void register_quant_lora(Registry& registry) {
  registry["quant.lora"] = lora;
}

}  // namespace ltx::golden
