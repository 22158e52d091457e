#include "pipelines/weight_cache.h"

#include "base/error.h"
#include "formats/format.h"
#include "weights/fused_store.h"

namespace ltx::pipelines {
namespace {

using formats::Format;

/// Reports a conversion as the first half of a load.
class LoadMonitor : public Monitor {
 public:
  LoadMonitor(Monitor& base, uint64_t total) : base_(base), total_(total) {}
  void progress(const Progress& work) override {
    const double done = work.bytes_total == 0
                            ? 0
                            : static_cast<double>(work.bytes_done) / static_cast<double>(work.bytes_total);
    Progress load;
    load.phase = Phase::Load;
    load.bytes_done = static_cast<uint64_t>(done * static_cast<double>(total_));
    load.bytes_total = 2 * total_;
    base_.progress(load);
  }
  void log(LogLevel level, std::string_view source, std::string_view message) override {
    base_.log(level, source, message);
  }
  bool cancelled() const override { return base_.cancelled(); }

 private:
  Monitor& base_;
  uint64_t total_;
};

/// Whether a file of encoded layers would save anything, and would load with the same bits.
bool suits(const WeightCache::Wanted& wanted) {
  const auto& context = *wanted.context;
  const auto& options = context.policy.options();
  if (context.measure) return false;
  // Stored NVFP4 layers follow another rule for activations in the reference (spec 08 §12.4).
  if (options.reference && context.policy.kind() == quant::Kind::Nvfp4Cast) return false;
  const auto& store = wanted.part.view.store();
  const auto* stored = store.stored_layers();
  bool encodes = false, quantized = false;
  for (const auto& tensor : store.names()) {
    const auto& info = *store.find(tensor);
    if (formats::is_gguf(info.format)) return false;
    quantized = quantized || info.format != Format::Unquantized;
    if (!tensor.ends_with(".weight") || info.shape.size() != 2) continue;
    const auto layer = tensor.substr(0, tensor.size() - std::string_view(".weight").size());
    const auto decision = context.policy.decide(
        quant::layer_of(context, layer, info, stored ? stored->find(layer) : nullptr), context.ability);
    encodes = encodes || (decision.encoding.format != Format::Unquantized && !decision.keep_stored);
  }
  // Codes that cannot take an update are met at the end of the conversion; parts of one quantized layer may
  // lie in several files.
  return encodes && !(quantized && (!wanted.loras.empty() || wanted.sources.size() > 1));
}

}  // namespace

WeightCache::WeightCache(const std::string& folder) {
  if (!folder.empty()) cache_.emplace(folder);
}

std::optional<WeightCache::Found> WeightCache::open(const Wanted& wanted, uint64_t total,
                                                    Monitor& monitor) const {
  if (!cache_ || !suits(wanted)) return {};
  const auto& context = *wanted.context;
  const bool beside = context.policy.options().lora_order == quant::LoraOrder::Runtime;
  quant::ConvertOptions options;
  options.only = wanted.component;
  (wanted.component == weights::Component::TextEncoder ? options.text_encoder : options.transformer) =
      context.policy;
  options.calibration = context.calibration;
  if (!beside) options.loras = wanted.loras;
  options.device = wanted.device;
  options.compute = wanted.compute;
  options.config = wanted.part.config;
  options.verify = false;  // its digest is compared at every use
  const auto say = [&](const std::string& text) {
    context.report->warn_once(context.component + ":cache:" + text, text);
  };
  const auto say_not_kept = [&](const char* reason) {
    say(fmt::format("encoded weights of the {} are not kept in params.weight_cache: {}", context.component,
                    reason));
  };
  try {
    LoadMonitor load(monitor, total);
    const auto entry = cache_->open(wanted.sources, options, load);
    for (const auto& warning : entry.warnings) say(warning);
    auto store =
        weights::Checkpoint(entry.path).open(wanted.component, wanted.part.config).view.shared_store();
    if (beside) store = weights::with_loras(std::move(store), wanted.loras, wanted.device);
    return Found{std::move(store), entry.built};
  } catch (const Error& error) {
    if (error.status() == Status::Cancelled) throw;
    say_not_kept(error.what());
  } catch (const std::filesystem::filesystem_error& error) {
    say_not_kept(error.what());
  }
  return {};
}

}  // namespace ltx::pipelines
