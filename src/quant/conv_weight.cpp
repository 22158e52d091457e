#include "quant/conv_weight.h"

#include <algorithm>

#include "base/error.h"
#include "quant/context.h"
#include "weights/progress_store.h"
#include "weights/stored_layers.h"

namespace ltx::quant {
namespace {

using formats::Format;

/// Full path of a layer; at the root of a view its weight's path is "weight" alone.
std::string layer_name(const weights::View& view) {
  auto name = view.path("weight");
  name.resize(name.size() - std::min(name.size(), std::string_view(".weight").size()));
  return name;
}

/// Codes of a file, in memory of their own on the device.
formats::Int8Filter filter_of(const formats::Matrix& matrix, at::IntArrayRef shape, at::Device device) {
  const auto scale = matrix.scale.to(device).expand({shape[0]}).contiguous();
  return {matrix.codes.to(device).reshape(shape), scale};
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
  if (!context || !info || info->shape != shape.vec()) {
    *this = ConvWeight(source.tensor("weight", shape));
    return;
  }
  LayerReport entry;
  entry.component = context->component;
  entry.name = layer_name(source.view());
  entry.shape = shape.vec();
  entry.stored = info->format;
  entry.bytes_before = weights::stored_bytes(*info);
  const auto* layers = source.view().store().stored_layers();
  const auto layer = layer_of(*context, entry.name, *info, layers ? layers->find(entry.name) : nullptr);
  const auto decision = context->policy.decide(layer, context->ability);
  for (const auto& warning : decision.warnings)
    context->report->warn_once(context->component + ":" + warning.topic, warning.text);
  entry.outcome = decision.outcome;
  entry.reason = decision.skipped;

  if (decision.encoding.format == Format::Int8 && layer.rotation == 0) {
    hold_int8(source, shape, decision.keep_stored, entry);
  } else {
    // Convolutions have int8 and nothing else.
    if (decision.encoding.format != Format::Unquantized) {
      const bool stored = info->format != Format::Unquantized;
      entry.outcome = stored ? Outcome::Dequantized : Outcome::Skipped;
      entry.reason = "convolution";
    }
    *this = ConvWeight(source.tensor("weight", shape));
    entry.bytes_after = plain_.nbytes();
  }
  context->report->add(std::move(entry));
}

void ConvWeight::hold_int8(const Source& source, at::IntArrayRef shape, bool keep, LayerReport& entry) {
  if (keep) {
    const auto parts = source.view().take_parts("weight", shape);
    filter_ = filter_of(parts.stored.value().matrix, shape, source.device());
  } else {
    const auto values = source.view().take("weight", shape).to(source.device());
    try {
      filter_ = formats::encode_int8_filter(values);
    } catch (const Error& error) {
      throw Error(error.status(), fmt::format("{}: {}", source.view().info("weight")->source, error.what()));
    }
    if (source.context()->measure) entry.error = error_of(values, filter_);
  }
  source.view().release("weight");
  entry.held = Format::Int8;
  entry.kind = Kind::Int8;
  entry.arithmetic = Arithmetic::Dequant;
  entry.bytes_after = filter_.codes.nbytes() + filter_.scale.nbytes();
}

at::Tensor ConvWeight::values() const {
  if (plain_.defined()) return plain_;
  return formats::decode_int8_filter(filter_, at::kBFloat16)
      .to(compute_)
      .contiguous(at::MemoryFormat::ChannelsLast3d);
}

}  // namespace ltx::quant
