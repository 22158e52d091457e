#include "api/structs.h"

#include <algorithm>

namespace ltx::api {
namespace {

// Everything that is not 0.
void defaults(ltx_model_paths&) {}
void defaults(ltx_lora& s) {
  s.strength = 1.0f;
}
void defaults(ltx_quant_rule&) {}
void defaults(ltx_quant_options& s) {
  s.group_size = s.fast_accum = LTX_DEFAULT;
}
void defaults(ltx_component_residency&) {}
void defaults(ltx_pipeline_params& s) {
  s.max_batch_size = 1;
  s.prompt_cache_entries = 8;
  s.log_level = LTX_LOG_WARNING;
  s.cuda_graphs = LTX_DEFAULT;
}
void defaults(ltx_guidance& s) {
  s.skip_step = LTX_DEFAULT;
  s.cfg_scale = s.stg_scale = s.rescale_scale = s.modality_scale = LTX_DEFAULT;
}
void defaults(ltx_tiling& s) {
  s.tile_width = s.tile_height = s.tile_frames = LTX_DEFAULT;
  s.overlap_width = s.overlap_height = s.overlap_frames = LTX_DEFAULT;
}
void defaults(ltx_video_buffer& s) {
  s.frame_count = 1;
  s.frame_rate = LTX_DEFAULT;
}
void defaults(ltx_audio_buffer&) {}
void defaults(ltx_image_condition& s) {
  s.strength = 1.0f;
  s.crf = LTX_DEFAULT;
}
void defaults(ltx_video_condition& s) {
  s.frame_rate = LTX_DEFAULT;
  s.strength = 1.0f;
}
void defaults(ltx_audio_condition& s) {
  s.max_duration = LTX_DEFAULT;
}
void defaults(ltx_output& s) {
  s.video_crf = s.audio_bit_rate = s.write_exr = LTX_DEFAULT;
  s.embed_metadata = 1;
}
void defaults(ltx_request& s) {
  s.width = s.height = s.num_frames = s.num_inference_steps = LTX_DEFAULT;
  s.seed = 10;
  s.frame_rate = LTX_DEFAULT;
  s.min_seconds = 1;
  s.max_seconds = 20;
  s.start_time = s.end_time = LTX_DEFAULT;
  s.regenerate_video = s.regenerate_audio = 1;
  s.enhance_seed = LTX_DEFAULT;
  s.attention_strength = 1.0f;
  s.preview_interval = 1;
  s.preview_max_side = 512;
}
void defaults(ltx_progress& s) {
  s.remaining_seconds = -1;
}
void defaults(ltx_event&) {}
void defaults(ltx_stats&) {}
void defaults(ltx_memory_step&) {}
void defaults(ltx_estimate&) {}
void defaults(ltx_device_info&) {}
void defaults(ltx_component_state&) {}
void defaults(ltx_convert_params& s) {
  s.verify = 1;
  s.log_level = LTX_LOG_WARNING;
}

template <class T>
void fill(void* object) {
  T own;
  std::memset(&own, 0, sizeof own);
  own.struct_size = sizeof own;
  defaults(own);
  std::memcpy(object, &own, sizeof own);
}

#define LTX_AT(type, member) static_cast<uint32_t>(offsetof(type, member))
constexpr uint32_t kModelPaths[] = {LTX_AT(ltx_model_paths, reserved0)};
constexpr uint32_t kQuantOptions[] = {LTX_AT(ltx_quant_options, reserved0),
                                      LTX_AT(ltx_quant_options, reserved1)};
constexpr uint32_t kResidency[] = {LTX_AT(ltx_component_residency, reserved0)};
constexpr uint32_t kParams[] = {LTX_AT(ltx_pipeline_params, reserved0),
                                LTX_AT(ltx_pipeline_params, reserved1)};
constexpr uint32_t kVideoBuffer[] = {LTX_AT(ltx_video_buffer, reserved0)};
constexpr uint32_t kAudioBuffer[] = {LTX_AT(ltx_audio_buffer, reserved0)};
constexpr uint32_t kVideoCondition[] = {LTX_AT(ltx_video_condition, reserved0)};
constexpr uint32_t kAudioCondition[] = {LTX_AT(ltx_audio_condition, reserved0)};
constexpr uint32_t kOutput[] = {LTX_AT(ltx_output, reserved0)};
constexpr uint32_t kRequest[] = {LTX_AT(ltx_request, reserved0)};
constexpr uint32_t kEstimate[] = {LTX_AT(ltx_estimate, reserved0)};
constexpr uint32_t kDeviceInfo[] = {LTX_AT(ltx_device_info, reserved0)};
#undef LTX_AT

// The sizes that clients were compiled with, oldest first. Whoever appends members to a struct leaves its new
// size here; without it a client of today is refused by the next version.
constexpr uint32_t kSizes[][2] = {{88}, {24},  {16}, {72}, {16},  {168, 176}, {40},  {32},
                                  {88}, {40},  {32}, {40}, {40},  {48},       {280}, {88},
                                  {64}, {192}, {40}, {96}, {176}, {48},       {112}};

constexpr std::span<const uint32_t> sizes_of(ltx_struct type) {
  const auto& sizes = kSizes[type - 1];
  return {sizes, sizes[1] == 0 ? 1u : 2u};
}

template <class T>
constexpr StructInfo entry(const char* name, std::span<const uint32_t> reserved = {}) {
  constexpr ltx_struct type = StructTypeOf<T>::value;
  static_assert(sizeof(T) >= kSizes[type - 1][0], "a struct never shrinks");
  return {type, name, sizeof(T), sizes_of(type), reserved, fill<T>};
}

constexpr StructInfo kStructs[] = {
    entry<ltx_model_paths>("ltx_model_paths", kModelPaths),
    entry<ltx_lora>("ltx_lora"),
    entry<ltx_quant_rule>("ltx_quant_rule"),
    entry<ltx_quant_options>("ltx_quant_options", kQuantOptions),
    entry<ltx_component_residency>("ltx_component_residency", kResidency),
    entry<ltx_pipeline_params>("ltx_pipeline_params", kParams),
    entry<ltx_guidance>("ltx_guidance"),
    entry<ltx_tiling>("ltx_tiling"),
    entry<ltx_video_buffer>("ltx_video_buffer", kVideoBuffer),
    entry<ltx_audio_buffer>("ltx_audio_buffer", kAudioBuffer),
    entry<ltx_image_condition>("ltx_image_condition"),
    entry<ltx_video_condition>("ltx_video_condition", kVideoCondition),
    entry<ltx_audio_condition>("ltx_audio_condition", kAudioCondition),
    entry<ltx_output>("ltx_output", kOutput),
    entry<ltx_request>("ltx_request", kRequest),
    entry<ltx_progress>("ltx_progress"),
    entry<ltx_event>("ltx_event"),
    entry<ltx_stats>("ltx_stats"),
    entry<ltx_memory_step>("ltx_memory_step"),
    entry<ltx_estimate>("ltx_estimate", kEstimate),
    entry<ltx_device_info>("ltx_device_info", kDeviceInfo),
    entry<ltx_component_state>("ltx_component_state"),
    entry<ltx_convert_params>("ltx_convert_params"),
};

bool known_size(const StructInfo& info, size_t size) {
  return size == info.size || std::ranges::find(info.released_sizes, size) != info.released_sizes.end();
}

/// Throws unless a client may have a struct of this size.
void check_size(const StructInfo& info, size_t size, const std::string& path) {
  if (size > info.size)
    fail(Status::TooNew,
         "{}{} has {} bytes in the caller's header and {} in libltx {}.{}.{}: the header is newer than the "
         "library. Install the "
         "library that the program was compiled for.",
         path, info.name, size, info.size, LTX_VERSION_MAJOR, LTX_VERSION_MINOR, LTX_VERSION_PATCH);
  if (!known_size(info, size))
    fail(Status::StructSize,
         "{}{} was given a size of {} bytes, which no version of it had; this one has {}. Call {}_init() "
         "first.",
         path, info.name, size, info.size, info.name);
}

}  // namespace

std::span<const StructInfo> all_structs() {
  return kStructs;
}

const StructInfo& struct_info(ltx_struct type) {
  if (type < 1 || type > static_cast<ltx_struct>(std::size(kStructs)))
    fail(Status::InvalidArgument,
         "type is {}, but LTX_STRUCT_ values are 1 to {}. Use the ltx_..._init() macro of the struct.", type,
         std::size(kStructs));
  return kStructs[type - 1];
}

void init_struct(ltx_struct type, void* object, size_t size) {
  const StructInfo& info = struct_info(type);
  if (object == nullptr)
    fail(Status::InvalidArgument, "object is NULL. Pass the address of an {}.", info.name);
  check_size(info, size, {});
  alignas(8) std::byte own[512];
  static_assert(sizeof(ltx_request) <= sizeof own);
  info.fill(own);
  const uint32_t struct_size = static_cast<uint32_t>(size);
  std::memcpy(own, &struct_size, sizeof struct_size);
  std::memcpy(object, own, size);
}

void read_struct(const StructInfo& info, const void* client, const std::string& path, void* own) {
  if (client == nullptr)
    fail(Status::InvalidArgument, "{} is NULL, expected an {}. Pass one that {}_init() filled.", path,
         info.name, info.name);
  uint32_t size;
  std::memcpy(&size, client, sizeof size);
  check_size(info, size, path + ": ");
  info.fill(own);
  std::memcpy(own, client, size);
  for (const uint32_t offset : info.reserved) {
    int32_t value;
    std::memcpy(&value, static_cast<const std::byte*>(own) + offset, sizeof value);
    if (value != 0)
      fail(Status::InvalidArgument,
           "{}: the reserved member at byte {} of {} is {}, it must be 0. Call {}_init() first.", path,
           offset, info.name, value, info.name);
  }
}

}  // namespace ltx::api
