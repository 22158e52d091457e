#include "quant/conv_weight.h"

#include "base/error.h"
#include "quant/context.h"

namespace ltx::quant {
namespace {

Layer layer_of(const std::string& name, const Context& context, at::IntArrayRef shape) {
  Layer layer;
  layer.name = name;
  layer.component = context.component;
  layer.rows = shape[0];
  layer.kernel = shape[2] * shape[3] * shape[4];
  layer.columns = shape[1] * layer.kernel;
  return layer;
}

WeightError error_of(const at::Tensor& wanted, const formats::Int8Filter& filter) {
  const auto w = wanted.to(at::kDouble), held = formats::decode_int8_filter(filter).to(at::kDouble);
  const double norm = w.norm().item<double>(), held_norm = held.norm().item<double>();
  if (norm == 0 || held_norm == 0) return {};
  return {(held - w).norm().item<double>() / norm, (held * w).sum().item<double>() / (norm * held_norm)};
}

}  // namespace

ConvWeight::ConvWeight(at::Tensor plain) : plain_(std::move(plain)), compute_(plain_.scalar_type()) {
  // A parameter that is being trained stays the caller's own tensor, so that every backward pass reaches it.
  if (!plain_.requires_grad()) plain_ = plain_.contiguous(at::MemoryFormat::ChannelsLast3d);
}

ConvWeight::ConvWeight(const Source& source, at::IntArrayRef shape) : compute_(source.compute()) {
  const auto* context = source.context();
  const auto* info = source.view().info("weight");
  Decision decision;
  std::string name = source.view().path("weight");
  name.resize(name.size() - std::string_view(".weight").size());
  if (context && info && info->shape == shape.vec())
    decision = context->policy.decide(layer_of(name, *context, shape), context->ability);
  const bool int8 = decision.encoding.format == formats::Format::Int8;
  if (int8) {
    const auto values = source.view().take("weight", shape).to(source.device());
    try {
      filter_ = formats::encode_int8_filter(values);
    } catch (const Error& error) {
      throw Error(error.status(), fmt::format("{}: {}", info->source, error.what()));
    }
    LayerReport entry;
    entry.component = context->component;
    entry.name = name;
    entry.shape = shape.vec();
    entry.held = formats::Format::Int8;
    entry.kind = Kind::Int8;
    entry.arithmetic = Arithmetic::Dequant;
    entry.outcome = Outcome::Quantized;
    entry.bytes_before = values.nbytes();
    entry.bytes_after = filter_.codes.nbytes() + filter_.scale.nbytes();
    if (context->measure) entry.error = error_of(values, filter_);
    context->report->add(std::move(entry));
    source.view().release("weight");
    return;
  }
  *this = ConvWeight(source.tensor("weight", shape));
}

at::Tensor ConvWeight::values() const {
  if (plain_.defined()) return plain_;
  return formats::decode_int8_filter(filter_, at::kBFloat16)
      .to(compute_)
      .contiguous(at::MemoryFormat::ChannelsLast3d);
}

}  // namespace ltx::quant
