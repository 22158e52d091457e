#include "quant/convert_plan.h"

#include <algorithm>

#include "base/error.h"
#include "io/gguf.h"
#include "io/safetensors.h"
#include "weights/fused_store.h"
#include "weights/stored_layers.h"

namespace ltx::quant {
namespace {

using formats::Format;
using weights::StoredLayer;
using Action = PlannedTensor::Action;

constexpr std::string_view kWeight = ".weight";

/// GGUF blocks have no place in a safetensors file: a policy meets them as the BF16 weights that they stand
/// for.
class UnpackedStore : public weights::Store {
 public:
  explicit UnpackedStore(std::shared_ptr<const weights::Store> base) : base_(std::move(base)) {
    for (const auto& name : base_->names())
      if (const auto& info = *base_->find(name); formats::is_gguf(info.format)) {
        unpacked_.emplace(name, info).first->second.format = Format::Unquantized;
        formats_.emplace(name, info.format);
      }
  }
  std::vector<std::string> names() const override { return base_->names(); }
  const weights::TensorInfo* find(std::string_view name) const override {
    const auto found = unpacked_.find(name);
    return found == unpacked_.end() ? base_->find(name) : &found->second;
  }
  at::Tensor read(std::string_view name) const override { return base_->read(name); }
  weights::WeightParts parts(std::string_view name) const override {
    return unpacked_.contains(name) ? weights::WeightParts{base_->read(name), {}, {}} : base_->parts(name);
  }
  std::string describe() const override { return base_->describe(); }
  bool is_mapped(std::string_view name) const override {
    return !unpacked_.contains(name) && base_->is_mapped(name);
  }
  void release(std::string_view name) const override { base_->release(name); }
  const weights::StoredLayers* stored_layers() const override { return base_->stored_layers(); }

  /// What the file holds.
  Format stored(std::string_view name) const {
    const auto found = formats_.find(name);
    return found == formats_.end() ? base_->find(name)->format : found->second;
  }

 private:
  std::shared_ptr<const weights::Store> base_;
  std::map<std::string, weights::TensorInfo, std::less<>> unpacked_;
  std::map<std::string, Format, std::less<>> formats_;
};

/// The GGUF type of an entry whose elements lie in blocks; null for plain numbers and other containers.
const io::GgufType* blocks_of(const io::TensorFile& file, const io::TensorEntry& entry) {
  if (file.container() != io::Container::Gguf) return nullptr;
  const auto* type = io::gguf_type_named(entry.dtype);
  return type && type->elements == 1 ? nullptr : type;
}

/// Index of a source file and name in it.
using Key = std::pair<size_t, std::string>;

class Planner {
 public:
  Planner(const weights::Checkpoint& checkpoint, const ConvertOptions& options,
          std::shared_ptr<Report> report)
      : checkpoint_(checkpoint), options_(options), report_(std::move(report)) {
    plan_.files = checkpoint.files();
  }

  Plan make() {
    using weights::Component;
    refuse_kept_blocks();
    for (const auto component : {Component::Transformer, Component::TextEncoder})
      if (checkpoint_.has(component) && (!options_.only || *options_.only == component))
        add_component(component);
    if (!options_.loras.empty() && !checkpoint_.has(Component::Transformer))
      fail(Status::LoraMismatch,
           "'{}' holds no transformer to fuse LoRAs into. Convert the transformer's file.",
           checkpoint_.path().string());
    for (size_t file = 0; file < plan_.files.size(); ++file) add_rest(file);
    std::sort(plan_.tensors.begin(), plan_.tensors.end(), [](const PlannedTensor& a, const PlannedTensor& b) {
      return std::tie(a.file, a.key) < std::tie(b.file, b.key);
    });
    return std::move(plan_);
  }

 private:
  /// A file that becomes three times as large is not what keeping the stored formats means.
  void refuse_kept_blocks() const {
    const auto kind = options_.transformer.kind();
    if (kind != Kind::Auto && kind != Kind::Gguf) return;
    for (const auto& file : plan_.files)
      for (const auto& [key, entry] : file->tensors())
        if (blocks_of(*file, entry))
          fail(Status::Unsupported,
               "'{}': tensor '{}' is {}, which policy {} keeps, but GGUF blocks are read and not written. "
               "Choose a policy that encodes anew (int8, int4, fp8-weight-only …), or none for BF16.",
               file->path().string(), key, entry.dtype, name_of(kind));
  }

  void add_component(weights::Component name) {
    auto part = checkpoint_.open(name, options_.config);
    auto planned = std::make_unique<PlannedComponent>();
    planned->component = name;
    planned->config = part.config;
    unpacked_ = std::make_shared<const UnpackedStore>(part.view.shared_store());
    const std::shared_ptr<const weights::Store> base = unpacked_;
    planned->store = base;
    std::shared_ptr<const weights::FusedStore> fused;
    const bool transformer = name == weights::Component::Transformer;
    if (transformer && !options_.loras.empty()) {
      fused = std::make_shared<const weights::FusedStore>(base, options_.loras, options_.device);
      planned->store = fused;
      plan_.warnings.insert(plan_.warnings.end(), fused->warnings().begin(), fused->warnings().end());
    }
    Context context;
    context.policy = transformer ? options_.transformer : options_.text_encoder;
    context.component = std::string(name_of(context.policy.target()));
    context.ability = ability_of(options_.device);
    context.report = report_;
    if (transformer) context.calibration = options_.calibration;
    if (context.policy.options().lora_order == LoraOrder::Runtime && fused)
      fail(Status::InvalidArgument,
           "lora_order is runtime, but a converted file holds the sum of weight and LoRA. Use before or "
           "after.");
    planned->context = make_context(context, *planned->store);

    remember_keys(*base);
    for (const auto& tensor : planned->store->names())
      if (tensor.ends_with(kWeight) && planned->store->find(tensor)->shape.size() == 2)
        add_layer(*planned, tensor.substr(0, tensor.size() - kWeight.size()),
                  fused && fused->is_target(tensor));
    plan_.components.push_back(std::move(planned));
  }

  /// Which file a component's tensor comes from: the last one that has it.
  void remember_keys(const weights::Store& store) {
    owners_.clear();
    const auto note = [&](const weights::Store& tensors) {
      for (const auto& name : tensors.names()) {
        const auto& key = tensors.find(name)->key;
        for (size_t file = 0; file < plan_.files.size(); ++file)
          if (plan_.files[file]->find(key)) owners_[name] = {file, key};
      }
    };
    note(store);
    if (const auto* layers = store.stored_layers()) note(layers->files());
  }

  void add_layer(const PlannedComponent& component, const std::string& name, bool has_loras) {
    const auto weight = name + std::string(kWeight);
    const auto& info = *component.store->find(weight);
    const auto* layers = component.store->stored_layers();
    const StoredLayer* stored = layers ? layers->find(name) : nullptr;
    const bool quantized = info.format != Format::Unquantized;

    const auto layer = layer_of(*component.context, name, info, stored);
    PlannedTensor tensor;
    tensor.decision = component.context->policy.decide(layer, component.context->ability);
    tensor.component = &component;
    tensor.context = component.context.get();
    tensor.layer = name;
    tensor.stored = unpacked_->stored(weight);
    const auto& [file, key] = owners_.at(weight);
    tensor.file = file;
    tensor.key = key;
    tensor.bytes =
        info.bytes != 0 ? info.bytes : plan_.files[file]->data(*plan_.files[file]->find(key)).size();
    const std::string in_file = key.substr(0, key.size() - kWeight.size());

    const bool encode =
        tensor.decision.encoding.format != Format::Unquantized && !tensor.decision.keep_stored;
    // What a load would dequantize because no policy names it stays as it is where nothing was asked for.
    const bool keep = quantized && !encode &&
                      (tensor.decision.keep_stored || component.context->policy.kind() == Kind::Auto);
    if (has_loras || encode) {
      tensor.action = Action::Encode;
      if (encode) {
        tensor.look = weights::look_of(tensor.decision.encoding, layer.rows, layer.columns);
        tensor.bias = component.context->policy.kind() == Kind::Fp8Cast &&
                      tensor.decision.encoding.format == Format::Fp8Unscaled;
        calibrate(component, tensor);
      } else if (tensor.decision.keep_stored) {
        tensor.look = weights::look_of(*layers, *stored);
      }
    } else if (keep) {
      tensor.action = Action::Keep;
      tensor.look = weights::look_of(*layers, *stored);
    } else if (quantized || formats::is_gguf(tensor.stored)) {
      tensor.action = Action::Decode;
    } else {
      if (tensor.decision.outcome == Outcome::Skipped) note_skipped(component, tensor, info);
      return;  // copied with all others
    }
    if (tensor.look.format != Format::Unquantized)
      tensor.declarations = weights::declare_stored(in_file, tensor.look);
    else
      // The sum of a weight and its LoRAs is rounded where the load rounds it: to the weight's own dtype, and
      // that to the compute dtype.
      tensor.declarations = {
          {key,
           options_.compute == at::kFloat && !quantized && (info.dtype == "F32" || info.dtype == "F16")
               ? info.dtype
               : "BF16",
           info.shape}};
    claim({file, key});
    if (layers)
      for (const auto& other : layers->files().names())
        if (other.starts_with(name + ".") && layers->hidden(other) && !other.starts_with(name + ".bias"))
          claim(owners_.at(other));
    if (tensor.bias) {
      const auto bias = owners_.find(name + ".bias");
      tensor.bias = bias != owners_.end();
      if (tensor.bias) {
        tensor.declarations.push_back(
            {bias->second.second, "F8_E4M3", component.store->find(name + ".bias")->shape});
        claim(bias->second);
        if (const auto scale = owners_.find(name + ".bias_scale"); scale != owners_.end())
          claim(scale->second);
      }
    }
    plan_.tensors.push_back(std::move(tensor));
  }

  /// Measured maxima become the file's input scales.
  void calibrate(const PlannedComponent& component, PlannedTensor& tensor) const {
    const auto& calibration = component.context->calibration;
    const auto kind = tensor.decision.kind;
    const bool nvfp4 = kind == Kind::Nvfp4Cast || kind == Kind::Nvfp4Prequant;
    if (!calibration || (!nvfp4 && kind != Kind::Fp8ScaledMm)) return;
    tensor.input_scale = calibration->input_scale(tensor.layer, nvfp4);
    tensor.look.input_scale = tensor.input_scale.defined();
  }

  void note_skipped(const PlannedComponent& component, const PlannedTensor& tensor,
                    const weights::TensorInfo& info) {
    LayerReport entry;
    entry.component = component.context->component;
    entry.name = tensor.layer;
    entry.shape = info.shape;
    entry.outcome = Outcome::Skipped;
    entry.reason = tensor.decision.skipped;
    entry.bytes_before = entry.bytes_after = tensor.bytes;
    report_->add(std::move(entry));
  }

  void claim(const Key& key) { claimed_.insert(key); }

  void add_rest(size_t index) {
    const auto& file = *plan_.files[index];
    const auto wanted = options_.only ? weights::names_in(file, *options_.only) : weights::Rename();
    const bool rewrites = std::any_of(plan_.tensors.begin(), plan_.tensors.end(), [](const PlannedTensor& t) {
      return t.look.format != Format::Unquantized;
    });
    for (const auto& [key, entry] : file.tensors()) {
      if (claimed_.contains({index, key})) continue;
      // Its meaning ends where `_quantization_metadata` stands (spec 08 §16).
      if (rewrites && (key == "scaled_fp8" || key.ends_with(".scaled_fp8"))) continue;
      if (wanted && wanted(key).empty()) continue;
      if (options_.join && is_overwritten(index, key)) continue;
      PlannedTensor tensor;
      tensor.file = index;
      tensor.key = key;
      tensor.bytes = file.data(entry).size();
      tensor.declarations = {{key, blocks_of(file, entry) ? "BF16" : entry.dtype, entry.shape}};
      plan_.tensors.push_back(std::move(tensor));
    }
  }

  /// Of several files the last one's tensor counts (spec 01 §1.4).
  bool is_overwritten(size_t index, const std::string& key) const {
    return std::any_of(plan_.files.begin() + static_cast<ptrdiff_t>(index) + 1, plan_.files.end(),
                       [&](const auto& later) { return later->find(key) != nullptr; });
  }

  const weights::Checkpoint& checkpoint_;
  const ConvertOptions& options_;
  std::shared_ptr<Report> report_;
  Plan plan_;
  std::shared_ptr<const UnpackedStore> unpacked_;   // of the component in work
  std::map<std::string, Key, std::less<>> owners_;  // of the component in work, by its names
  std::set<Key> claimed_;
};

}  // namespace

Plan make_plan(const weights::Checkpoint& checkpoint, const ConvertOptions& options,
               std::shared_ptr<Report> report) {
  return Planner(checkpoint, options, std::move(report)).make();
}

}  // namespace ltx::quant
