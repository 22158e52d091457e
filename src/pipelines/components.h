// The networks of a pipeline: opened from file headers, loaded when first needed, kept or dropped by the
// memory mode.
#pragma once
#include <ATen/ATen.h>

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>

#include "engine/engine.h"
#include "models/audio/vae.h"
#include "models/audio/vocoder.h"
#include "models/text/embeddings_processor.h"
#include "models/text/text_encoder.h"
#include "models/transformer/transformer.h"
#include "models/upsampler/upsampler.h"
#include "models/video_vae/decoder.h"
#include "models/video_vae/encoder.h"
#include "pipelines/enhance_files.h"
#include "pipelines/quantization.h"
#include "pipelines/weight_cache.h"
#include "weights/lora.h"
#include "weights/model_files.h"

namespace ltx::pipelines {

/// Decoder and vocoder go together: neither is of use without the other.
struct AudioDecoder {
  audio::Decoder decoder;
  audio::Vocoder vocoder;
};

/// How much smaller, and how much slower, the reference videos of IC-LoRAs are than the stage.
struct ReferenceScale {
  int64_t down = 1, time = 1;
};

/// A share in a loaded network. In COLD mode the last lease that ends frees it; in PERSISTENT mode the
/// pipeline keeps it.
template <class Network>
using Lease = std::shared_ptr<const Network>;

class Components {
 public:
  /// Reads headers only. Throws ComponentMissing for a part that the recipe needs, ModelVersion for a text
  /// encoder of another model, LoraMismatch.
  explicit Components(const engine::PipelineParams& params);

  Lease<text::TextEncoder> text_encoder(Monitor& monitor);
  /// What enhancer_files() has beside the text encoder.
  Lease<PromptEnhancer> prompt_enhancer(Monitor& monitor);
  Lease<text::EmbeddingsProcessor> embeddings(Monitor& monitor);
  /// With LoRAs fused. Another set than the resident one is fused anew from the files, tensor by tensor: the
  /// base stays bit-equal, and no second copy exists. Where the caller asked for PERSISTENT and there is
  /// room, the former set rests beside it, and neither is read again; layers that the LoRAs leave alone are
  /// shared.
  Lease<transformer::Transformer> transformer(Monitor& monitor, const std::vector<weights::Lora>& loras);
  Lease<video_vae::VideoEncoder> video_encoder(Monitor& monitor);
  Lease<video_vae::VideoDecoder> video_decoder(Monitor& monitor);
  Lease<audio::Encoder> audio_encoder(Monitor& monitor);
  Lease<AudioDecoder> audio_decoder(Monitor& monitor);
  Lease<upsampler::Upsampler> spatial_upsampler(Monitor& monitor);
  /// What latents are normalised with; a few hundred numbers, read without the encoder that they come with.
  nn::ChannelStatistics video_statistics() const;

  /// Loads now; `All` is every part of the recipe.
  void preload(engine::Component component, Monitor& monitor);
  void evict(engine::Component component);
  /// Any thread. Throws Unsupported for a part that the recipe does not have.
  engine::ComponentState state(engine::Component component) const;

  engine::PipelineKind kind() const { return kind_; }
  const weights::ModelFiles& files() const { return files_; }
  const EnhancerFiles& enhancer_files() const { return enhancer_; }
  at::Device device() const { return device_; }
  at::ScalarType compute() const { return compute_; }
  bool persistent() const { return persistent_; }
  /// The policies, and what loading made of each layer.
  const Quantization& quantization() const { return quantization_; }
  /// The policy that a component comes to: AUTO is that of the stored format, AUTO where there are several.
  engine::QuantPolicy resolved_policy(engine::Component component) const;
  /// Of the file's transformer, known from its header.
  const transformer::Config& transformer_config() const { return transformer_config_; }
  /// Whether the transformer knows tokens that stand for single frames.
  bool keyframe_slots() const { return transformer_config_.video && transformer_config_.video->keyframes; }
  int64_t max_batch_size() const { return max_batch_size_; }
  /// The LoRAs of a stage (from 1), the user's first: the recipe's share of the distilled ones' strength, or
  /// full strength where a LoRA names its stages itself.
  std::vector<weights::Lora> stage_loras(int32_t stage) const;
  /// Whether the transformer with these LoRAs is in memory.
  bool holds(const std::vector<weights::Lora>& loras) const;
  /// From now on no second transformer rests: there was no memory for a clip beside it.
  void keep_one_set();

  /// As the LoRAs' files state it. Throws LoraMismatch where two of them differ, ModelConfig for what is no
  /// number; LoRAs that are read as the public reference reads them warn instead.
  ReferenceScale reference_scale(std::vector<std::string>* warnings = nullptr) const;

  /// Parts of the recipe, in the order of their first use.
  const std::vector<engine::Component>& parts() const { return parts_; }
  /// The same and the text encoder's image tower, which is loaded only for a prompt that is enhanced with an
  /// image.
  std::vector<engine::Component> all_parts() const;
  bool has(engine::Component component) const { return slots_.contains(component); }
  /// Sends what loading or multiplying warned about and nobody was told yet.
  void tell_warnings(Monitor& monitor);
  /// What a caller should know: file warnings, tensors that no network took.
  std::vector<std::string> warnings() const;
  uint64_t bytes_read() const;

 private:
  struct Slot {
    std::shared_ptr<const void> kept;
    std::weak_ptr<const void> alive;
    uint64_t weight_bytes = 0;  // in memory while alive
    uint64_t file_bytes = 0;
    engine::QuantPolicy policy = engine::QuantPolicy::None;
  };

  using LoraSet = std::vector<std::pair<std::string, double>>;  // paths and strengths
  struct Resting {
    LoraSet loras;
    std::shared_ptr<const void> network;
    uint64_t bytes = 0;
  };

  static LoraSet set_of(const std::vector<weights::Lora>& loras);
  bool take(const LoraSet& wanted);
  std::optional<uint64_t> room_beside(uint64_t weight_bytes) const;
  void change_set(LoraSet wanted);
  template <class Network, class Make>
  Lease<Network> lease(engine::Component component, Monitor& monitor, Make&& make);
  void add_part(engine::Component component);
  std::vector<weights::Component> sources_of(engine::Component component) const;
  std::vector<std::shared_ptr<const weights::Store>> stores_of(engine::Component component) const;
  weights::Part open_part(weights::Component source) const;
  /// What a recipe reads of a part.
  std::shared_ptr<const weights::Store> store_of(weights::Component source) const;
  Slot& slot(engine::Component component);
  std::shared_ptr<const weights::Store> transformer_store(const std::vector<weights::Lora>& loras,
                                                          std::vector<std::string>* warnings = nullptr) const;
  std::shared_ptr<const weights::Store> for_recipe(std::shared_ptr<const weights::Store> store) const;
  /// A component out of the folder of encoded weights; nothing: to be loaded from its files.
  std::optional<WeightCache::Found> encoded(engine::Component component, weights::Component source,
                                            const weights::Part& part,
                                            std::vector<std::filesystem::path> files,
                                            const std::vector<weights::Lora>& loras, Monitor& monitor);
  void note_unused(const weights::View& view);
  uint64_t weight_bytes(engine::Component component, uint64_t file_bytes) const;
  uint64_t resident_bytes(engine::Component component) const;

  struct GivenLora {
    std::shared_ptr<const weights::LoraFile> file;
    double strength;
    engine::LoraRole role;
    int32_t stages;  // bits; 0: the recipe decides
  };

  void check_loras() const;

  engine::PipelineKind kind_;
  weights::ModelFiles files_;
  EnhancerFiles enhancer_;
  std::vector<GivenLora> loras_;
  at::Device device_;
  at::ScalarType compute_;
  Quantization quantization_;
  WeightCache weight_cache_;
  bool persistent_ = true;
  transformer::Config transformer_config_;
  int64_t max_batch_size_;
  std::vector<engine::Component> parts_;

  mutable std::mutex mutex_;  // guards the members below; never held while loading
  std::map<engine::Component, Slot> slots_;
  LoraSet fused_;              // LoRAs of the transformer that is alive
  Resting resting_;            // another one that stays
  uint64_t second_bytes_ = 0;  // what it takes beside the one that is alive
  bool second_set_ = false;    // whether it may stay
  std::vector<std::string> warnings_;
  std::set<std::string> told_;
  uint64_t bytes_read_ = 0;
};

/// The device that the parameters ask for, with its index. Throws NoDevice.
at::Device choose_device(const engine::PipelineParams& params);

}  // namespace ltx::pipelines
