// quant.linear: one layer, quantized at load under a policy.
#include <memory>

#include "formats/scale_swizzle.h"
#include "golden.h"
#include "quant/backends/scheme.h"
#include "quant/context.h"
#include "quant/linear.h"
#include "quant/load_linear.h"
#include "quantization.h"

namespace ltx::golden {
namespace {

// In all layer sets, so that only the case's policy and shape decide.
const std::string kLayer = "transformer_blocks.0.attn1.to_q";

quant::ActScale act_scale_named(const std::string& name) {
  if (name == "static") return quant::ActScale::Static;
  if (name == "dynamic") return quant::ActScale::Dynamic;
  if (name == "fixed_1") return quant::ActScale::Fixed1;
  return quant::ActScale::Auto;
}

quant::Policy policy_of(const Case& c) {
  auto kind = quant::kind_named(c.param<std::string>("policy", ""));
  // A stored-only policy: the case's weight is encoded as its file would have been.
  if (kind == quant::Kind::Nvfp4Prequant) kind = quant::Kind::Nvfp4Cast;
  quant::Options options;
  options.reference = c.param<std::string>("semantics", "L") == "R";
  options.granularity = quant::granularity_named(c.param<std::string>("granularity", "per-row"));
  if (c.params.contains("group_size")) options.group_size = c.params["group_size"].get<int64_t>();
  const bool dequant = c.param<std::string>("compute", "") == "dequant";
  options.arithmetic = dequant ? quant::Arithmetic::Dequant : quant::Arithmetic::Emulate;
  return {quant::Target::Transformer, kind, options};
}

at::Tensor bytes(const at::Tensor& codes) {
  return codes.scalar_type() == at::kChar ? codes : codes.view(at::kByte);
}

/// The taps that a case names, as the layer computes with them.
std::map<std::string, at::Tensor> taps_of(const quant::LinearParts& parts, const at::Tensor& x) {
  using formats::Format;
  std::map<std::string, at::Tensor> taps;
  const auto& weight = parts.weight;
  const bool nf4 = weight.format == Format::Nf4, nvfp4 = weight.format == Format::Nvfp4;
  taps["weight_codes"] = nf4 ? weight.codes.reshape({-1, 1}) : bytes(weight.codes);
  if (weight.scale.defined())
    taps[nf4 ? "absmax" : "weight_scale"] = nvfp4 ? formats::swizzle_scales(weight.scale) : weight.scale;
  if (weight.scale_2.defined()) taps["weight_scale_2"] = weight.scale_2;
  if (weight.zero.defined()) taps["weight_zero"] = weight.zero;
  if (parts.kind == quant::Kind::Fp8Cast && parts.bias.defined()) taps["bias_codes"] = bytes(parts.bias);
  if (parts.arithmetic == quant::Arithmetic::Dequant || !quant::quantizes_activations(parts.kind))
    return taps;

  formats::Quantized q;
  switch (weight.format) {
    case Format::Int8:
      q = quant::int8_activations(parts, x);
      break;
    case Format::Mxfp8:
      q = formats::mxfp8(x);
      break;
    case Format::Nvfp4:
      q = quant::nvfp4_activations(parts, x.to(at::kBFloat16));
      taps["x_block_scale"] = formats::swizzle_scales(q.scale);
      q.scale = q.scale_2;
      break;
    case Format::Fp8Block128:
    case Format::Fp6Block128:
      q = formats::fp8_1x128(x);
      break;
    default:
      q = quant::fp8_activations(parts, x);
  }
  taps["x_codes"] = bytes(q.codes);
  taps["x_scale"] = q.scale;
  return taps;
}

Results linear(const Case& c) {
  const auto& weight = c.input("weight");
  const bool biased = c.has_input("bias");
  std::map<std::string, at::Tensor> tensors = {{kLayer + ".weight", weight}};
  if (biased) tensors[kLayer + ".bias"] = c.input("bias");
  auto context = std::make_shared<quant::Context>();
  context->policy = policy_of(c);
  const weights::View view(std::make_shared<weights::MemoryStore>(tensors));
  const quant::Source source(view, device(), c.compute_dtype, context);

  auto parts = quant::load_linear(source / kLayer, weight.size(1), weight.size(0), biased);
  const bool quantized = parts.weight.format != formats::Format::Unquantized;
  const auto act_scale = c.param<std::string>("act_scale", "");
  if (!act_scale.empty()) parts.act_scale = act_scale_named(act_scale);
  if (c.has_input("input_scale")) {
    parts.act_scale = quant::ActScale::Static;
    parts.input_scale = c.input("input_scale");
  }

  Results results;
  const auto& x = c.input("x");
  if (quantized) results.tensors = taps_of(parts, x.reshape({-1, x.size(-1)}));
  results.tensors["y"] = quant::Linear(parts)(x);
  results.values["quantized"] = quantized;
  for (const auto& layer : context->report->layers())
    if (!layer.reason.empty()) results.values["reason"] = layer.reason;
  return results;
}

}  // namespace

void register_quant_linear(Registry& registry) {
  registry["quant.linear"] = linear;
}

}  // namespace ltx::golden
