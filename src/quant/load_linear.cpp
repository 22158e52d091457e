#include "quant/load_linear.h"

#include <algorithm>

#include "base/error.h"
#include "quant/context.h"
#include "quant/layer_sets.h"
#include "weights/progress_store.h"
#include "weights/stored_layers.h"

namespace ltx::quant {
namespace {

using formats::Format;
using formats::Matrix;

const Context& no_policy() {
  static const Context context;
  return context;
}

Matrix unquantized(const at::Tensor& values) {
  Matrix matrix;
  matrix.rows = values.size(0);
  matrix.columns = values.size(1);
  matrix.codes = values;
  return matrix;
}

/// Runs `work` so that its errors say which tensor they are about.
template <class Work>
auto about(const std::string& tensor, Work&& work) {
  try {
    return work();
  } catch (const Error& error) {
    throw Error(error.status(), fmt::format("{}: {}", tensor, error.what()));
  }
}

class Loader {
 public:
  Loader(const Source& source, int64_t in, int64_t out)
      : source_(source), context_(source.context() ? *source.context() : no_policy()), in_(in), out_(out) {
    name_ = source.view().path("weight");
    // At the root of a view the path is "weight" alone.
    name_.resize(name_.size() - std::min(name_.size(), std::string_view(".weight").size()));
  }

  LinearParts load(bool bias) {
    const auto* info = source_.view().info("weight");
    const bool present = info && info->shape == std::vector<int64_t>{out_, in_};
    if (present) {
      tensor_ = info->source;
      decide(*info);
    }
    auto parts = source_.view().take_parts("weight", {out_, in_});
    parts_.name = name_;
    parts_.reference = context_.policy.options().reference;
    take_weight(parts);
    if (bias) parts_.bias = load_bias();
    if (parts.stored) parts.stored->matrix = {};
    source_.view().release("weight");
    if (present) report(*info);
    return std::move(parts_);
  }

 private:
  void decide(const weights::TensorInfo& info) {
    const auto* layers = source_.view().store().stored_layers();
    layer_ = layer_of(context_, name_, info, layers ? layers->find(name_) : nullptr);
    decision_ = context_.policy.decide(layer_, context_.ability);
    for (const auto& warning : decision_.warnings)
      context_.report->warn_once(context_.component + ":" + warning.topic, warning.text);
  }

  Format target() const { return decision_.encoding.format; }

  /// On the device, in memory of its own unless the caller's tensor already is what is wanted.
  at::Tensor settle(const at::Tensor& values, at::ScalarType dtype) const {
    auto result = values.to(source_.device(), dtype);
    const bool borrowed = !owned_ && source_.view().is_mapped("weight");
    return result.is_same(values) && borrowed ? values.clone() : result;
  }

  void take_weight(weights::WeightParts& given) {
    auto order = given.updates.empty()
                     ? LoraOrder::Auto
                     : resolve_order(context_.policy.options().lora_order, layer_.stored, target());
    // The update is one of W, which meets x; the codes meet x·p.
    if (order == LoraOrder::After && decision_.keep_stored && given.stored &&
        (given.stored->pre_quant_scale.defined() ||
         !can_fuse_after(given.stored->matrix, decision_.encoding)))
      order = LoraOrder::Runtime;
    if (given.stored && decision_.keep_stored)
      keep(*given.stored);
    else
      encode(given, order);
    if (order == LoraOrder::After) fuse_after_encoding(given.updates);
    if (order == LoraOrder::Runtime) {
      parts_.low_rank = runtime_factors(given.updates, source_.device(), source_.compute());
      lora_ = LayerFusion{name_, order, layer_.stored != Format::Unquantized, {}};
    }
    const bool held = parts_.weight.format != Format::Unquantized;
    parts_.kind = held ? decision_.kind : Kind::None;
    parts_.arithmetic = decision_.arithmetic;
    parts_.per_row = decision_.per_row;
    if (!held) {
      parts_.weight.codes = settle(parts_.weight.codes, source_.compute());
      parts_.pre_quant_scale = at::Tensor();
      return;
    }
    const auto& fast = context_.policy.options().fast_accum;
    const bool blocks =
        parts_.weight.format == Format::Fp8Block128 || parts_.weight.format == Format::Fp6Block128;
    parts_.fast_accum = fast.value_or(!blocks);
    parts_.warn = [report = context_.report, key = context_.component + ":fallback"](
                      const std::string& text) { report->warn_once(key, text); };
    resolve_activations(given);
  }

  /// The stored codes as they are, with what the file says about the layer.
  void keep(const weights::StoredMatrix& stored) {
    parts_.weight = stored.matrix.to(source_.device());
    if (stored.pre_quant_scale.defined())
      parts_.pre_quant_scale = stored.pre_quant_scale.to(source_.device());
    if (stored.full_precision_matmul) {
      decision_.arithmetic = Arithmetic::Dequant;
      decision_.fallback = "full precision asked for by the file";
    }
  }

  /// The full-precision weight of a stored one, in bf16: what every policy but the file's own works on.
  at::Tensor dequantized(const weights::StoredMatrix& stored) const {
    auto values = about(tensor_, [&] {
      return formats::decode(stored.matrix.to(source_.device()),
                             stored.pre_quant_scale.defined() ? at::kFloat : at::kBFloat16);
    });
    // x ← x·p is W ← W·diag(p) where activations are not quantized (spec 08 §12.3).
    if (stored.pre_quant_scale.defined())
      values = values.mul_(stored.pre_quant_scale.to(values.options())).to(at::kBFloat16);
    return values;
  }

  void encode(weights::WeightParts& given, LoraOrder order) {
    auto values = given.stored ? dequantized(*given.stored) : given.values;
    owned_ = given.stored.has_value();
    if (given.stored) given.stored->matrix = {};
    const bool plain = target() == Format::Unquantized;
    if (plain && order != LoraOrder::Before) {
      parts_.weight = unquantized(values);
      return;
    }
    values = values.to(source_.device());
    if (order == LoraOrder::Before) {
      note(order, about(tensor_, [&] { return fuse_before(values, given.updates, decision_.encoding); }));
      return;
    }
    parts_.weight = about(tensor_, [&] { return formats::encode(values, decision_.encoding); });
    if (context_.measure) error_ = weight_error(values, parts_.weight);
  }

  void fuse_after_encoding(const std::vector<weights::ScaledFactors>& updates) {
    auto encoding = decision_.encoding;
    encoding.format = parts_.weight.format;
    if (parts_.weight.format == Format::Unquantized)
      parts_.weight.codes = parts_.weight.codes.to(source_.device());
    note(LoraOrder::After, about(tensor_, [&] {
           return fuse_after(parts_.weight, updates, encoding, context_.policy.options().lora_rounding);
         }));
  }

  void note(LoraOrder order, FusedWeight fused) {
    parts_.weight = std::move(fused.weight);
    owned_ = true;
    lora_ = LayerFusion{name_, order, layer_.stored != Format::Unquantized, fused.survival};
  }

  void resolve_activations(const weights::WeightParts& given) {
    const bool nvfp4 = parts_.kind == Kind::Nvfp4Cast || parts_.kind == Kind::Nvfp4Prequant;
    if (!nvfp4 && parts_.kind != Kind::Fp8ScaledMm) return;
    const auto& options = context_.policy.options();
    auto wanted = options.act_scale;
    // The reference's files of this kind are static (spec 08 §12.4).
    if (wanted == ActScale::Auto && options.reference && parts_.kind == Kind::Nvfp4Prequant)
      wanted = ActScale::Static;
    const auto stored = given.stored ? given.stored->input_scale : at::Tensor();
    const auto scale = resolve_scale(wanted, stored, context_.calibration.get(), canonical_name(name_), nvfp4,
                                     options.reference);
    act_scale_ = name_of(scale.source);
    switch (scale.source) {
      case ScaleSource::Static:
      case ScaleSource::Calibrated:
        parts_.act_scale = ActScale::Static;
        parts_.input_scale = scale.input_scale.to(source_.device(), at::kFloat);
        break;
      case ScaleSource::Fixed1:
        parts_.act_scale = ActScale::Fixed1;
        break;
      case ScaleSource::Dynamic:
        parts_.act_scale = ActScale::Dynamic;
        break;
    }
  }

  /// fp8-cast stores the bias as it stores the weight (spec 08 §5.1).
  at::Tensor load_bias() const {
    const auto bias = source_.tensor("bias", {out_});
    const bool cast = parts_.weight.format == Format::Fp8Unscaled &&
                      context_.policy.kind() == Kind::Fp8Cast &&
                      parts_.weight.codes.scalar_type() == at::kFloat8_e4m3fn;
    if (!cast) return bias;
    const auto* info = source_.view().info("bias");
    return about(info ? info->source : name_ + ".bias", [&] {
      formats::Encoding encoding;
      encoding.format = Format::Fp8Unscaled;
      encoding.reference = parts_.reference;
      return formats::encode(bias.view({1, out_}), encoding).codes.view({out_});
    });
  }

  void report(const weights::TensorInfo& info) const {
    if (!source_.context()) return;
    LayerReport entry;
    entry.component = context_.component;
    entry.name = name_;
    entry.shape = {out_, in_};
    entry.stored = layer_.stored;
    entry.held = parts_.weight.format;
    entry.kind = parts_.kind;
    entry.arithmetic = parts_.arithmetic;
    entry.outcome = decision_.outcome;
    entry.reason = decision_.skipped.empty() ? decision_.fallback : decision_.skipped;
    entry.act_scale = act_scale_;
    entry.bytes_before = weights::stored_bytes(info);
    entry.bytes_after = parts_.weight.bytes();
    for (const auto& factors : parts_.low_rank)
      entry.bytes_after += factors.up.nbytes() + factors.down.nbytes();
    entry.error = error_;
    entry.lora = lora_;
    context_.report->add(std::move(entry));
  }

  const Source& source_;
  const Context& context_;
  int64_t in_, out_;
  std::string name_, tensor_;
  Layer layer_;
  Decision decision_;
  LinearParts parts_;
  bool owned_ = false;  // the weight is no caller's tensor and no map of a file
  std::string act_scale_;
  std::optional<WeightError> error_;
  std::optional<LayerFusion> lora_;
};

}  // namespace

LinearParts load_linear(const Source& source, int64_t in, int64_t out, bool bias) {
  return Loader(source, in, out).load(bias);
}

}  // namespace ltx::quant
