#include "api/from_c.h"

#include <cmath>
#include <cstring>
#include <limits>

#include "api/enum_names.h"
#include "api/pixels.h"
#include "api/structs.h"
#include "base/error.h"
#include "engine/rules.h"
#include "io/json.h"

namespace ltx::api {
namespace {

using engine::kDefault;

constexpr size_t kLongestList = 1u << 16;

[[noreturn]] void out_of_range(const std::string& path, const auto& value, const std::string& range) {
  fail(Status::InvalidArgument, "{} is {}. Allowed: {}.", path, value, range);
}

bool flag(ltx_bool value, const std::string& path) {
  if (value != 0 && value != 1) out_of_range(path, value, "0 or 1");
  return value == 1;
}

int32_t optional_flag(ltx_bool value, const std::string& path) {
  if (value < -1 || value > 1) out_of_range(path, value, "0, 1, or -1 for the default");
  return value;
}

int32_t integer(int32_t value, int32_t low, int32_t high, const std::string& path) {
  if (value < low || value > high) out_of_range(path, value, fmt::format("{} to {}", low, high));
  return value;
}

int32_t optional_integer(int32_t value, int32_t low, int32_t high, const std::string& path) {
  if (value != LTX_DEFAULT && (value < low || value > high))
    out_of_range(path, value, fmt::format("{} to {}, or -1 for the default", low, high));
  return value;
}

template <class Real>
Real real(Real value, double low, double high, const std::string& path) {
  if (!(value >= low && value <= high))
    out_of_range(path, value, fmt::format("{} to {}", low, high));  // NaN, too
  return value;
}

template <class Real>
Real optional_real(Real value, double low, double high, const std::string& path) {
  if (value != LTX_DEFAULT && !(value >= low && value <= high))
    out_of_range(path, value, fmt::format("{} to {}, or -1 for the default", low, high));
  return value;
}

void check_list(const void* list, size_t count, const std::string& path) {
  if (count > kLongestList) out_of_range(path + "'s count", count, fmt::format("up to {}", kLongestList));
  if (list == nullptr && count > 0)
    fail(Status::InvalidArgument, "{} is NULL, but its count is {}. Pass an array, or a count of 0.", path,
         count);
}

std::string text(const char* value, const std::string& path) {
  return value ? text_from(value, path) : std::string();
}

/// A file's path; an empty one is a mistake, not an absence.
std::string file(const char* value, const std::string& path) {
  std::string name = text(value, path);
  if (value != nullptr && name.empty())
    fail(Status::InvalidArgument, "{} is an empty text. Pass a path, or NULL for none.", path);
  return name;
}

/// Elements of an array whose stride is the first one's struct_size.
template <class T, class Element>
void each(const T* array, size_t count, const std::string& path, Element&& element) {
  check_list(array, count, path);
  uint32_t stride = 0;
  for (size_t i = 0; i < count; ++i) {
    const std::string name = fmt::format("{}[{}]", path, i);
    const T* at = reinterpret_cast<const T*>(reinterpret_cast<const std::byte*>(array) + i * stride);
    const T item = read(at, name);
    uint32_t size;
    std::memcpy(&size, at, sizeof size);
    if (i == 0) stride = size;
    if (size != stride)
      fail(Status::StructSize,
           "{} has a struct_size of {} bytes, but the array's first element has {}. Initialise all of them "
           "alike.",
           name, size, stride);
    element(item, name);
  }
}

template <class T>
std::optional<std::vector<T>> numbers(const T* list, size_t count, const std::string& path) {
  check_list(list, count, path);
  if (list == nullptr) return {};
  return std::vector<T>(list, list + count);
}

engine::ModelPaths models_from(const ltx_model_paths* client) {
  const std::string at = "params.models";
  const ltx_model_paths c = read(client, at);
  engine::ModelPaths m;
  m.root = file(c.root, at + ".root");
  m.checkpoint = file(c.checkpoint, at + ".checkpoint");
  m.transformer = file(c.transformer, at + ".transformer");
  m.text_encoder = file(c.text_encoder, at + ".text_encoder");
  m.video_vae = file(c.video_vae, at + ".video_vae");
  m.audio_vae = file(c.audio_vae, at + ".audio_vae");
  m.duration_head = file(c.duration_head, at + ".duration_head");
  m.spatial_upsampler = file(c.spatial_upsampler, at + ".spatial_upsampler");
  m.temporal_upsampler = file(c.temporal_upsampler, at + ".temporal_upsampler");
  m.prompt_enhancer = file(c.prompt_enhancer, at + ".prompt_enhancer");
  return m;
}

engine::QuantOptions quant_options_from(const ltx_quant_options* client, const std::string& at) {
  engine::QuantOptions o;
  if (client == nullptr) return o;
  const ltx_quant_options c = read(client, at);
  o.granularity = enum_from<int32_t>(LTX_ENUM_GRANULARITY, c.granularity, at + ".granularity");
  o.layer_set = enum_from<int32_t>(LTX_ENUM_LAYERS, c.layer_set, at + ".layer_set");
  o.arithmetic = enum_from<int32_t>(LTX_ENUM_ARITHMETIC, c.arithmetic, at + ".arithmetic");
  o.lora_order = enum_from<int32_t>(LTX_ENUM_LORA_ORDER, c.lora_order, at + ".lora_order");
  o.lora_rounding = enum_from<int32_t>(LTX_ENUM_ROUNDING, c.lora_rounding, at + ".lora_rounding");
  o.act_scale = enum_from<int32_t>(LTX_ENUM_ACT_SCALE, c.act_scale, at + ".act_scale");
  o.group_size = optional_integer(c.group_size, 1, 1 << 16, at + ".group_size");
  o.fast_accum = optional_flag(c.fast_accum, at + ".fast_accum");
  o.keep_bf16_blocks = numbers(c.keep_bf16_blocks, c.keep_bf16_block_count, at + ".keep_bf16_blocks");
  o.calibration_path = file(c.calibration_path, at + ".calibration_path");
  o.reference_compat = flag(c.reference_compat, at + ".reference_compat");
  return o;
}

std::vector<engine::Lora> loras_from(const ltx_lora* loras, size_t count) {
  std::vector<engine::Lora> list;
  each(loras, count, "params.loras", [&](const ltx_lora& lora, const std::string& at) {
    engine::Lora l;
    l.role = enum_from<engine::LoraRole>(LTX_ENUM_LORA, lora.role, at + ".role");
    l.path = text_from(lora.path, at + ".path");
    l.strength = real(lora.strength, -1e3, 1e3, at + ".strength");
    l.stages = integer(lora.stages, 0, 3, at + ".stages");
    list.push_back(std::move(l));
  });
  return list;
}

std::vector<engine::QuantRule> rules_from(const ltx_quant_rule* rules, size_t count) {
  std::vector<engine::QuantRule> list;
  each(rules, count, "params.quant_rules", [&](const ltx_quant_rule& rule, const std::string& at) {
    check_enum(LTX_ENUM_FORMAT, rule.format, at + ".format");
    list.push_back({rule.format, text_from(rule.pattern, at + ".pattern")});
  });
  return list;
}

/// Frames of the client, copied. `one` frame only for an image.
engine::Pixels pixels_from(const ltx_video_buffer* client, const std::string& at, bool one) {
  ltx_video_buffer c = read(client, at);
  check_enum(LTX_ENUM_PIXEL, c.pixel_format, at + ".pixel_format");
  constexpr int32_t kLargestSide = 32768, kMostFrames = 1 << 16;
  integer(c.width, 1, kLargestSide, at + ".width");
  integer(c.height, 1, kLargestSide, at + ".height");
  integer(c.frame_count, 1, one ? 1 : kMostFrames, at + ".frame_count");
  check_enum(LTX_ENUM_LOCATION, c.location, at + ".location");
  check_enum(LTX_ENUM_COLOR, c.color_space, at + ".color_space");
  if (c.location != LTX_LOCATION_HOST)
    fail(Status::NotBuilt,
         "{}.location asks for device memory, which this build does not read. Pass frames in host memory.",
         at);
  if (c.color_space != LTX_COLOR_SDR)
    fail(Status::NotBuilt,
         "{}.color_space asks for HDR, which this build does not have. Leave it at its default.", at);
  optional_real(c.frame_rate, 1e-3, 1e3, at + ".frame_rate");
  if (c.data == nullptr)
    fail(Status::InvalidArgument, "{}.data is NULL. Pass the address of the frames.", at);
  const uint64_t needed = span_of(c, at);
  if (c.data_size < needed)
    fail(Status::InvalidArgument,
         "{}.data_size is {} bytes, but sizes and strides span {}. Pass the size of the memory.", at,
         c.data_size, needed);
  return copy_from(c);
}

engine::Samples samples_from(const ltx_audio_buffer* client, const std::string& at) {
  const ltx_audio_buffer c = read(client, at);
  integer(c.channels, 1, 64, at + ".channels");
  integer(c.sample_rate, 1, 1 << 20, at + ".sample_rate");
  constexpr uint64_t kMostSamples = uint64_t{1} << 40;
  if (c.sample_count < 1 || c.sample_count > kMostSamples)
    out_of_range(at + ".sample_count", c.sample_count, fmt::format("1 to {}", kMostSamples));
  const uint64_t stride = c.channel_stride ? c.channel_stride : c.sample_count;
  if (stride < c.sample_count || stride > kMostSamples)
    out_of_range(at + ".channel_stride", stride, fmt::format("{} to {}, or 0", c.sample_count, kMostSamples));
  if (c.data == nullptr)
    fail(Status::InvalidArgument, "{}.data is NULL. Pass the address of the samples.", at);
  engine::Samples samples{c.channels, c.sample_rate, c.sample_count, nullptr};
  const auto data =
      std::make_shared_for_overwrite<float[]>(c.sample_count * static_cast<uint64_t>(c.channels));
  for (int32_t channel = 0; channel < c.channels; ++channel)
    std::memcpy(data.get() + static_cast<uint64_t>(channel) * c.sample_count,
                c.data + static_cast<uint64_t>(channel) * stride, c.sample_count * sizeof(float));
  samples.data = data;
  return samples;
}

/// Exactly one of a path and data.
void check_source(const char* path, const void* data, const std::string& at, const char* data_name) {
  if ((path == nullptr) == (data == nullptr))
    fail(Status::InvalidArgument, "{} has {} path and {}. Set exactly one of them.", at,
         path ? "both" : "neither", data_name);
}

engine::ImageCondition image_from(const ltx_image_condition& c, const std::string& at) {
  engine::ImageCondition image;
  image.frame_index = integer(c.frame_index, 0, std::numeric_limits<int32_t>::max(), at + ".frame_index");
  check_source(c.path, c.pixels, at, "pixels");
  image.path = file(c.path, at + ".path");
  if (c.pixels) image.pixels = pixels_from(c.pixels, at + ".pixels", true);
  image.strength = real(c.strength, 0, 1, at + ".strength");
  image.crf = optional_integer(c.crf, 0, 51, at + ".crf");
  return image;
}

engine::VideoCondition video_from(const ltx_video_condition& c, const std::string& at) {
  engine::VideoCondition video;
  video.role = enum_from<engine::VideoRole>(LTX_ENUM_VIDEO, c.role, at + ".role");
  check_source(c.path, c.pixels, at, "pixels");
  video.path = file(c.path, at + ".path");
  if (c.pixels) video.pixels = pixels_from(c.pixels, at + ".pixels", false);
  video.frame_rate = optional_real(c.frame_rate, 1e-3, 1e3, at + ".frame_rate");
  video.strength = real(c.strength, 0, 1, at + ".strength");
  return video;
}

engine::AudioCondition audio_from(const ltx_audio_condition* client, const std::string& at) {
  const ltx_audio_condition c = read(client, at);
  engine::AudioCondition audio;
  check_source(c.path, c.samples, at, "samples");
  audio.path = file(c.path, at + ".path");
  if (c.samples) audio.samples = samples_from(c.samples, at + ".samples");
  audio.start_time = real(c.start_time, 0, 1e9, at + ".start_time");
  audio.max_duration = optional_real(c.max_duration, 0, 1e9, at + ".max_duration");
  return audio;
}

std::optional<engine::Guidance> guidance_from(const ltx_guidance* client, const std::string& at) {
  if (client == nullptr) return {};
  const ltx_guidance c = read(client, at);
  engine::Guidance g;
  g.skip_step = optional_integer(c.skip_step, 0, 1 << 16, at + ".skip_step");
  g.cfg_scale = optional_real(c.cfg_scale, 0, 1e4, at + ".cfg_scale");
  g.stg_scale = optional_real(c.stg_scale, 0, 1e4, at + ".stg_scale");
  g.rescale_scale = optional_real(c.rescale_scale, 0, 1, at + ".rescale_scale");
  g.modality_scale = optional_real(c.modality_scale, 0, 1e4, at + ".modality_scale");
  g.stg_blocks = numbers(c.stg_blocks, c.stg_block_count, at + ".stg_blocks");
  if (g.stg_blocks)
    for (const int32_t block : *g.stg_blocks) integer(block, 0, 1 << 16, at + ".stg_blocks[]");
  return g;
}

std::vector<float> sigmas_from(const float* list, size_t count, const std::string& at) {
  check_list(list, count, at);
  if (list == nullptr) return {};
  std::vector<float> sigmas(list, list + count);
  if (count < 2) out_of_range(at + "'s count", count, "2 or more, the last value 0");
  for (size_t i = 0; i < count; ++i) {
    const std::string name = fmt::format("{}[{}]", at, i);
    real(sigmas[i], 0, 1, name);
    if (i > 0 && sigmas[i] >= sigmas[i - 1])
      out_of_range(name, sigmas[i],
                   fmt::format("less than the value before, {}: noise levels fall", sigmas[i - 1]));
  }
  if (sigmas.back() != 0)
    out_of_range(fmt::format("{}[{}]", at, count - 1), sigmas.back(), "0, the last value of a schedule");
  return sigmas;
}

engine::Tiling tiling_from(const ltx_tiling* client, const std::string& at) {
  engine::Tiling t;
  if (client == nullptr) return t;
  const ltx_tiling c = read(client, at);
  t.mode = enum_from<engine::TilingMode>(LTX_ENUM_TILING, c.mode, at + ".mode");
  t.tile_width = optional_integer(c.tile_width, 1, 1 << 20, at + ".tile_width");
  t.tile_height = optional_integer(c.tile_height, 1, 1 << 20, at + ".tile_height");
  t.tile_frames = optional_integer(c.tile_frames, 1, 1 << 20, at + ".tile_frames");
  t.overlap_width = optional_integer(c.overlap_width, 0, 1 << 20, at + ".overlap_width");
  t.overlap_height = optional_integer(c.overlap_height, 0, 1 << 20, at + ".overlap_height");
  t.overlap_frames = optional_integer(c.overlap_frames, 0, 1 << 20, at + ".overlap_frames");
  const bool sized = t.tile_width != kDefault || t.tile_height != kDefault || t.tile_frames != kDefault ||
                     t.overlap_width != kDefault || t.overlap_height != kDefault ||
                     t.overlap_frames != kDefault;
  if (sized && t.mode != engine::TilingMode::Explicit)
    fail(Status::InvalidArgument,
         "{} has sizes, but its mode is {}. Set the mode to explicit, or leave the sizes at -1.", at,
         enum_name(LTX_ENUM_TILING, c.mode));
  return t;
}

engine::OutputOptions output_options(const ltx_output& c, const std::string& at) {
  engine::OutputOptions o;
  o.keep_frames = flag(c.keep_frames, at + ".keep_frames");
  o.stream_frames = flag(c.stream_frames, at + ".stream_frames");
  o.pixel_format = enum_from<engine::PixelFormat>(LTX_ENUM_PIXEL, c.pixel_format, at + ".pixel_format");
  if (o.pixel_format == engine::PixelFormat::Gray8)
    out_of_range(at + ".pixel_format", "gray8", "rgb8, rgba8, rgb-f16, rgb-f32; grey belongs to masks");
  o.location = enum_from<engine::Location>(LTX_ENUM_LOCATION, c.location, at + ".location");
  o.video_crf = optional_integer(c.video_crf, 0, 51, at + ".video_crf");
  o.audio_bit_rate = optional_integer(c.audio_bit_rate, 8000, 1000000, at + ".audio_bit_rate");
  o.write_exr = optional_flag(c.write_exr, at + ".write_exr");
  o.embed_metadata = flag(c.embed_metadata, at + ".embed_metadata");
  o.path = file(c.path, at + ".path");
  return o;
}

void texts_from(const ltx_request& c, engine::Request& r) {
  if (c.prompt == nullptr && c.text_embeddings == nullptr)
    fail(Status::InvalidArgument,
         "request.prompt and request.text_embeddings are both NULL. Set one of them.");
  if (c.prompt != nullptr && c.text_embeddings != nullptr)
    fail(Status::InvalidArgument,
         "request.prompt and request.text_embeddings are both set. Set one of them.");
  r.prompt = text(c.prompt, "request.prompt");
  if (c.negative_prompt) r.negative_prompt = text_from(c.negative_prompt, "request.negative_prompt");
  r.text_embeddings = file(c.text_embeddings, "request.text_embeddings");
  if (r.negative_prompt && c.text_embeddings)
    fail(Status::InvalidArgument,
         "request.negative_prompt is set beside request.text_embeddings, which contains it. Leave it NULL.");
}

}  // namespace

void check_enum(ltx_enum type, int32_t value, const std::string& path) {
  if (enum_name(type, value) == nullptr) out_of_range(path, value, list_values(type));
}

std::string text_from(const char* value, const std::string& path) {
  if (value == nullptr) fail(Status::InvalidArgument, "{} is NULL. Pass a text.", path);
  std::string copy(value);
  if (!io::is_utf8(copy))
    fail(Status::InvalidArgument, "{} is not UTF-8. Convert the text before passing it.", path);
  return copy;
}

engine::PipelineParams params_from(const ltx_pipeline_params* client) {
  const ltx_pipeline_params c = read(client, "params");
  engine::PipelineParams p;
  p.kind = enum_from<engine::PipelineKind>(LTX_ENUM_PIPELINE, c.kind, "params.kind");
  p.quant = enum_from<engine::QuantPolicy>(LTX_ENUM_QUANT, c.quant, "params.quant");
  p.text_quant = enum_from<engine::QuantPolicy>(LTX_ENUM_QUANT, c.text_quant, "params.text_quant");
  p.vae_quant = enum_from<engine::QuantPolicy>(LTX_ENUM_QUANT, c.vae_quant, "params.vae_quant");
  p.measure_quantization = flag(c.measure_quantization, "params.measure_quantization");
  p.compute_dtype =
      enum_from<engine::ComputeDtype>(LTX_ENUM_COMPUTE, c.compute_dtype, "params.compute_dtype");
  p.quant_options = quant_options_from(c.quant_options, "params.quant_options");
  p.text_quant_options = quant_options_from(c.text_quant_options, "params.text_quant_options");
  p.device_type = enum_from<engine::DeviceType>(LTX_ENUM_DEVICE, c.device_type, "params.device_type");
  p.device_index = integer(c.device_index, 0, 1023, "params.device_index");
  p.memory_mode = enum_from<engine::MemoryMode>(LTX_ENUM_MEMORY, c.memory_mode, "params.memory_mode");
  p.decoder_mode = enum_from<engine::DecoderMode>(LTX_ENUM_DECODER, c.decoder_mode, "params.decoder_mode");
  p.max_batch_size = integer(c.max_batch_size, 1, 4, "params.max_batch_size");
  p.prompt_cache_entries = integer(c.prompt_cache_entries, 0, 1 << 16, "params.prompt_cache_entries");
  p.gpu_priority = enum_from<engine::GpuPriority>(LTX_ENUM_PRIORITY, c.gpu_priority, "params.gpu_priority");
  p.log_level = enum_from<LogLevel>(LTX_ENUM_LOG, c.log_level, "params.log_level");
  p.cuda_graphs = optional_flag(c.cuda_graphs, "params.cuda_graphs");
  p.device_memory_limit = c.device_memory_limit;
  p.host_memory_limit = c.host_memory_limit;
  p.models = models_from(c.models);
  p.loras = loras_from(c.loras, c.lora_count);
  p.quant_rules = rules_from(c.quant_rules, c.quant_rule_count);
  each(c.residency, c.residency_count, "params.residency",
       [&](const ltx_component_residency& item, const std::string& at) {
         p.residency.push_back(
             {enum_from<engine::Component>(LTX_ENUM_COMPONENT, item.component, at + ".component"),
              enum_from<engine::Residency>(LTX_ENUM_RESIDENCY, item.residency, at + ".residency")});
       });
  p.share_with = c.share_with != nullptr;
  p.weight_cache = file(c.weight_cache, "params.weight_cache");
  engine::check_built(p);
  return p;
}

engine::ConvertParams convert_from(const ltx_convert_params* client) {
  const ltx_convert_params c = read(client, "params");
  engine::ConvertParams p;
  p.container = enum_from<int32_t>(LTX_ENUM_CONTAINER, c.container, "params.container");
  p.source.quant = enum_from<engine::QuantPolicy>(LTX_ENUM_QUANT, c.quant, "params.quant");
  p.source.text_quant = enum_from<engine::QuantPolicy>(LTX_ENUM_QUANT, c.text_quant, "params.text_quant");
  p.source.device_type = enum_from<engine::DeviceType>(LTX_ENUM_DEVICE, c.device_type, "params.device_type");
  p.source.device_index = integer(c.device_index, 0, 1023, "params.device_index");
  p.split = flag(c.split, "params.split");
  p.overwrite = flag(c.overwrite, "params.overwrite");
  p.verify = flag(c.verify, "params.verify");
  p.source.log_level = enum_from<LogLevel>(LTX_ENUM_LOG, c.log_level, "params.log_level");
  p.source.models = models_from(c.models);
  p.source.quant_options = quant_options_from(c.quant_options, "params.quant_options");
  p.source.text_quant_options = quant_options_from(c.text_quant_options, "params.text_quant_options");
  p.source.loras = loras_from(c.loras, c.lora_count);
  p.source.quant_rules = rules_from(c.quant_rules, c.quant_rule_count);
  p.output_path = text_from(c.output_path, "params.output_path");
  if (p.output_path.empty())
    fail(Status::InvalidArgument, "params.output_path is an empty text. Pass a path.");
  const std::string calibration = file(c.calibration_path, "params.calibration_path");
  auto& path = p.source.quant_options.calibration_path;
  if (!calibration.empty() && !path.empty() && calibration != path)
    fail(Status::InvalidArgument,
         "params.calibration_path is '{}', params.quant_options.calibration_path is '{}'. Set one of them.",
         calibration, path);
  if (path.empty()) path = calibration;
  return p;
}

engine::Request request_from(const ltx_request* client, engine::PipelineKind kind, Purpose purpose) {
  const ltx_request c = read(client, "request");
  engine::Request r;
  texts_from(c, r);
  if (purpose == Purpose::Text && c.text_embeddings)
    fail(Status::InvalidArgument,
         "request.text_embeddings is set, but encoding needs a prompt. Set request.prompt instead.");
  constexpr int32_t kLargestSide = 32768, kMostFrames = 1 << 16;
  r.width = optional_integer(c.width, 1, kLargestSide, "request.width");
  r.height = optional_integer(c.height, 1, kLargestSide, "request.height");
  r.num_frames = optional_integer(c.num_frames, 1, kMostFrames, "request.num_frames");
  r.seed = c.seed;
  r.frame_rate = optional_real(c.frame_rate, 1e-3, 1e3, "request.frame_rate");
  r.min_seconds = real(c.min_seconds, 0, 1e6, "request.min_seconds");
  r.max_seconds = real(c.max_seconds, c.min_seconds, 1e6, "request.max_seconds");
  r.num_inference_steps = optional_integer(c.num_inference_steps, 1, 10000, "request.num_inference_steps");
  r.sampler = enum_from<engine::Sampler>(LTX_ENUM_SAMPLER, c.sampler, "request.sampler");
  r.noise_source = enum_from<engine::NoiseSource>(LTX_ENUM_NOISE, c.noise_source, "request.noise_source");
  r.color_space = enum_from<engine::ColorSpace>(LTX_ENUM_COLOR, c.color_space, "request.color_space");
  r.stage_1_sigmas = sigmas_from(c.stage_1_sigmas, c.stage_1_sigma_count, "request.stage_1_sigmas");
  r.stage_2_sigmas = sigmas_from(c.stage_2_sigmas, c.stage_2_sigma_count, "request.stage_2_sigmas");
  r.video_guidance = guidance_from(c.video_guidance, "request.video_guidance");
  r.audio_guidance = guidance_from(c.audio_guidance, "request.audio_guidance");
  each(c.images, c.image_count, "request.images",
       [&](const ltx_image_condition& image, const std::string& at) {
         r.images.push_back(image_from(image, at));
       });
  each(c.videos, c.video_count, "request.videos",
       [&](const ltx_video_condition& video, const std::string& at) {
         r.videos.push_back(video_from(video, at));
       });
  if (c.audio) r.audio = audio_from(c.audio, "request.audio");
  if (c.keyframe_index_count > kLongestList)
    out_of_range("request.keyframe_indices' count", c.keyframe_index_count,
                 fmt::format("up to {}", kLongestList));
  r.keyframe_count = static_cast<int32_t>(c.keyframe_index_count);
  if (c.keyframe_indices)
    r.keyframe_indices.assign(c.keyframe_indices, c.keyframe_indices + c.keyframe_index_count);
  for (const int32_t index : r.keyframe_indices) integer(index, 0, kMostFrames, "request.keyframe_indices[]");
  r.start_time = optional_real(c.start_time, 0, 1e9, "request.start_time");
  r.end_time = optional_real(c.end_time, 0, 1e9, "request.end_time");
  r.regenerate_video = flag(c.regenerate_video, "request.regenerate_video");
  r.regenerate_audio = flag(c.regenerate_audio, "request.regenerate_audio");
  r.skip_stage_2 = flag(c.skip_stage_2, "request.skip_stage_2");
  r.high_quality = flag(c.high_quality, "request.high_quality");
  r.enhance_prompt = flag(c.enhance_prompt, "request.enhance_prompt");
  r.temporal_upsample_rounds = integer(c.temporal_upsample_rounds, 0, 2, "request.temporal_upsample_rounds");
  if (c.enhance_seed < -1)
    out_of_range("request.enhance_seed", c.enhance_seed, "0 and above, or -1 for the default");
  r.enhance_seed = c.enhance_seed;
  r.attention_strength = real(c.attention_strength, 0, 1, "request.attention_strength");
  r.preview_mode = enum_from<engine::PreviewMode>(LTX_ENUM_PREVIEW, c.preview_mode, "request.preview_mode");
  r.preview_interval = integer(c.preview_interval, 1, 10000, "request.preview_interval");
  r.preview_max_side = integer(c.preview_max_side, 16, kLargestSide, "request.preview_max_side");
  r.reference_parity = flag(c.reference_parity, "request.reference_parity");
  r.tiling = tiling_from(c.tiling, "request.tiling");
  if (c.output)
    r.output = output_options(read(c.output, "request.output"), "request.output");
  else
    r.output.keep_frames = true;
  engine::check_fields(kind, r);
  engine::check_built(r);
  return r;
}

std::vector<engine::Request> requests_from(const ltx_request* requests, size_t count,
                                           engine::PipelineKind kind) {
  if (count == 0) fail(Status::InvalidArgument, "requests is empty. Give at least one request.");
  std::vector<engine::Request> result;
  each(requests, count, "requests", [&](const ltx_request& item, const std::string& at) {
    try {
      result.push_back(request_from(&item, kind));
    } catch (const Error& error) {
      fail(error.status(), "{}: {}", at, error.what());
    }
  });
  return result;
}

engine::OutputOptions output_from(const ltx_output* output, const std::string& path) {
  engine::OutputOptions o = output_options(read(output, path), path);
  if (o.path.empty()) fail(Status::InvalidArgument, "{}.path is NULL. Set the file to write.", path);
  const char* unused = o.stream_frames                               ? "stream_frames"
                       : o.keep_frames                               ? "keep_frames"
                       : o.pixel_format != engine::PixelFormat::Rgb8 ? "pixel_format"
                       : o.location != engine::Location::Host        ? "location"
                                                                     : nullptr;
  if (unused)
    fail(Status::InvalidArgument,
         "{}.{} is set, but writing a finished result does not use it. Leave it at its default.", path,
         unused);
  engine::Request check;
  check.output = o;
  engine::check_built(check);
  return o;
}

}  // namespace ltx::api
