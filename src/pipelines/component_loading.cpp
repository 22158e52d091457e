// Opens and loads the networks of a pipeline.
#include <algorithm>

#include "base/error.h"
#include "engine/rules.h"
#include "pipelines/audio_stream_store.h"
#include "pipelines/components.h"
#include "weights/fused_store.h"
#include "weights/progress_store.h"

namespace ltx::pipelines {

using engine::Component;
using WeightPart = weights::Component;

namespace {

/// The LoRAs of a layer, as LayerCache tells them apart: a file is opened once per pipeline.
std::string update_of(const std::vector<weights::Lora>& loras, std::string_view layer) {
  const bool any =
      std::any_of(loras.begin(), loras.end(), [](const auto& lora) { return lora.strength != 0; });
  std::string update;
  for (const auto& lora : loras) {
    const bool counts = lora.strength != 0 || (any && lora.file->reference());
    if (counts && lora.file->layers().contains(layer))
      update += fmt::format("{}*{};", static_cast<const void*>(lora.file.get()), lora.strength);
  }
  return update;
}

}  // namespace

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
  return for_recipe(std::move(store));
}

/// Without what the recipe does not use.
std::shared_ptr<const weights::Store> Components::for_recipe(
    std::shared_ptr<const weights::Store> store) const {
  if (kind_ != engine::PipelineKind::TextToAudio) return store;
  return std::make_shared<const AudioStreamStore>(std::move(store));
}

std::optional<WeightCache::Found> Components::encoded(Component component, WeightPart source,
                                                      const weights::Part& part,
                                                      std::vector<std::filesystem::path> files,
                                                      const std::vector<weights::Lora>& loras,
                                                      Monitor& monitor) {
  uint64_t file_bytes = 0;
  {
    const std::lock_guard lock(mutex_);
    file_bytes = slot(component).file_bytes;
  }
  auto context = quantization_.context(component, part.view.store());
  return weight_cache_.open({source, std::move(files), part, loras, std::move(context), device_, compute_},
                            file_bytes, monitor);
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
  const bool several = sources_of(component).size() > 1;
  uint64_t done = 0, read = 0, held = 0;
  auto& layers = quantization_.layers();  // of the transformer
  const bool again = component == Component::Transformer && layers.holds_any();
  if (!again) quantization_.report().forget(engine::name_of(component));
  // Builds one network of the component from its part of the files, reporting bytes as it reads. `before`:
  // bytes that were read to make the part.
  const auto build = [&](const weights::Part& part, std::shared_ptr<const weights::Store> store,
                         auto&& network, uint64_t before = 0) {
    const uint64_t own = weights::stored_bytes(*store);
    const uint64_t unread = again ? quant::held_bytes(*store, layers) : 0;
    done += before;
    read += before + own - unread;
    held += own;
    auto counted = std::make_shared<weights::ProgressStore>(std::move(store), monitor, done,
                                                            several ? file_bytes : done + own - unread);
    const auto reading = again ? quant::without_held(counted, layers) : counted;
    const weights::View view(reading);
    const auto context = quantization_.context(component, *reading);
    auto made = weights::build_complete(view, [&](const weights::View& complete) {
      auto built = network(quant::Source(complete, device_, compute_, context), part);
      note_unused(complete);  // this view, not the outer one, knows what was taken
      return built;
    });
    done = counted->bytes_done();
    return made;
  };
  Lease<Network> network = make(build);
  {
    const std::lock_guard lock(mutex_);
    auto& entry = slot(component);
    bytes_read_ += read;
    entry.weight_bytes = weight_bytes(component, held);
    entry.alive = network;
    if (persistent_) entry.kept = network;
  }
  tell_warnings(monitor);
  return network;
}

Lease<text::TextEncoder> Components::text_encoder(Monitor& monitor) {
  return lease<text::TextEncoder>(Component::TextEncoder, monitor, [&](auto& build) {
    const auto part = files_.text_encoder().open();
    const auto found = encoded(Component::TextEncoder, WeightPart::TextEncoder, part,
                               files_.text_encoder().weight_files(), {}, monitor);
    return build(
        part, found ? found->store : part.view.shared_store(),
        [&](const quant::Source& source, const weights::Part&) {
          return std::make_shared<const text::TextEncoder>(files_.text_encoder(), source);
        },
        found && found->built ? weights::stored_bytes(part.view.store()) : 0);
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

Lease<PromptEnhancer> Components::prompt_enhancer(Monitor& monitor) {
  return lease<PromptEnhancer>(Component::PromptEnhancer, monitor, [&](auto& build) {
    const auto part = enhancer_.files().open();
    return build(part, enhancer_.store(),
                 [&](const quant::Source& source, const weights::Part&) { return enhancer_.build(source); });
  });
}

Lease<transformer::Transformer> Components::transformer(Monitor& monitor,
                                                        const std::vector<weights::Lora>& loras) {
  auto wanted = set_of(loras);
  // Layers that both sets leave alike stay; the others go before new ones come, unless both sets have room.
  std::optional<quant::LayerCache::Load> load;
  if (!take(wanted)) {
    load.emplace(quantization_.layers(), [loras](std::string_view layer) { return update_of(loras, layer); });
    change_set(std::move(wanted));
  }
  return lease<transformer::Transformer>(Component::Transformer, monitor, [&](auto& build) {
    const auto part = files_.open(WeightPart::Transformer);
    // Where most of it stays, the rest is sooner read from the files than a whole entry is looked at or
    // built.
    const bool mostly_held = 2 * quant::held_bytes(part.view.store(), quantization_.layers()) >
                             weights::stored_bytes(part.view.store());
    const auto found = mostly_held ? std::nullopt
                                   : encoded(Component::Transformer, WeightPart::Transformer, part,
                                             {part.file}, loras, monitor);
    return build(
        part, found ? for_recipe(found->store) : transformer_store(loras),
        [&](const quant::Source& source, const weights::Part&) {
          transformer::TransformerOptions options;
          if (!persistent_) options.kept_text_bytes = 0;  // AUTO counted them where it chose to keep all
          return std::make_shared<const transformer::Transformer>(source, transformer_config_, options);
        },
        found && found->built ? weights::stored_bytes(part.view.store()) : 0);
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
      case Component::PromptEnhancer:
        return prompt_enhancer(monitor);
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

}  // namespace ltx::pipelines
