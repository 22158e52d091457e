#include "quant/policy.h"

#include <fmt/ranges.h>

#include <algorithm>

#include "base/error.h"
#include "quant/layer_sets.h"
#include "quant/rules.h"

namespace ltx::quant {
namespace {

using formats::Encoding;
using formats::Format;

// What `edge4` stands for (spec 08 §2.4); on a transformer of one block it is that block.
const std::vector<int64_t> kEdge4 = {0, 1, -2, -1};

// Convolutions with fewer channels keep their precision (spec 08 §15).
constexpr int64_t kLeastChannels = 64;

template <class Value>
bool any_of(Value value, std::initializer_list<Value> values) {
  return std::find(values.begin(), values.end(), value) != values.end();
}

/// The policy's own kind for the video VAE, which has int8 and nothing else.
Kind vae_kind(Kind asked, std::string& notice) {
  if (any_of(asked, {Kind::Auto, Kind::None, Kind::Int8})) return asked;
  if (any_of(asked, {Kind::Fp8Cast, Kind::Fp8ScaledMm, Kind::Fp8Dynamic, Kind::Fp8WeightOnly,
                     Kind::Fp8Block128, Kind::Int4, Kind::Nf4})) {
    notice = fmt::format("the video VAE has no {}: its convolutions are quantized to int8", name_of(asked));
    return Kind::Int8;
  }
  fail(Status::Unsupported, "policy {}: the video VAE takes none, auto and int8. Use int8.", name_of(asked));
}

void check_text_encoder(Kind kind) {
  if (any_of(kind, {Kind::Auto, Kind::None, Kind::Int8, Kind::Int4, Kind::Nf4, Kind::Fp8WeightOnly})) return;
  fail(Status::Unsupported,
       "policy {}: the text encoder does not take it. Use int8, int4, nf4 or fp8-weight-only.",
       name_of(kind));
}

void check_options(Kind kind, const Options& options) {
  if (options.group_size && !any_of<int64_t>(*options.group_size, {32, 64, 128, 256}))
    fail(Status::InvalidArgument, "group_size: expected 32, 64, 128 or 256, found {}. Leave it out for 128.",
         *options.group_size);
  switch (options.act_scale) {
    case ActScale::Static:
      if (kind == Kind::Nvfp4Cast)
        fail(Status::Quant,
             "policy nvfp4-cast: it measures no activations, so its scales cannot be static. Use "
             "nvfp4-prequant "
             "with a file that stores input scales, or act_scale dynamic or fixed-1.");
      if (!any_of(kind, {Kind::Auto, Kind::Fp8ScaledMm, Kind::Nvfp4Prequant}))
        fail(Status::InvalidArgument,
             "policy {}: it has no static activation scales. Use fp8-scaled-mm or nvfp4-prequant.",
             name_of(kind));
      break;
    case ActScale::Fixed1:
      if (!any_of(kind, {Kind::Auto, Kind::Nvfp4Cast, Kind::Nvfp4Prequant}))
        fail(Status::InvalidArgument,
             "policy {}: an activation scale fixed to 1 belongs to nvfp4-cast and nvfp4-prequant. Use "
             "act_scale "
             "dynamic.",
             name_of(kind));
      break;
    case ActScale::Auto:
    case ActScale::Dynamic:
      break;
  }
}

LayerSet set_of(Kind kind, LayerSet asked) {
  if (asked != LayerSet::Auto) return asked;
  return kind == Kind::Nvfp4Cast ? LayerSet::S12 : LayerSet::S28;
}

/// The stored formats whose codes a kind computes with as they are.
bool accepts(Kind kind, Format stored) {
  switch (kind) {
    case Kind::Auto:
      return true;
    case Kind::Fp8ScaledMm:
      return stored == Format::Fp8PerTensor;
    case Kind::Fp8Dynamic:
    case Kind::Fp8WeightOnly:
      return stored == Format::Fp8PerTensor || stored == Format::Fp8PerRow;
    case Kind::Int8Dynamic:
      return stored == Format::Int8;
    case Kind::Gguf:
      return formats::is_gguf(stored);
    case Kind::Nvfp4Cast:
    case Kind::Nvfp4Prequant:
      return stored == Format::Nvfp4;
    default:
      return kind_of(stored) == kind;
  }
}

std::string capability_text(int capability) {
  return fmt::format("{}.{}", capability / 10, capability % 10);
}

std::string device_text(Kind kind, const DeviceAbility& device) {
  if (device.cuda) return "compute capability " + capability_text(device.compute_capability);
  return kind == Kind::Int8Dynamic ? "a CPU without int8 dot products (AVX-512 VNNI)"
                                   : "a CPU, which has no compute capability";
}

}  // namespace

Policy::Policy(Target target, Kind kind, Options options, std::vector<Rule> rules)
    : target_(target), kind_(kind), options_(std::move(options)), rules_(std::move(rules)) {
  if (target_ == Target::TextEncoder) check_text_encoder(kind_);
  if (target_ == Target::VideoVae) kind_ = vae_kind(kind_, notice_);
  check_options(kind_, options_);
  for (const auto& rule : rules_) check_rule(rule);
}

Policy Policy::for_depth(int64_t blocks) const {
  Policy resolved = *this;
  auto& kept = resolved.options_.keep_bf16_blocks;
  const bool preset = kept == kEdge4;
  for (auto& block : kept) {
    const int64_t absolute = block < 0 ? block + blocks : block;
    if (!preset && (absolute < 0 || absolute >= blocks))
      fail(Status::InvalidArgument,
           "keep_bf16_blocks: block {} does not exist, the transformer has {} blocks. Use 0 to {}, or -1 for "
           "the "
           "last.",
           block, blocks, blocks - 1);
    block = std::clamp<int64_t>(absolute, 0, std::max<int64_t>(blocks - 1, 0));
  }
  std::sort(kept.begin(), kept.end());
  kept.erase(std::unique(kept.begin(), kept.end()), kept.end());
  return resolved;
}

const Rule* Policy::rule_for(const Layer& layer, const std::string& name) const {
  const std::string_view component = layer.component.empty() ? name_of(target_) : layer.component;
  for (auto rule = rules_.rbegin(); rule != rules_.rend(); ++rule)
    if (rule_matches(*rule, component, name)) return &*rule;
  return nullptr;
}

bool Policy::takes(const std::string& name, const Layer& layer) const {
  switch (target_) {
    case Target::Transformer:
      if (options_.reference && options_.layer_set == LayerSet::Auto) return reference::takes(kind_, name);
      return in_set(set_of(kind_, options_.layer_set), name);
    case Target::TextEncoder:
      return text_encoder_takes(name);
    case Target::VideoVae:
      break;
  }
  return layer.kernel > 0;  // convolutions; the linear layers there are timestep embedders
}

bool Policy::keeps_block_of(const std::string& name) const {
  const auto& kept = options_.keep_bf16_blocks;
  const auto block = kept.empty() || target_ != Target::Transformer ? std::nullopt : block_layer(name);
  if (!block) return false;
  if (kept.end() != std::find_if(kept.begin(), kept.end(), [](int64_t number) { return number < 0; }))
    fail(Status::InvalidArgument,
         "keep_bf16_blocks: blocks are counted from the end, but the depth of the transformer is not known. "
         "Give absolute numbers.");
  return std::find(kept.begin(), kept.end(), block->block) != kept.end();
}

Decision Policy::encode_as(Kind kind, const Layer& layer, std::optional<Format> format) const {
  Decision decision;
  decision.kind = kind;
  auto& encoding = decision.encoding;
  encoding.reference = options_.reference;
  const bool per_tensor = options_.granularity == Granularity::PerTensor;
  switch (kind) {
    case Kind::Fp8Cast:
      encoding.format = Format::Fp8Unscaled;
      break;
    case Kind::Fp8ScaledMm:
      encoding.format = Format::Fp8PerTensor;
      encoding.fp8_form = Encoding::Fp8Form::Multiply;
      break;
    case Kind::Fp8Dynamic:
    case Kind::Fp8WeightOnly:
      encoding.format = per_tensor ? Format::Fp8PerTensor : Format::Fp8PerRow;
      break;
    case Kind::Fp8Block128:
      encoding.format = Format::Fp8Block128;
      break;
    case Kind::Mxfp8:
      encoding.format = Format::Mxfp8;
      break;
    case Kind::Fp6Block128:
      encoding.format = Format::Fp6Block128;
      break;
    case Kind::Nvfp4Cast:
    case Kind::Nvfp4Prequant:
      encoding.format = Format::Nvfp4;
      break;
    case Kind::Int8:
    case Kind::Int8Dynamic:
      encoding.format = Format::Int8;
      break;
    case Kind::Int4:
      encoding.format = Format::Int4;
      encoding.group_size = options_.group_size.value_or(128);
      break;
    case Kind::Nf4:
      encoding.format = Format::Nf4;
      break;
    case Kind::Auto:
    case Kind::None:
    case Kind::Gguf:
      return {};
  }
  if (format) encoding.format = *format;
  decision.per_row = encoding.format != Format::Fp8PerTensor;
  const auto reason = dims_filter(kind, encoding, layer.rows, layer.columns);
  if (!reason.empty()) {
    Decision plain;
    plain.skipped = reason;
    plain.outcome = Outcome::Skipped;
    return plain;
  }
  decision.outcome = Outcome::Quantized;
  return decision;
}

Decision Policy::decide_plain(const Layer& layer, const std::string& name) const {
  const auto skipped = [](std::string reason) {
    Decision decision;
    decision.skipped = std::move(reason);
    decision.outcome = Outcome::Skipped;
    return decision;
  };
  if (const auto* rule = rule_for(layer, name)) {
    if (rule->keep || rule->format == Format::Unquantized)
      return encode_as(kind_, layer).outcome == Outcome::Quantized && takes(name, layer) ? skipped("rule")
                                                                                         : Decision();
    if (target_ == Target::VideoVae) return layer.kernel > 0 ? encode_as(Kind::Int8, layer) : Decision();
    auto kind = kind_of(rule->format);
    if (kind == Kind::Nvfp4Prequant) kind = Kind::Nvfp4Cast;
    // The text encoder quantizes no activations (spec 08 §15).
    if (target_ == Target::TextEncoder && any_of(kind, {Kind::Fp8Dynamic, Kind::Fp8ScaledMm}))
      kind = Kind::Fp8WeightOnly;
    return encode_as(kind, layer, rule->format);
  }
  if (any_of(kind_, {Kind::Auto, Kind::None, Kind::Gguf, Kind::Nvfp4Prequant}) || !takes(name, layer))
    return {};
  if (keeps_block_of(name)) return skipped("kept block");
  if (layer.file_quantized && kind_ != Kind::Fp8Cast) return skipped("stored");
  if (target_ == Target::VideoVae) {
    const bool edge = name.find("conv_in") != std::string::npos || name.find("conv_out") != std::string::npos;
    if (edge) return skipped("first or last");
    if (layer.rows < kLeastChannels || layer.columns / layer.kernel < kLeastChannels)
      return skipped("channels");
  }
  return encode_as(kind_, layer);
}

Decision Policy::decide_stored(const Layer& layer, const std::string& name) const {
  Decision dequantize;
  dequantize.outcome = Outcome::Dequantized;
  Decision keep;
  keep.keep_stored = true;
  keep.outcome = Outcome::AlreadyQuantized;
  keep.encoding.format = layer.stored;
  keep.encoding.reference = options_.reference;
  // The official rotated int8 files are made for quantized activations (spec 08 §9.3).
  keep.kind = layer.rotation > 0 && layer.stored == Format::Int8 ? Kind::Int8Dynamic : kind_of(layer.stored);
  keep.per_row = layer.stored != Format::Fp8PerTensor;

  const auto fold = [&] {
    auto decision = encode_as(Kind::Fp8Cast, layer);
    decision.warnings.push_back({"fold",
                                 "fp8-cast drops the scales of a file that has them and rounds its weights a "
                                 "second time. Use auto to "
                                 "keep them."});
    return decision;
  };
  if (const auto* rule = rule_for(layer, name)) {
    // The text encoder quantizes no activations (spec 08 §15).
    if (target_ == Target::TextEncoder && any_of(keep.kind, {Kind::Fp8Dynamic, Kind::Fp8ScaledMm}) &&
        rule->format == layer.stored)
      keep.kind = Kind::Fp8WeightOnly;
    if (rule->keep || rule->format == layer.stored) return keep;
    if (rule->format == Format::Unquantized) return dequantize;
    if (rule->format == Format::Fp8Unscaled) return fold();
    keep.warnings.push_back(
        {"rule", fmt::format("quantization rule '{}': layers that the file stores as {} are not quantized "
                             "again to {} and stay as "
                             "they are",
                             rule->pattern, formats::name_of(layer.stored), formats::name_of(rule->format))});
    return keep;
  }
  if (kind_ == Kind::None) return dequantize;
  const bool in_block = target_ != Target::Transformer || block_layer(name).has_value();
  if (kind_ == Kind::Fp8Cast) {
    if (!takes(name, layer) || keeps_block_of(name)) return dequantize;
    return layer.stored == Format::Fp8Unscaled ? keep : fold();
  }
  // Outside the blocks no network expects codes; the reference replaces every module that a file stores.
  const bool everywhere = options_.reference && any_of(kind_, {Kind::Fp8ScaledMm, Kind::Nvfp4Prequant});
  if (!in_block && !everywhere) return dequantize;
  if (!accepts(kind_, layer.stored)) {
    keep.warnings.push_back(
        {"stored", fmt::format("policy {}: the file stores layers as {}; they are not quantized again and "
                               "stay as they are. Use "
                               "auto "
                               "for the stored formats, none for bf16, or the bf16 file of the model",
                               name_of(kind_), formats::name_of(layer.stored))});
    return keep;
  }
  if (!any_of(kind_, {Kind::Auto, Kind::Nvfp4Cast, Kind::Gguf})) keep.kind = kind_;
  return keep;
}

void Policy::choose_arithmetic(Decision& decision, const Layer& layer, const DeviceAbility& device) const {
  const bool quantized = decision.keep_stored || decision.encoding.format != Format::Unquantized;
  if (!quantized) return;
  const auto way =
      route(decision.kind, device, decision.per_row ? Granularity::PerRow : Granularity::PerTensor);
  // A stored layer may have a shape that the native multiplication does not take (spec 08 §2.3).
  const auto refused = decision.keep_stored && !way.by_definition
                           ? dims_filter(decision.kind, decision.encoding, layer.rows, layer.columns)
                           : std::string_view();
  switch (options_.arithmetic) {
    case Arithmetic::Dequant:
      return;
    case Arithmetic::Emulate:
      // Activations are quantized in whole blocks of 16.
      if (decision.encoding.format == Format::Nvfp4 && layer.columns % 16 != 0)
        decision.fallback = refused;
      else
        decision.arithmetic = Arithmetic::Emulate;
      return;
    case Arithmetic::Native:
      if (!way.native && !way.by_definition)
        fail(Status::Quant,
             "policy {}: native arithmetic needs compute capability {}, the device is {}. Use compute 'auto' "
             "or "
             "'dequant'.",
             name_of(decision.kind), capability_text(way.minimum_capability),
             device_text(decision.kind, device));
      break;
    case Arithmetic::Auto:
      if (way.by_definition) return;
      if (!way.native)
        decision.warnings.push_back(
            {"fallback",
             fmt::format(
                 "policy {}: native arithmetic needs compute capability {}, the device is {}; weights are "
                 "dequantized "
                 "to bf16 for each multiplication",
                 name_of(decision.kind), capability_text(way.minimum_capability),
                 device_text(decision.kind, device))});
      if (!way.native) return;
      break;
  }
  if (!refused.empty())
    decision.fallback = refused;
  else
    decision.arithmetic = Arithmetic::Native;
}

Decision Policy::decide(const Layer& layer, const DeviceAbility& device) const {
  const auto name = target_ == Target::Transformer ? canonical_name(layer.name) : layer.name;
  auto decision =
      layer.stored == Format::Unquantized ? decide_plain(layer, name) : decide_stored(layer, name);
  // How a kept layer is encoded again when a LoRA is added to it (spec 08 §6.6, §6.7).
  if (decision.keep_stored && decision.kind == Kind::Fp8ScaledMm)
    decision.encoding.fp8_form = Encoding::Fp8Form::Multiply;
  choose_arithmetic(decision, layer, device);
  return decision;
}

std::string_view dims_filter(Kind kind, const Encoding& encoding, int64_t rows, int64_t columns) {
  const auto divides = [](int64_t divisor, int64_t value) { return value % divisor == 0; };
  switch (kind) {
    case Kind::Fp8ScaledMm:
    case Kind::Fp8Dynamic:
    case Kind::Fp8WeightOnly:
      return divides(16, columns) && divides(16, rows) ? "" : "gemm";
    case Kind::Int8Dynamic:
      return divides(16, columns) && divides(8, rows) ? "" : "gemm";
    case Kind::Int4:
      return divides(encoding.group_size, columns) ? "" : "storage";
    case Kind::Mxfp8:  // K is padded
      return divides(16, rows) ? "" : "gemm";
    case Kind::Nvfp4Cast:
    case Kind::Nvfp4Prequant:
      return divides(32, columns) && divides(8, rows) ? "" : "gemm";
    case Kind::Fp8Block128:
    case Kind::Fp6Block128:
      return divides(128, columns) && divides(128, rows) ? "" : "storage";
    case Kind::Auto:
    case Kind::None:
    case Kind::Fp8Cast:
    case Kind::Int8:
    case Kind::Nf4:
    case Kind::Gguf:
      break;
  }
  return "";
}

Route route(Kind kind, const DeviceAbility& device, Granularity) {
  const auto needs = [&](int capability, int cuda_version) {
    return Route{device.cuda && device.compute_capability >= capability &&
                     (device.cuda_version == 0 || device.cuda_version >= cuda_version),
                 false, capability};
  };
  switch (kind) {
    case Kind::Fp8ScaledMm:
    case Kind::Fp8Dynamic:  // per row: outer scales on 9.0, unit scales and an epilogue elsewhere (spec 08
                            // §7)
      return needs(89, 11080);
    case Kind::Int8Dynamic: {
      auto way = needs(75, 0);
      if (!device.cuda) way.native = device.cpu_int8;
      return way;
    }
    case Kind::Mxfp8:
    case Kind::Nvfp4Cast:
    case Kind::Nvfp4Prequant:
      return needs(100, 12080);
    case Kind::Fp8Block128:
    case Kind::Fp6Block128: {  // VEC128 × BLK128 exists on 9.0 alone (spec 08 §18)
      auto way = needs(90, 12090);
      way.native = way.native && device.compute_capability < 100;
      return way;
    }
    case Kind::Auto:
    case Kind::None:
      return {!device.cuda || device.compute_capability >= 80, true, 80};
    case Kind::Fp8Cast:
    case Kind::Fp8WeightOnly:
    case Kind::Int8:
    case Kind::Int4:
    case Kind::Nf4:
    case Kind::Gguf:
      break;
  }
  return {false, true, 0};
}

Recommendation recommended(const DeviceAbility& device, uint64_t memory_bytes, uint64_t model_bytes) {
  // Bytes of the 22B transformer per byte of its bf16 form (spec 08 §21), by ascending error (§20).
  struct Candidate {
    Kind kind;
    double size;
  };
  const bool fp8 = device.cuda && device.compute_capability >= 89;
  const Candidate eight = {fp8 ? Kind::Fp8Dynamic : Kind::Int8, 19.47 / 37.98};
  const auto of = [&](const Candidate& candidate) {
    return static_cast<uint64_t>(candidate.size * static_cast<double>(model_bytes));
  };
  if (memory_bytes == 0) return {eight.kind, of(eight), true};
  Recommendation last;
  for (const Candidate& candidate :
       {Candidate{Kind::None, 1}, eight, Candidate{Kind::Fp6Block128, 14.83 / 37.98},
        Candidate{Kind::Nf4, 11.35 / 37.98}, Candidate{Kind::Int4, 10.77 / 37.98}}) {
    last = {candidate.kind, of(candidate), of(candidate) <= memory_bytes};
    if (last.fits) break;
  }
  return last;
}

}  // namespace ltx::quant
