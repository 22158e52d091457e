#include "pipelines/components.h"

#include <c10/core/DeviceGuard.h>

#include <fstream>
#include <set>

#include "base/error.h"
#include "device/device.h"
#include "engine/rules.h"
#include "pipelines/audio_stream_store.h"
#include "pipelines/numbers.h"
#include "quant/footprint.h"
#include "weights/fused_store.h"
#include "weights/progress_store.h"

#ifdef LTX_WITH_CUDA
#include <cuda_runtime_api.h>
#endif

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

/// The recipe's share of a distilled LoRA's strength in a stage (spec 07 §6.1).
double distilled_share(engine::PipelineKind kind, int32_t stage) {
  switch (kind) {
    case engine::PipelineKind::TwoStage:
    case engine::PipelineKind::Keyframes:
    case engine::PipelineKind::AudioToVideo:
      return stage == 2 ? 1.0 : 0.0;
    case engine::PipelineKind::TwoStageHq:
      return stage == 2 ? 0.5 : 0.25;
    default:
      return 0.0;
  }
}

/// The same of a user's LoRA: an IC-LoRA's second stage runs on the bare model (spec 07 §6.8).
double user_share(engine::PipelineKind kind, int32_t stage) {
  return kind == engine::PipelineKind::IcLora && stage == 2 ? 0.0 : 1.0;
}

/// Memory that a pipeline may count on at this moment, 0 if nobody says.
uint64_t free_bytes(const at::Device& device) {
#ifdef LTX_WITH_CUDA
  if (device.is_cuda()) {
    const c10::DeviceGuard guard(device);
    size_t free = 0, total = 0;
    if (cudaMemGetInfo(&free, &total) != cudaSuccess) {
      cudaGetLastError();
      return 1;  // a device that does not answer has no room to spare
    }
    return free;
  }
#endif
  (void)device;
  std::ifstream file("/proc/meminfo");
  for (std::string key; file >> key;) {
    uint64_t value = 0;
    file >> value;
    if (key == "MemAvailable:") return value * 1024;
    file.ignore(64, '\n');
  }
  return 0;
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
      device_(choose_device(params)),
      compute_(params.compute_dtype == engine::ComputeDtype::F32 ? at::kFloat : at::kBFloat16),
      quantization_(params, device_),
      max_batch_size_(params.max_batch_size),
      parts_(parts_of(params.kind)) {
  uint64_t total = 0;
  for (const auto part : parts_) {
    auto& entry = slots_[part];
    for (const auto source : sources_of(part)) {
      if (source == WeightPart::TextEncoder)
        entry.file_bytes += weights::stored_bytes(files_.text_encoder().open().view.store());
      else if (source == WeightPart::Transformer)
        entry.file_bytes += weights::stored_bytes(*transformer_store({}));
      else
        entry.file_bytes += weights::stored_bytes(files_.open(source).view.store());
    }
    total += resident_bytes(part);
    entry.policy = resolved_policy(part);
  }
  if (auto warning = files_.check_pairing(); !warning.empty()) warnings_.push_back(std::move(warning));
  const auto transformer_part = files_.open(WeightPart::Transformer);
  transformer_config_ = transformer::Config::parse(transformer_part.config,
                                                   kind_ == engine::PipelineKind::TextToAudio
                                                       ? transformer::ModelType::AudioOnly
                                                       : transformer::ModelType::AudioVideo,
                                                   transformer_part.file);
  for (const auto& lora : params.loras)
    loras_.push_back({std::make_shared<weights::LoraFile>(lora.path), static_cast<double>(lora.strength),
                      lora.role, lora.stages});
  // Mismatches are found now, before any weight is read.
  std::vector<weights::Lora> all;
  for (const auto& lora : loras_) all.push_back({lora.file, lora.strength});
  transformer_store(all, &warnings_);
  check_loras();
  if (kind_ == engine::PipelineKind::IcLora) reference_scale();
  for (const auto& warning : files_.warnings()) warnings_.push_back(warning);

  // A policy that does not suit the files is refused now, too.
  for (const auto part : parts_)
    for (const auto source : sources_of(part))
      quantization_.check(part, source == WeightPart::TextEncoder ? files_.text_encoder().open().view.store()
                                                                  : files_.open(source).view.store());

  // Weights, activations and the frames share the memory; what does not fit comfortably is read for its
  // phase.
  if (params.memory_mode == engine::MemoryMode::Auto) {
    const uint64_t available = free_bytes(device_);
    persistent_ = available == 0 || total * (compute_ == at::kFloat ? 2 : 1) < available / 10 * 6;
  } else {
    persistent_ = params.memory_mode == engine::MemoryMode::Persistent;
  }
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

Components::Slot& Components::slot(Component component) {
  const auto found = slots_.find(component);
  if (found == slots_.end())
    fail(Status::Unsupported, "the recipe has no component '{}'. Ask for one that ltx_pipeline_info lists.",
         engine::name_of(component));
  return found->second;
}

void Components::note_unused(const weights::View& view) {
  const auto unused = view.unused();
  if (unused.empty()) return;
  const std::lock_guard lock(mutex_);
  auto text = fmt::format("{}: {} tensors were not used, the first is '{}'", view.store().describe(),
                          unused.size(), unused.front());
  if (std::find(warnings_.begin(), warnings_.end(), text) == warnings_.end())
    warnings_.push_back(std::move(text));
}

std::shared_ptr<const weights::Store> Components::transformer_store(
    const std::vector<weights::Lora>& loras, std::vector<std::string>* warnings) const {
  auto store =
      weights::with_loras(files_.open(WeightPart::Transformer).view.shared_store(), loras, device_, warnings);
  if (kind_ != engine::PipelineKind::TextToAudio) return store;
  return std::make_shared<const AudioStreamStore>(std::move(store));
}

template <class Network, class Make>
Lease<Network> Components::lease(Component component, Monitor& monitor, Make&& make) {
  uint64_t file_bytes = 0;
  {
    const std::lock_guard lock(mutex_);
    auto& entry = slot(component);
    if (auto alive = entry.alive.lock()) return std::static_pointer_cast<const Network>(alive);
    file_bytes = entry.file_bytes;
  }
  monitor.checkpoint();
  monitor.progress({.phase = Phase::Load, .bytes_total = file_bytes});
  uint64_t done = 0;
  quantization_.report().forget(engine::name_of(component));
  // Builds one network of the component from its part of the files, reporting bytes as it reads.
  const auto build = [&](const weights::Part& part, std::shared_ptr<const weights::Store> store,
                         auto&& network) {
    auto reading = std::make_shared<weights::ProgressStore>(std::move(store), monitor, done, file_bytes);
    const weights::View view(reading);
    const auto context = quantization_.context(component, *reading);
    auto made = weights::build_complete(view, [&](const weights::View& complete) {
      auto built = network(quant::Source(complete, device_, compute_, context), part);
      note_unused(complete);  // this view, not the outer one, knows what was taken
      return built;
    });
    done = reading->bytes_done();
    return made;
  };
  Lease<Network> network = make(build);
  {
    const std::lock_guard lock(mutex_);
    auto& entry = slot(component);
    bytes_read_ += file_bytes;
    entry.weight_bytes = weight_bytes(component, file_bytes);
    entry.alive = network;
    if (persistent_) entry.kept = network;
  }
  tell_warnings(monitor);
  return network;
}

Lease<text::TextEncoder> Components::text_encoder(Monitor& monitor) {
  return lease<text::TextEncoder>(Component::TextEncoder, monitor, [&](auto& build) {
    const auto part = files_.text_encoder().open();
    return build(part, part.view.shared_store(), [&](const quant::Source& source, const weights::Part&) {
      return std::make_shared<const text::TextEncoder>(files_.text_encoder(), source);
    });
  });
}

Lease<text::EmbeddingsProcessor> Components::embeddings(Monitor& monitor) {
  return lease<text::EmbeddingsProcessor>(Component::TextConnector, monitor, [&](auto& build) {
    const auto part = files_.open(WeightPart::Embeddings);
    return build(part, part.view.shared_store(), [&](const quant::Source& source, const weights::Part& p) {
      const auto gemma =
          text::GemmaConfig::parse(files_.text_encoder().config(), files_.text_encoder().path().string());
      return std::make_shared<const text::EmbeddingsProcessor>(
          text::EmbeddingsConfig::parse(p.config, p.file), gemma.hidden, gemma.states(), source);
    });
  });
}

std::vector<weights::Lora> Components::stage_loras(int32_t stage) const {
  std::vector<weights::Lora> chosen;
  for (const auto role : {engine::LoraRole::User, engine::LoraRole::Distilled})
    for (const auto& lora : loras_) {
      if (lora.role != role) continue;
      const double factor = lora.stages != 0                      ? (lora.stages >> (stage - 1) & 1)
                            : role == engine::LoraRole::Distilled ? distilled_share(kind_, stage)
                                                                  : user_share(kind_, stage);
      if (lora.strength * factor != 0) chosen.push_back({lora.file, lora.strength * factor});
    }
  return chosen;
}

void Components::check_loras() const {
  const int32_t stages = has_two_stages(kind_) ? 3 : 1;
  for (const auto& lora : loras_)
    if (lora.stages & ~stages)
      fail(Status::InvalidArgument,
           "params.loras[].stages is {} for '{}', but the recipe {} has {}. Use 0 or the bits of its stages.",
           lora.stages, lora.file->path(), engine::name_of(kind_), stages == 1 ? "one stage" : "two stages");
  const bool steers = std::any_of(loras_.begin(), loras_.end(), [](const auto& lora) {
    return lora.role == engine::LoraRole::User && (lora.stages == 0 || lora.stages & 1);
  });
  if (kind_ == engine::PipelineKind::IcLora && !steers)
    fail(Status::ComponentMissing,
         "the recipe ic-lora needs an IC-LoRA for its first stage, params.loras has none. Add one with the "
         "role user.");
  const bool distils = distilled_share(kind_, 2) != 0;
  const bool given = std::any_of(loras_.begin(), loras_.end(),
                                 [](const auto& l) { return l.role == engine::LoraRole::Distilled; });
  if (given && !distils)
    fail(Status::InvalidArgument,
         "params.loras has a distilled LoRA, but the recipe {} does not use one. Give it the role user.",
         engine::name_of(kind_));
  const auto second = stage_loras(2);
  const bool used = std::any_of(loras_.begin(), loras_.end(), [&](const auto& lora) {
    return lora.role == engine::LoraRole::Distilled &&
           std::any_of(second.begin(), second.end(),
                       [&](const auto& chosen) { return chosen.file == lora.file; });
  });
  if (distils && !used)
    fail(Status::ComponentMissing,
         "the recipe {} needs a distilled LoRA for its second stage, params.loras has none. Add one with the "
         "role distilled.",
         engine::name_of(kind_));
}

ReferenceScale Components::reference_scale() const {
  ReferenceScale scale;
  const auto take = [](const weights::LoraFile& file, const char* key, std::optional<int64_t> stated,
                       int64_t& factor) {
    if (!stated || *stated == 1) return;
    if (factor != 1 && factor != *stated)
      fail(Status::LoraMismatch,
           "'{}': metadata '{}' is {}, another LoRA's is {}. Use LoRAs that were trained for references of "
           "one size.",
           file.path(), key, *stated, factor);
    factor = *stated;
  };
  for (const auto& lora : loras_) {
    take(*lora.file, "reference_downscale_factor", lora.file->reference_downscale_factor(), scale.down);
    take(*lora.file, "reference_temporal_scale_factor", lora.file->reference_temporal_scale_factor(),
         scale.time);
  }
  return scale;
}

Lease<transformer::Transformer> Components::transformer(Monitor& monitor,
                                                        const std::vector<weights::Lora>& loras) {
  std::vector<std::pair<std::string, double>> wanted;
  for (const auto& lora : loras)
    if (lora.strength != 0) wanted.emplace_back(lora.file->path(), lora.strength);
  std::shared_ptr<const void> other;  // destroyed after the lock is released
  {
    const std::lock_guard lock(mutex_);
    if (fused_ != wanted) {
      auto& entry = slot(Component::Transformer);
      other = std::exchange(entry.kept, nullptr);
      entry.alive.reset();
      fused_ = wanted;
    }
  }
  other.reset();
  return lease<transformer::Transformer>(Component::Transformer, monitor, [&](auto& build) {
    const auto part = files_.open(WeightPart::Transformer);
    return build(part, transformer_store(loras), [&](const quant::Source& source, const weights::Part&) {
      return std::make_shared<const transformer::Transformer>(source, transformer_config_);
    });
  });
}

Lease<video_vae::VideoEncoder> Components::video_encoder(Monitor& monitor) {
  return lease<video_vae::VideoEncoder>(Component::VideoEncoder, monitor, [&](auto& build) {
    const auto part = files_.open(WeightPart::VideoEncoder);
    return build(part, part.view.shared_store(), [](const quant::Source& source, const weights::Part& p) {
      return std::make_shared<const video_vae::VideoEncoder>(
          source, video_vae::EncoderConfig::parse(p.config, p.file));
    });
  });
}

Lease<video_vae::VideoDecoder> Components::video_decoder(Monitor& monitor) {
  return lease<video_vae::VideoDecoder>(Component::VideoDecoder, monitor, [&](auto& build) {
    const auto part = files_.open(WeightPart::VideoDecoder);
    return build(part, part.view.shared_store(), [](const quant::Source& source, const weights::Part& p) {
      return std::make_shared<const video_vae::VideoDecoder>(
          source, video_vae::DecoderConfig::parse(p.config, p.file));
    });
  });
}

Lease<audio::Encoder> Components::audio_encoder(Monitor& monitor) {
  return lease<audio::Encoder>(Component::AudioEncoder, monitor, [&](auto& build) {
    const auto part = files_.open(WeightPart::AudioEncoder);
    return build(part, part.view.shared_store(), [](const quant::Source& source, const weights::Part& p) {
      return std::make_shared<const audio::Encoder>(source, audio::VaeConfig::parse(p.config, p.file));
    });
  });
}

Lease<AudioDecoder> Components::audio_decoder(Monitor& monitor) {
  return lease<AudioDecoder>(Component::AudioDecoder, monitor, [&](auto& build) {
    const auto vae = files_.open(WeightPart::AudioDecoder);
    auto decoder =
        build(vae, vae.view.shared_store(), [](const quant::Source& source, const weights::Part& p) {
          return audio::Decoder(source, audio::VaeConfig::parse(p.config, p.file));
        });
    const auto voice = files_.open(WeightPart::Vocoder);
    auto vocoder =
        build(voice, voice.view.shared_store(), [](const quant::Source& source, const weights::Part& p) {
          return audio::Vocoder(source, audio::VocoderConfig::parse(p.config, p.file));
        });
    return std::make_shared<const AudioDecoder>(AudioDecoder{std::move(decoder), std::move(vocoder)});
  });
}

Lease<upsampler::Upsampler> Components::spatial_upsampler(Monitor& monitor) {
  return lease<upsampler::Upsampler>(Component::SpatialUpsampler, monitor, [&](auto& build) {
    const auto part = files_.open(WeightPart::Upsampler);
    return build(part, part.view.shared_store(), [](const quant::Source& source, const weights::Part& p) {
      return std::make_shared<const upsampler::Upsampler>(
          source, upsampler::UpsamplerConfig::parse(p.config, p.file));
    });
  });
}

nn::ChannelStatistics Components::video_statistics() const {
  const auto part = files_.open(WeightPart::VideoEncoder);
  const auto config = video_vae::EncoderConfig::parse(part.config, part.file);
  return {quant::Source(part.view, device_, compute_), config.latent_channels};
}

void Components::preload(Component component, Monitor& monitor) {
  const auto load = [&](Component part) -> std::shared_ptr<const void> {
    switch (part) {
      case Component::TextEncoder:
        return text_encoder(monitor);
      case Component::TextConnector:
        return embeddings(monitor);
      case Component::Transformer:
        return transformer(monitor, stage_loras(1));
      case Component::VideoEncoder:
        return video_encoder(monitor);
      case Component::VideoDecoder:
        return video_decoder(monitor);
      case Component::AudioEncoder:
        return audio_encoder(monitor);
      case Component::AudioDecoder:
        return audio_decoder(monitor);
      case Component::SpatialUpsampler:
        return spatial_upsampler(monitor);
      default:
        break;
    }
    const std::lock_guard lock(mutex_);
    slot(part);  // throws: the recipe has no such part
    return nullptr;
  };
  for (const auto part : component == Component::All ? parts_ : std::vector{component}) {
    auto network = load(part);
    // An explicit preload keeps the network in COLD mode, too, until it is evicted.
    const std::lock_guard lock(mutex_);
    slot(part).kept = std::move(network);
  }
}

void Components::evict(Component component) {
  std::vector<std::shared_ptr<const void>> dropped;  // destroyed after the lock is released
  const std::lock_guard lock(mutex_);
  for (const auto part : component == Component::All ? parts_ : std::vector{component})
    dropped.push_back(std::exchange(slot(part).kept, nullptr));
}

engine::ComponentState Components::state(Component component) const {
  const std::lock_guard lock(mutex_);
  engine::ComponentState state;
  state.component = component;
  state.residency = !persistent_        ? engine::Residency::Disk
                    : device_.is_cuda() ? engine::Residency::Device
                                        : engine::Residency::Host;
  for (const auto part : component == Component::All ? parts_ : std::vector{component}) {
    const auto& entry = const_cast<Components*>(this)->slot(part);
    state.file_bytes += entry.file_bytes;
    if (component != Component::All) state.quant = entry.policy;
    if (entry.alive.expired()) continue;
    (device_.is_cuda() ? state.device_bytes : state.host_bytes) += entry.weight_bytes;
    state.on_device = true;
  }
  return state;
}

engine::QuantPolicy Components::resolved_policy(Component component) const {
  const auto kind = quantization_.policy(component).kind();
  if (kind != quant::Kind::Auto) return static_cast<engine::QuantPolicy>(kind);
  std::set<quant::Kind> stored;
  for (const auto source : sources_of(component)) {
    const auto part = source == WeightPart::TextEncoder ? files_.text_encoder().open() : files_.open(source);
    const auto& store = part.view.store();
    for (const auto& name : store.names())
      if (const auto format = store.find(name)->format; format != formats::Format::Unquantized)
        stored.insert(quant::kind_of(format));
  }
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
  for (const auto source : sources_of(component)) {
    const auto part = source == WeightPart::TextEncoder ? files_.text_encoder().open() : files_.open(source);
    const auto& store = part.view.store();
    for (const auto& name : store.names()) {
      const auto& info = *store.find(name);
      tensors.push_back({name, info.shape, weights::stored_bytes(info), info.format});
    }
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
