// What a pipeline is made of: recipe, files, policies, placement. Plain values; every path is UTF-8, "" is
// absent.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "base/monitor.h"
#include "engine/enums.h"

namespace ltx::engine {

/// A numeric field that was not set; after Engine::resolve none is left.
constexpr int32_t kDefault = -1;

struct ModelPaths {
  std::string root, checkpoint, transformer, text_encoder, video_vae, audio_vae, duration_head,
      spatial_upsampler, temporal_upsampler, prompt_enhancer;
};

struct Lora {
  LoraRole role = LoraRole::User;
  std::string path;
  float strength = 1.0f;
  int32_t stages = 0;  // bit 0 stage 1, bit 1 stage 2; 0: the recipe's stages and factors
};

struct QuantRule {
  int32_t format = 0;
  std::string pattern;
};

struct QuantOptions {
  int32_t granularity = 0, layer_set = 0, arithmetic = 0, lora_order = 0, lora_rounding = 0, act_scale = 0;
  int32_t group_size = kDefault, fast_accum = kDefault;
  std::optional<std::vector<int32_t>> keep_bf16_blocks;
  std::string calibration_path;
  bool reference_compat = false;

  bool operator==(const QuantOptions&) const = default;
};

struct ComponentResidency {
  Component component = Component::All;
  Residency residency = Residency::Auto;
};

struct PipelineParams {
  PipelineKind kind = PipelineKind::None;
  QuantPolicy quant = QuantPolicy::Auto, text_quant = QuantPolicy::Auto, vae_quant = QuantPolicy::Auto;
  bool measure_quantization = false;
  ComputeDtype compute_dtype = ComputeDtype::Auto;
  QuantOptions quant_options, text_quant_options;
  DeviceType device_type = DeviceType::Auto;
  int32_t device_index = 0;
  MemoryMode memory_mode = MemoryMode::Auto;
  DecoderMode decoder_mode = DecoderMode::Auto;
  int32_t max_batch_size = 1;        // guidance passes per call, 1–4
  int32_t prompt_cache_entries = 8;  // encoded prompts kept in host memory
  GpuPriority gpu_priority = GpuPriority::Normal;
  LogLevel log_level = LogLevel::Warning;
  int32_t cuda_graphs = kDefault;
  uint64_t device_memory_limit = 0, host_memory_limit = 0;  // bytes, 0: what is free
  ModelPaths models;
  std::vector<Lora> loras;
  std::vector<QuantRule> quant_rules;
  std::vector<ComponentResidency> residency;
  bool share_with = false;   // another pipeline was named; which one is the C API's affair
  std::string weight_cache;  // folder of encoded weights, "": none
};

/// Files into files of another format.
struct ConvertParams {
  PipelineParams
      source;  // models, policies (AUTO: the stored formats), LoRAs, rules, device and log level count
  int32_t container = 0;  // ltx_container
  bool split = false, overwrite = false, verify = true;
  std::string output_path;
};

}  // namespace ltx::engine
