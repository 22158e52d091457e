#include "api/enum_names.h"

#include <iterator>
#include <span>
#include <string_view>

#include "base/error.h"

namespace ltx::api {
namespace {

struct Name {
  const char* text;
  int32_t value;
};

constexpr Name kStatus[] = {{"ok", LTX_OK},
                            {"invalid-argument", LTX_E_INVALID_ARGUMENT},
                            {"invalid-handle", LTX_E_INVALID_HANDLE},
                            {"struct-size", LTX_E_STRUCT_SIZE},
                            {"too-new", LTX_E_TOO_NEW},
                            {"busy", LTX_E_BUSY},
                            {"reentrant", LTX_E_REENTRANT},
                            {"timeout", LTX_E_TIMEOUT},
                            {"cancelled", LTX_E_CANCELLED},
                            {"not-ready", LTX_E_NOT_READY},
                            {"unsupported", LTX_E_UNSUPPORTED},
                            {"not-built", LTX_E_NOT_BUILT},
                            {"no-device", LTX_E_NO_DEVICE},
                            {"environment", LTX_E_ENVIRONMENT},
                            {"file-not-found", LTX_E_FILE_NOT_FOUND},
                            {"file-access", LTX_E_FILE_ACCESS},
                            {"file-corrupt", LTX_E_FILE_CORRUPT},
                            {"file-format", LTX_E_FILE_FORMAT},
                            {"disk-full", LTX_E_DISK_FULL},
                            {"media-decode", LTX_E_MEDIA_DECODE},
                            {"media-encode", LTX_E_MEDIA_ENCODE},
                            {"component-missing", LTX_E_COMPONENT_MISSING},
                            {"tensor-missing", LTX_E_TENSOR_MISSING},
                            {"tensor-mismatch", LTX_E_TENSOR_MISMATCH},
                            {"model-config", LTX_E_MODEL_CONFIG},
                            {"model-version", LTX_E_MODEL_VERSION},
                            {"lora-mismatch", LTX_E_LORA_MISMATCH},
                            {"quant", LTX_E_QUANT},
                            {"out-of-device-memory", LTX_E_OUT_OF_DEVICE_MEMORY},
                            {"out-of-host-memory", LTX_E_OUT_OF_HOST_MEMORY},
                            {"budget", LTX_E_BUDGET},
                            {"device-lost", LTX_E_DEVICE_LOST},
                            {"device", LTX_E_DEVICE},
                            {"numeric", LTX_E_NUMERIC},
                            {"internal", LTX_E_INTERNAL}};
constexpr Name kPipeline[] = {{"distilled", LTX_PIPELINE_DISTILLED},
                              {"two-stage", LTX_PIPELINE_TWO_STAGE},
                              {"two-stage-hq", LTX_PIPELINE_TWO_STAGE_HQ},
                              {"one-stage", LTX_PIPELINE_ONE_STAGE},
                              {"ic-lora", LTX_PIPELINE_IC_LORA},
                              {"keyframes", LTX_PIPELINE_KEYFRAMES},
                              {"audio-to-video", LTX_PIPELINE_AUDIO_TO_VIDEO},
                              {"retake", LTX_PIPELINE_RETAKE},
                              {"hdr", LTX_PIPELINE_HDR},
                              {"dub", LTX_PIPELINE_DUB},
                              {"text-to-audio", LTX_PIPELINE_TEXT_TO_AUDIO},
                              {"dfr", LTX_PIPELINE_DFR}};
constexpr Name kQuant[] = {{"auto", LTX_QUANT_AUTO},
                           {"none", LTX_QUANT_NONE},
                           {"fp8-cast", LTX_QUANT_FP8_CAST},
                           {"fp8-scaled-mm", LTX_QUANT_FP8_SCALED_MM},
                           {"fp8-dynamic", LTX_QUANT_FP8_DYNAMIC},
                           {"fp8-weight-only", LTX_QUANT_FP8_WEIGHT_ONLY},
                           {"fp8-block128", LTX_QUANT_FP8_BLOCK128},
                           {"mxfp8", LTX_QUANT_MXFP8},
                           {"fp6-block128", LTX_QUANT_FP6_BLOCK128},
                           {"nvfp4-cast", LTX_QUANT_NVFP4_CAST},
                           {"nvfp4-prequant", LTX_QUANT_NVFP4_PREQUANT},
                           {"int8", LTX_QUANT_INT8},
                           {"int8-dynamic", LTX_QUANT_INT8_DYNAMIC},
                           {"int4", LTX_QUANT_INT4},
                           {"nf4", LTX_QUANT_NF4},
                           {"gguf", LTX_QUANT_GGUF}};
constexpr Name kFormat[] = {{"keep", LTX_FORMAT_KEEP},
                            {"f32", LTX_FORMAT_F32},
                            {"f16", LTX_FORMAT_F16},
                            {"bf16", LTX_FORMAT_BF16},
                            {"fp8-unscaled", LTX_FORMAT_FP8_UNSCALED},
                            {"fp8-per-tensor", LTX_FORMAT_FP8_PER_TENSOR},
                            {"fp8-per-row", LTX_FORMAT_FP8_PER_ROW},
                            {"mxfp8", LTX_FORMAT_MXFP8},
                            {"fp8-block128", LTX_FORMAT_FP8_BLOCK128},
                            {"fp6-block128", LTX_FORMAT_FP6_BLOCK128},
                            {"nvfp4", LTX_FORMAT_NVFP4},
                            {"int8", LTX_FORMAT_INT8},
                            {"int4", LTX_FORMAT_INT4},
                            {"nf4", LTX_FORMAT_NF4},
                            {"gguf-q8-0", LTX_FORMAT_Q8_0},
                            {"gguf-q6-k", LTX_FORMAT_Q6_K},
                            {"gguf-q5-k", LTX_FORMAT_Q5_K},
                            {"gguf-q4-k", LTX_FORMAT_Q4_K},
                            {"gguf-q4-0", LTX_FORMAT_Q4_0},
                            {"gguf-q4-1", LTX_FORMAT_Q4_1},
                            {"gguf-q5-0", LTX_FORMAT_Q5_0},
                            {"gguf-q5-1", LTX_FORMAT_Q5_1},
                            {"gguf-q3-k", LTX_FORMAT_Q3_K},
                            {"gguf-q2-k", LTX_FORMAT_Q2_K},
                            {"gguf-iq4-nl", LTX_FORMAT_IQ4_NL},
                            {"gguf-iq4-xs", LTX_FORMAT_IQ4_XS}};
constexpr Name kCompute[] = {
    {"auto", LTX_COMPUTE_AUTO}, {"f32", LTX_COMPUTE_F32}, {"bf16", LTX_COMPUTE_BF16}};
constexpr Name kGranularity[] = {{"auto", LTX_GRANULARITY_AUTO},
                                 {"per-tensor", LTX_GRANULARITY_PER_TENSOR},
                                 {"per-row", LTX_GRANULARITY_PER_ROW}};
constexpr Name kLayers[] = {
    {"auto", LTX_LAYERS_AUTO}, {"s28", LTX_LAYERS_S28}, {"s12", LTX_LAYERS_S12}, {"s34", LTX_LAYERS_S34}};
constexpr Name kArithmetic[] = {{"auto", LTX_ARITHMETIC_AUTO},
                                {"native", LTX_ARITHMETIC_NATIVE},
                                {"dequant", LTX_ARITHMETIC_DEQUANT},
                                {"emulate", LTX_ARITHMETIC_EMULATE}};
constexpr Name kLoraOrder[] = {{"auto", LTX_LORA_ORDER_AUTO},
                               {"before", LTX_LORA_ORDER_BEFORE},
                               {"after", LTX_LORA_ORDER_AFTER},
                               {"runtime", LTX_LORA_ORDER_RUNTIME}};
constexpr Name kRounding[] = {
    {"auto", LTX_ROUNDING_AUTO}, {"nearest", LTX_ROUNDING_NEAREST}, {"stochastic", LTX_ROUNDING_STOCHASTIC}};
constexpr Name kActScale[] = {{"auto", LTX_ACT_SCALE_AUTO},
                              {"static", LTX_ACT_SCALE_STATIC},
                              {"dynamic", LTX_ACT_SCALE_DYNAMIC},
                              {"fixed-1", LTX_ACT_SCALE_FIXED_1}};
constexpr Name kComponent[] = {{"all", LTX_COMPONENT_ALL},
                               {"text-encoder", LTX_COMPONENT_TEXT_ENCODER},
                               {"text-connector", LTX_COMPONENT_TEXT_CONNECTOR},
                               {"transformer", LTX_COMPONENT_TRANSFORMER},
                               {"video-encoder", LTX_COMPONENT_VIDEO_ENCODER},
                               {"video-decoder", LTX_COMPONENT_VIDEO_DECODER},
                               {"audio-encoder", LTX_COMPONENT_AUDIO_ENCODER},
                               {"audio-decoder", LTX_COMPONENT_AUDIO_DECODER},
                               {"spatial-upsampler", LTX_COMPONENT_SPATIAL_UPSAMPLER},
                               {"temporal-upsampler", LTX_COMPONENT_TEMPORAL_UPSAMPLER},
                               {"duration-head", LTX_COMPONENT_DURATION_HEAD},
                               {"prompt-enhancer", LTX_COMPONENT_PROMPT_ENHANCER}};
constexpr Name kMemory[] = {{"auto", LTX_MEMORY_AUTO},
                            {"persistent", LTX_MEMORY_PERSISTENT},
                            {"cold", LTX_MEMORY_COLD},
                            {"offload-host", LTX_MEMORY_OFFLOAD_HOST},
                            {"offload-disk", LTX_MEMORY_OFFLOAD_DISK}};
constexpr Name kResidency[] = {{"auto", LTX_RESIDENCY_AUTO}, {"device", LTX_RESIDENCY_DEVICE},
                               {"host", LTX_RESIDENCY_HOST}, {"host-stream", LTX_RESIDENCY_HOST_STREAM},
                               {"disk", LTX_RESIDENCY_DISK}, {"disk-stream", LTX_RESIDENCY_DISK_STREAM}};
constexpr Name kDevice[] = {{"auto", LTX_DEVICE_AUTO}, {"cpu", LTX_DEVICE_CPU}, {"cuda", LTX_DEVICE_CUDA}};
constexpr Name kLocation[] = {{"host", LTX_LOCATION_HOST}, {"device", LTX_LOCATION_DEVICE}};
constexpr Name kSampler[] = {{"auto", LTX_SAMPLER_AUTO},
                             {"euler", LTX_SAMPLER_EULER},
                             {"euler-ancestral", LTX_SAMPLER_EULER_ANCESTRAL},
                             {"res-2s", LTX_SAMPLER_RES_2S},
                             {"gradient-estimation", LTX_SAMPLER_GRADIENT_ESTIMATION}};
constexpr Name kNoise[] = {{"device", LTX_NOISE_DEVICE}, {"host", LTX_NOISE_HOST}};
constexpr Name kColor[] = {{"sdr", LTX_COLOR_SDR},
                           {"srgb-linear", LTX_COLOR_SRGB_LINEAR},
                           {"acescg", LTX_COLOR_ACESCG},
                           {"acescct", LTX_COLOR_ACESCCT}};
constexpr Name kPixel[] = {{"rgb8", LTX_PIXEL_RGB8},
                           {"rgba8", LTX_PIXEL_RGBA8},
                           {"rgb-f16", LTX_PIXEL_RGB_F16},
                           {"rgb-f32", LTX_PIXEL_RGB_F32},
                           {"gray8", LTX_PIXEL_GRAY8}};
constexpr Name kLora[] = {
    {"user", LTX_LORA_USER}, {"distilled", LTX_LORA_DISTILLED}, {"detailing", LTX_LORA_DETAILING}};
constexpr Name kVideo[] = {
    {"source", LTX_VIDEO_SOURCE}, {"reference", LTX_VIDEO_REFERENCE}, {"mask", LTX_VIDEO_MASK}};
constexpr Name kTiling[] = {
    {"auto", LTX_TILING_AUTO}, {"off", LTX_TILING_OFF}, {"explicit", LTX_TILING_EXPLICIT}};
constexpr Name kDecoder[] = {
    {"auto", LTX_DECODER_AUTO}, {"low-memory", LTX_DECODER_LOW_MEMORY}, {"fast", LTX_DECODER_FAST}};
constexpr Name kPreview[] = {
    {"none", LTX_PREVIEW_NONE}, {"linear", LTX_PREVIEW_LINEAR}, {"decode", LTX_PREVIEW_DECODE}};
constexpr Name kLog[] = {{"debug", LTX_LOG_DEBUG},
                         {"info", LTX_LOG_INFO},
                         {"warning", LTX_LOG_WARNING},
                         {"error", LTX_LOG_ERROR},
                         {"off", LTX_LOG_OFF}};
constexpr Name kPriority[] = {
    {"normal", LTX_PRIORITY_NORMAL}, {"low", LTX_PRIORITY_LOW}, {"high", LTX_PRIORITY_HIGH}};
constexpr Name kTrack[] = {{"video", LTX_TRACK_VIDEO},
                           {"audio", LTX_TRACK_AUDIO},
                           {"video-latent", LTX_TRACK_VIDEO_LATENT},
                           {"audio-latent", LTX_TRACK_AUDIO_LATENT}};
constexpr Name kContainer[] = {
    {"auto", LTX_CONTAINER_AUTO}, {"safetensors", LTX_CONTAINER_SAFETENSORS}, {"gguf", LTX_CONTAINER_GGUF}};
constexpr Name kPhase[] = {{"load", LTX_PHASE_LOAD},       {"enhance", LTX_PHASE_ENHANCE},
                           {"text", LTX_PHASE_TEXT},       {"condition", LTX_PHASE_CONDITION},
                           {"denoise", LTX_PHASE_DENOISE}, {"upsample", LTX_PHASE_UPSAMPLE},
                           {"decode", LTX_PHASE_DECODE},   {"encode", LTX_PHASE_ENCODE},
                           {"convert", LTX_PHASE_CONVERT}, {"calibrate", LTX_PHASE_CALIBRATE}};
constexpr Name kEvent[] = {{"progress", LTX_EVENT_PROGRESS}, {"log", LTX_EVENT_LOG},
                           {"preview", LTX_EVENT_PREVIEW},   {"frames", LTX_EVENT_FRAMES},
                           {"audio", LTX_EVENT_AUDIO},       {"finished", LTX_EVENT_FINISHED}};
constexpr Name kCapability[] = {{"pipeline", LTX_CAPABILITY_PIPELINE},
                                {"quant", LTX_CAPABILITY_QUANT},
                                {"format", LTX_CAPABILITY_FORMAT},
                                {"media-read", LTX_CAPABILITY_MEDIA_READ},
                                {"media-write", LTX_CAPABILITY_MEDIA_WRITE},
                                {"exr", LTX_CAPABILITY_EXR},
                                {"hlg", LTX_CAPABILITY_HLG},
                                {"preview", LTX_CAPABILITY_PREVIEW},
                                {"device", LTX_CAPABILITY_DEVICE},
                                {"enhancer", LTX_CAPABILITY_ENHANCER}};

// In the order of LTX_ENUM_.
constexpr std::span<const Name> kEnums[] = {
    kStatus,    kPipeline, kQuant,    kFormat,    kCompute,   kGranularity, kLayers, kArithmetic,
    kLoraOrder, kRounding, kActScale, kComponent, kMemory,    kResidency,   kDevice, kLocation,
    kSampler,   kNoise,    kColor,    kPixel,     kLora,      kVideo,       kTiling, kDecoder,
    kPreview,   kLog,      kPriority, kTrack,     kContainer, kPhase,       kEvent,  kCapability};

std::span<const Name> values_of(ltx_enum type) noexcept {
  if (type < 1 || type > static_cast<ltx_enum>(std::size(kEnums))) return {};
  return kEnums[type - 1];
}

struct StatusName {
  ltx_status status;
  const char* name;
};

#define LTX_STATUS(name) \
  { name, #name }
constexpr StatusName kStatusNames[] = {LTX_STATUS(LTX_OK),
                                       LTX_STATUS(LTX_E_INVALID_ARGUMENT),
                                       LTX_STATUS(LTX_E_INVALID_HANDLE),
                                       LTX_STATUS(LTX_E_STRUCT_SIZE),
                                       LTX_STATUS(LTX_E_TOO_NEW),
                                       LTX_STATUS(LTX_E_BUSY),
                                       LTX_STATUS(LTX_E_REENTRANT),
                                       LTX_STATUS(LTX_E_TIMEOUT),
                                       LTX_STATUS(LTX_E_CANCELLED),
                                       LTX_STATUS(LTX_E_NOT_READY),
                                       LTX_STATUS(LTX_E_UNSUPPORTED),
                                       LTX_STATUS(LTX_E_NOT_BUILT),
                                       LTX_STATUS(LTX_E_NO_DEVICE),
                                       LTX_STATUS(LTX_E_ENVIRONMENT),
                                       LTX_STATUS(LTX_E_FILE_NOT_FOUND),
                                       LTX_STATUS(LTX_E_FILE_ACCESS),
                                       LTX_STATUS(LTX_E_FILE_CORRUPT),
                                       LTX_STATUS(LTX_E_FILE_FORMAT),
                                       LTX_STATUS(LTX_E_DISK_FULL),
                                       LTX_STATUS(LTX_E_MEDIA_DECODE),
                                       LTX_STATUS(LTX_E_MEDIA_ENCODE),
                                       LTX_STATUS(LTX_E_COMPONENT_MISSING),
                                       LTX_STATUS(LTX_E_TENSOR_MISSING),
                                       LTX_STATUS(LTX_E_TENSOR_MISMATCH),
                                       LTX_STATUS(LTX_E_MODEL_CONFIG),
                                       LTX_STATUS(LTX_E_MODEL_VERSION),
                                       LTX_STATUS(LTX_E_LORA_MISMATCH),
                                       LTX_STATUS(LTX_E_QUANT),
                                       LTX_STATUS(LTX_E_OUT_OF_DEVICE_MEMORY),
                                       LTX_STATUS(LTX_E_OUT_OF_HOST_MEMORY),
                                       LTX_STATUS(LTX_E_BUDGET),
                                       LTX_STATUS(LTX_E_DEVICE_LOST),
                                       LTX_STATUS(LTX_E_DEVICE),
                                       LTX_STATUS(LTX_E_NUMERIC),
                                       LTX_STATUS(LTX_E_INTERNAL)};
#undef LTX_STATUS

}  // namespace

const char* status_name(ltx_status status) noexcept {
  for (const StatusName& entry : kStatusNames)
    if (entry.status == status) return entry.name;
  return "LTX_E_UNKNOWN";
}

const char* enum_name(ltx_enum type, int32_t value) noexcept {
  for (const Name& name : values_of(type))
    if (name.value == value) return name.text;
  return nullptr;
}

std::string list_values(ltx_enum type) {
  std::string list;
  for (const Name& name : values_of(type))
    list += fmt::format("{}{} ({})", list.empty() ? "" : ", ", name.text, name.value);
  return list;
}

int32_t parse_enum(ltx_enum type, const char* text) {
  if (values_of(type).empty())
    fail(Status::InvalidArgument, "type is {}, but LTX_ENUM_ values are 1 to {}. Use one of those.", type,
         std::size(kEnums));
  if (text == nullptr) fail(Status::InvalidArgument, "text is NULL. Pass one of: {}.", list_values(type));
  for (const Name& name : values_of(type))
    if (std::string_view(text) == name.text) return name.value;
  fail(Status::InvalidArgument, "'{}' is not a value of this enumeration. Use one of: {}.", text,
       list_values(type));
}

}  // namespace ltx::api
