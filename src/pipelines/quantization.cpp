#include "pipelines/quantization.h"

#include "base/error.h"
#include "quant/layer_sets.h"

namespace ltx::pipelines {
namespace {

using engine::Component;

// ltx_tensor_format values below the number formats: keep the stored one, or a plain dtype.
constexpr int32_t kKeep = 0, kLastPlain = 3;

quant::Options options_of(const engine::QuantOptions& o) {
  quant::Options options;
  options.granularity = static_cast<quant::Granularity>(o.granularity);
  options.layer_set = static_cast<quant::LayerSet>(o.layer_set);
  options.arithmetic = static_cast<quant::Arithmetic>(o.arithmetic);
  options.lora_order = static_cast<quant::LoraOrder>(o.lora_order);
  options.lora_rounding = static_cast<quant::Rounding>(o.lora_rounding);
  options.act_scale = static_cast<quant::ActScale>(o.act_scale);
  if (o.group_size != engine::kDefault) options.group_size = o.group_size;
  if (o.fast_accum != engine::kDefault) options.fast_accum = o.fast_accum != 0;
  if (o.keep_bf16_blocks)
    options.keep_bf16_blocks.assign(o.keep_bf16_blocks->begin(), o.keep_bf16_blocks->end());
  options.reference = o.reference_compat;
  return options;
}

std::vector<quant::Rule> rules_of(const std::vector<engine::QuantRule>& given) {
  std::vector<quant::Rule> rules;
  for (const auto& rule : given)
    rules.push_back(
        {rule.pattern,
         rule.format <= kLastPlain ? formats::Format::Unquantized : static_cast<formats::Format>(rule.format),
         rule.format == kKeep});
  return rules;
}

/// A caller's words around what a policy refuses.
quant::Policy policy_of(quant::Target target, engine::QuantPolicy kind, const engine::QuantOptions& options,
                        const std::vector<quant::Rule>& rules, const char* field) {
  if (target != quant::Target::Transformer && !options.calibration_path.empty())
    fail(Status::InvalidArgument,
         "params.{}_options.calibration_path is set, but only the transformer is calibrated. Leave it at "
         "NULL.",
         field);
  try {
    return {target, static_cast<quant::Kind>(kind), options_of(options), rules};
  } catch (const Error& error) {
    fail(error.status(), "params.{}: {}", field, error.what());
  }
}

}  // namespace

Quantization::Quantization(const engine::PipelineParams& params, const at::Device& device)
    : ability_(quant::ability_of(device)), measure_(params.measure_quantization) {
  const auto rules = rules_of(params.quant_rules);
  transformer_ = policy_of(quant::Target::Transformer, params.quant, params.quant_options, rules, "quant");
  text_ = policy_of(quant::Target::TextEncoder, params.text_quant, params.text_quant_options, rules,
                    "text_quant");
  vae_ = policy_of(quant::Target::VideoVae, params.vae_quant, {}, rules, "vae_quant");
  others_ = quant::Policy(quant::Target::Transformer, quant::Kind::None, {}, rules);
  if (const auto& path = params.quant_options.calibration_path; !path.empty())
    calibration_ = std::make_shared<const quant::Calibration>(quant::Calibration::read(path));
  for (const auto* policy : {&transformer_, &text_, &vae_})
    if (!policy->notice().empty()) report_->warn_once(policy->notice(), policy->notice());
}

std::vector<std::string> Quantization::warnings() const {
  auto all = report_->warnings();
  const auto lost = quant::survival_warnings(report_->fusions());
  all.insert(all.end(), lost.begin(), lost.end());
  return all;
}

const quant::Policy& Quantization::policy(Component component) const {
  switch (component) {
    case Component::Transformer:
      return transformer_;
    case Component::TextEncoder:
    case Component::PromptEnhancer:
      return text_;
    case Component::VideoEncoder:
    case Component::VideoDecoder:
      return vae_;
    default:
      return others_;
  }
}

void Quantization::check(Component component, const weights::Store& store) const {
  quant::make_context(wanted(component, calibration_), store);
}

std::shared_ptr<const quant::Context> Quantization::context(Component component,
                                                            const weights::Store& store) const {
  if (component != Component::Transformer || !calibration_)
    return quant::make_context(wanted(component, nullptr), store);
  std::map<std::string, float, std::less<>> present;
  for (const auto& [layer, amax] : calibration_->entries())
    if (store.find(std::string(quant::canonical_name(layer)) + ".weight")) present.emplace(layer, amax);
  return quant::make_context(
      wanted(component, std::make_shared<const quant::Calibration>(std::move(present))), store);
}

quant::Context Quantization::wanted(Component component,
                                    std::shared_ptr<const quant::Calibration> calibration) const {
  quant::Context wanted;
  wanted.policy = policy(component);
  wanted.component = std::string(engine::name_of(component));
  wanted.ability = ability_;
  wanted.report = report_;
  wanted.measure = measure_;
  if (component == Component::Transformer) {
    wanted.calibration = std::move(calibration);
    wanted.layers = layers_;
  }
  return wanted;
}

uint64_t native_formats(const quant::DeviceAbility& device) {
  using formats::Format;
  uint64_t bits = 0;
  for (const auto format : {Format::Fp8PerTensor, Format::Fp8PerRow, Format::Mxfp8, Format::Fp8Block128,
                            Format::Fp6Block128, Format::Nvfp4, Format::Int8}) {
    const auto kind = format == Format::Int8 ? quant::Kind::Int8Dynamic : quant::kind_of(format);
    if (quant::route(kind, device).native) bits |= uint64_t{1} << static_cast<int>(format);
  }
  return bits;
}

}  // namespace ltx::pipelines
