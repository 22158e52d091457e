// quant.checkpoint: what a stored file is, and what a policy makes of it.
#include "base/error.h"
#include "golden.h"
#include "quant/context.h"
#include "quant/load_linear.h"
#include "quantization.h"
#include "weights/checkpoint.h"
#include "weights/inspect.h"
#include "weights/quantized_store.h"
#include "weights/stored_writer.h"

namespace ltx::golden {
namespace {

using formats::Format;
using nlohmann::json;

constexpr std::string_view kWeight = ".weight";

at::Tensor as_bytes(const at::Tensor& tensor) {
  const bool eight_bit_float =
      tensor.scalar_type() == at::kFloat8_e4m3fn || tensor.scalar_type() == at::kFloat8_e5m2;
  return eight_bit_float ? tensor.view(at::kByte) : tensor;
}

Results detect(const weights::Checkpoint& file) {
  const auto layers = file.layers();
  Results results;
  results.values = {{"policy", layers->policy()}, {"formats", layers->counts()}, {"layers", json::object()}};
  for (const auto& [name, layer] : layers->all()) results.values["layers"][name] = weights::describe(layer);
  const weights::QuantizedStore store(layers);
  for (const auto& name : store.names()) {
    const auto value = store.read(name);
    const bool decoded = store.find(name)->dtype != layers->files().find(name)->dtype;
    if (decoded) results.tensors[name] = value;
  }
  return results;
}

quant::Policy policy_of(const Case& c) {
  quant::Options options;
  options.reference = c.param<std::string>("semantics", "L") == "R";
  if (const auto name = c.param<std::string>("granularity", ""); !name.empty())
    options.granularity = quant::granularity_named(name);
  const auto scale = c.param<std::string>("act_scale", "");
  options.act_scale = scale == "static"    ? quant::ActScale::Static
                      : scale == "dynamic" ? quant::ActScale::Dynamic
                      : scale == "fixed_1" ? quant::ActScale::Fixed1
                                           : quant::ActScale::Auto;
  if (c.params.contains("group_size")) options.group_size = c.params["group_size"].get<int64_t>();
  return {quant::Target::Transformer, quant::kind_named(c.params.at("policy").get<std::string>()), options};
}

/// A loaded layer in the layout of files, with the activation scale that its file has for it.
void add_layer(Results& results, const std::string& name, const quant::LinearParts& parts,
               const at::Tensor& input_scale) {
  if (parts.weight.format == Format::Unquantized) {
    results.tensors[name + ".weight"] = parts.weight.codes;
    if (input_scale.defined()) results.tensors[name + ".input_scale"] = input_scale;
  } else {
    weights::StoredMatrix stored;
    stored.matrix = parts.weight;
    if (stored.matrix.format == Format::Fp8Unscaled && input_scale.defined())
      results.tensors[name + ".input_scale"] = input_scale;
    stored.input_scale = input_scale;
    for (const auto& [tensor, value] : weights::stored_tensors(name, stored))
      results.tensors[tensor] = as_bytes(value);
  }
  if (parts.bias.defined()) results.tensors[name + ".bias"] = as_bytes(parts.bias);
}

Results load(const Case& c, const weights::Checkpoint& file) {
  quant::Context wanted;
  wanted.policy = policy_of(c);
  const auto view = file.open(weights::Component::Transformer).view;
  const auto context = quant::make_context(wanted, view.store());
  const quant::Source source(view, device(), c.compute_dtype, context);
  Results results;
  for (const auto& name : view.store().names()) {
    const auto& info = *view.store().find(name);
    if (!name.ends_with(kWeight) || info.shape.size() != 2) continue;
    const auto layer = name.substr(0, name.size() - kWeight.size());
    const auto parts = quant::load_linear(source / layer, info.shape[1], info.shape[0],
                                          view.store().find(layer + ".bias") != nullptr);
    const auto stored = view.store().parts(name).stored;
    add_layer(results, layer, parts, stored ? stored->input_scale : at::Tensor());
  }
  for (const auto& name : view.unused()) results.tensors[name] = view.store().read(name);
  return results;
}

Results checkpoint(const Case& c) {
  const auto expected = c.description.find("expect");
  try {
    const weights::Checkpoint file(c.weight("checkpoint"));
    return c.params.at("op") == "detect" ? detect(file) : load(c, file);
  } catch (const Error& error) {
    if (expected == c.description.end() || !expected->contains("error")) throw;
    Results results;
    results.values = error_value(error, *expected);
    return results;
  }
}

}  // namespace

void register_quant_checkpoint(Registry& registry) {
  registry["quant.checkpoint"] = checkpoint;
}

}  // namespace ltx::golden
