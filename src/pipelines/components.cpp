#include "pipelines/components.h"

#include <set>

#include "base/error.h"
#include "device/device.h"
#include "device/free_memory.h"
#include "engine/rules.h"
#include "quant/footprint.h"
#include "weights/fused_store.h"
#include "weights/progress_store.h"

namespace ltx::pipelines {
namespace {

using engine::Component;
using WeightPart = weights::Component;

weights::ModelPaths paths_of(const engine::ModelPaths& p) {
  return {p.root,      p.checkpoint,    p.transformer,       p.text_encoder,       p.video_vae,
          p.audio_vae, p.duration_head, p.spatial_upsampler, p.temporal_upsampler, p.prompt_enhancer,
          {}};
}

bool has_two_stages(engine::PipelineKind kind) {
  return kind != engine::PipelineKind::OneStage && kind != engine::PipelineKind::Retake &&
         kind != engine::PipelineKind::TextToAudio;
}

std::vector<Component> parts_of(engine::PipelineKind kind) {
  using enum engine::PipelineKind;
  std::vector<Component> parts = {Component::TextEncoder, Component::TextConnector};
  if (kind == AudioToVideo || kind == Retake) parts.push_back(Component::AudioEncoder);
  if (kind != TextToAudio) parts.push_back(Component::VideoEncoder);
  parts.push_back(Component::Transformer);
  if (has_two_stages(kind)) parts.push_back(Component::SpatialUpsampler);
  if (kind != TextToAudio) parts.push_back(Component::VideoDecoder);
  if (kind != AudioToVideo) parts.push_back(Component::AudioDecoder);  // it ships the sound that it was given
  return parts;
}

/// Of a folder with both models, the one that the recipe runs on.
bool wants_distilled(engine::PipelineKind kind) {
  return kind == engine::PipelineKind::Distilled || kind == engine::PipelineKind::IcLora ||
         kind == engine::PipelineKind::Retake;
}

}  // namespace

at::Device choose_device(const engine::PipelineParams& params) {
  const int count = device::cuda_device_count();
  switch (params.device_type) {
    case engine::DeviceType::Cpu:
      return at::kCPU;
    case engine::DeviceType::Auto:
      if (count == 0) return at::kCPU;
      [[fallthrough]];
    case engine::DeviceType::Cuda:
      break;
  }
  if (params.device_index < 0 || params.device_index >= count)
    fail(
        Status::NoDevice,
        "params.device_index asks for CUDA device {}; found are {} CUDA devices. Use one of them or the CPU.",
        params.device_index, count);
  return {at::kCUDA, static_cast<at::DeviceIndex>(params.device_index)};
}

Components::Components(const engine::PipelineParams& params)
    : kind_(params.kind),
      files_(paths_of(params.models), wants_distilled(params.kind)),
      enhancer_(files_),
      device_(choose_device(params)),
      compute_(params.compute_dtype == engine::ComputeDtype::F32 ? at::kFloat : at::kBFloat16),
      quantization_(params, device_),
      weight_cache_(params.weight_cache),
      max_batch_size_(params.max_batch_size),
      parts_(parts_of(params.kind)) {
  if (enhancer_.separate()) parts_.insert(parts_.begin(), Component::PromptEnhancer);
  uint64_t total = 0;
  for (const auto part : parts_) {
    add_part(part);
    total += resident_bytes(part);
  }
  if (enhancer_.store()) add_part(Component::PromptEnhancer);
  if (auto warning = files_.check_pairing(); !warning.empty()) warnings_.push_back(std::move(warning));
  const auto transformer_part = files_.open(WeightPart::Transformer);
  transformer_config_ = transformer::Config::parse(transformer_part.config,
                                                   kind_ == engine::PipelineKind::TextToAudio
                                                       ? transformer::ModelType::AudioOnly
                                                       : transformer::ModelType::AudioVideo,
                                                   transformer_part.file);
  for (const auto& lora : params.loras)
    loras_.push_back({std::make_shared<weights::LoraFile>(lora.path, params.quant_options.reference_compat),
                      static_cast<double>(lora.strength), lora.role, lora.stages});
  // Mismatches are found now, before any weight is read.
  std::vector<weights::Lora> all;
  for (const auto& lora : loras_) all.push_back({lora.file, lora.strength});
  transformer_store(all, &warnings_);
  check_loras();
  if (kind_ == engine::PipelineKind::IcLora) reference_scale(&warnings_);
  for (const auto& warning : files_.warnings()) warnings_.push_back(warning);

  // A policy that does not suit the files is refused now, too.
  for (const auto part : parts_)
    for (const auto source : sources_of(part)) quantization_.check(part, open_part(source).view.store());
  if (enhancer_.store()) quantization_.check(Component::PromptEnhancer, *enhancer_.store());

  // Weights, activations and the frames share the memory; what does not fit comfortably is read for its
  // phase.
  if (params.memory_mode == engine::MemoryMode::Auto) {
    const uint64_t available = device::free_bytes(device_);
    uint64_t wanted = total * (compute_ == at::kFloat ? 2 : 1);
    if (transformer_config_.static_text())
      wanted += static_cast<uint64_t>(transformer::TransformerOptions().kept_text_bytes);
    persistent_ = available == 0 || wanted < available / 10 * 6;
  } else {
    persistent_ = params.memory_mode == engine::MemoryMode::Persistent;
    second_set_ = persistent_;
  }
}

void Components::add_part(Component component) {
  auto& entry = slots_[component];
  entry.file_bytes = 0;
  for (const auto& store : stores_of(component)) entry.file_bytes += weights::stored_bytes(*store);
  entry.policy = resolved_policy(component);
  // No policy of text models touches what sees images.
  if (component == Component::PromptEnhancer && !enhancer_.separate())
    entry.policy = engine::QuantPolicy::None;
}

std::vector<Component> Components::all_parts() const {
  auto all = parts_;
  if (enhancer_.store() && !enhancer_.separate()) all.insert(all.begin(), Component::PromptEnhancer);
  return all;
}

std::vector<WeightPart> Components::sources_of(Component component) const {
  switch (component) {
    case Component::TextEncoder:
      return {WeightPart::TextEncoder};
    case Component::TextConnector:
      return {WeightPart::Embeddings};
    case Component::Transformer:
      return {WeightPart::Transformer};
    case Component::VideoEncoder:
      return {WeightPart::VideoEncoder};
    case Component::VideoDecoder:
      return {WeightPart::VideoDecoder};
    case Component::AudioEncoder:
      return {WeightPart::AudioEncoder};
    case Component::AudioDecoder:
      return {WeightPart::AudioDecoder, WeightPart::Vocoder};
    case Component::SpatialUpsampler:
      return {WeightPart::Upsampler};
    default:
      return {};
  }
}

std::shared_ptr<const weights::Store> Components::store_of(WeightPart source) const {
  return source == WeightPart::Transformer ? transformer_store({}) : open_part(source).view.shared_store();
}

std::vector<std::shared_ptr<const weights::Store>> Components::stores_of(Component component) const {
  if (component == Component::PromptEnhancer) return {enhancer_.store()};
  std::vector<std::shared_ptr<const weights::Store>> stores;
  for (const auto source : sources_of(component)) stores.push_back(store_of(source));
  return stores;
}

weights::Part Components::open_part(WeightPart source) const {
  return source == WeightPart::TextEncoder ? files_.text_encoder().open() : files_.open(source);
}

Components::Slot& Components::slot(Component component) {
  const auto found = slots_.find(component);
  if (found == slots_.end())
    fail(Status::Unsupported, "the recipe has no component '{}'. Ask for one that ltx_pipeline_info lists.",
         engine::name_of(component));
  return found->second;
}

void Components::evict(Component component) {
  std::vector<std::shared_ptr<const void>> dropped;  // destroyed after the lock is released
  const std::lock_guard lock(mutex_);
  for (const auto part : component == Component::All ? all_parts() : std::vector{component})
    dropped.push_back(std::exchange(slot(part).kept, nullptr));
  if (component == Component::All || component == Component::Transformer)
    dropped.push_back(std::exchange(resting_, {}).network);
}

engine::ComponentState Components::state(Component component) const {
  const std::lock_guard lock(mutex_);
  engine::ComponentState state;
  state.component = component;
  state.residency = !persistent_        ? engine::Residency::Disk
                    : device_.is_cuda() ? engine::Residency::Device
                                        : engine::Residency::Host;
  for (const auto part : component == Component::All ? all_parts() : std::vector{component}) {
    const auto& entry = const_cast<Components*>(this)->slot(part);
    state.file_bytes += entry.file_bytes;
    if (component != Component::All) state.quant = entry.policy;
    const bool rests = part == Component::Transformer && resting_.network;
    if (entry.alive.expired() && !rests) continue;
    (device_.is_cuda() ? state.device_bytes : state.host_bytes) +=
        entry.alive.expired() ? resting_.bytes : entry.weight_bytes + (rests ? second_bytes_ : 0);
    state.on_device = true;
  }
  return state;
}

engine::QuantPolicy Components::resolved_policy(Component component) const {
  const auto kind = quantization_.policy(component).kind();
  if (kind != quant::Kind::Auto) return static_cast<engine::QuantPolicy>(kind);
  std::set<quant::Kind> stored;
  for (const auto& store : stores_of(component))
    for (const auto& name : store->names())
      if (const auto format = store->find(name)->format; format != formats::Format::Unquantized)
        stored.insert(quant::kind_of(format));
  if (stored.empty()) return engine::QuantPolicy::None;
  return stored.size() == 1 ? static_cast<engine::QuantPolicy>(*stored.begin()) : engine::QuantPolicy::Auto;
}

uint64_t Components::weight_bytes(Component component, uint64_t file_bytes) const {
  const auto& report = quantization_.report();
  const auto name = engine::name_of(component);
  // What no policy touched is nearly all stored in bf16.
  const uint64_t plain = file_bytes - std::min(file_bytes, report.bytes_before(name));
  return (compute_ == at::kFloat ? 2 * plain : plain) + report.bytes_after(name);
}

uint64_t Components::resident_bytes(Component component) const {
  std::vector<quant::StoredTensor> tensors;
  for (const auto& store : stores_of(component))
    for (const auto& name : store->names()) {
      const auto& info = *store->find(name);
      tensors.push_back({name, info.shape, weights::stored_bytes(info), info.format});
    }
  return quant::footprint(quantization_.policy(component), quant::ability_of(device_), tensors).bytes;
}

void Components::tell_warnings(Monitor& monitor) {
  for (const auto& text : quantization_.warnings()) {
    {
      const std::lock_guard lock(mutex_);
      if (!told_.insert(text).second) continue;
    }
    monitor.log(LogLevel::Warning, "quantization", text);
  }
}

std::vector<std::string> Components::warnings() const {
  auto all = quantization_.warnings();
  const std::lock_guard lock(mutex_);
  all.insert(all.end(), warnings_.begin(), warnings_.end());
  return all;
}

uint64_t Components::bytes_read() const {
  const std::lock_guard lock(mutex_);
  return bytes_read_;
}

}  // namespace ltx::pipelines
