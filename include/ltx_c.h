/* libltx: LTX-2 video and audio generation. The whole public interface, plain C.
 *
 *   ltx_pipeline_create --> ltx_generate --> ltx_result        blocking; events on the calling thread
 *                       `-> ltx_generate_start --> ltx_job     asynchronous; the caller pulls events
 *   ltx_free(anything)
 *
 * Structs begin with struct_size and are filled by ltx_init(), best through the macros ltx_..._init(&object).
 * Unset is LTX_DEFAULT
 * (-1) in a numeric field, 0 in an unsigned limit or an enumeration, NULL in a pointer. Members called
 * reservedN must be 0. Texts are UTF-8 and NUL-terminated. Everything reachable from an argument is copied
 * before a call returns; a returned text is static, thread-local or owned by a handle and never freed by the
 * caller.
 *
 * Thread classes: A any thread, any time, also inside an event. S concurrent calls on one handle. X one at a
 * time per pipeline: a second call gets LTX_E_BUSY, one from its own event handler LTX_E_REENTRANT. J one
 * consumer thread per job at a time. The library's own threads never run code of the caller.
 */
#ifndef LTX_C_H
#define LTX_C_H

#include <stddef.h>
#include <stdint.h>

#if defined(_WIN32)
#if defined(LTX_BUILDING)
#define LTX_API __declspec(dllexport)
#else
#define LTX_API __declspec(dllimport)
#endif
#elif defined(__GNUC__)
#define LTX_API __attribute__((visibility("default")))
#else
#define LTX_API
#endif

#if defined(__cplusplus) && __cplusplus >= 201103L
#define LTX_NOEXCEPT noexcept
#else
#define LTX_NOEXCEPT
#endif

#ifdef __cplusplus
extern "C" {
#endif

#define LTX_VERSION_MAJOR 0
#define LTX_VERSION_MINOR 1
#define LTX_VERSION_PATCH 0
#define LTX_VERSION (LTX_VERSION_MAJOR * 1000000 + LTX_VERSION_MINOR * 1000 + LTX_VERSION_PATCH)
/** The number in libltx.so.0. */
#define LTX_ABI_VERSION 0

/** The model's or recipe's default, in a numeric field. */
#define LTX_DEFAULT (-1)

typedef int32_t ltx_bool;

/* ---- Handles: tokens, not addresses. A stale, foreign or mistyped one gives LTX_E_INVALID_HANDLE. ---- */

typedef struct ltx_pipeline ltx_pipeline; /* a recipe with its files */
typedef struct ltx_job ltx_job;           /* a call that runs on the library's thread */
typedef struct ltx_result ltx_result;     /* what a generation made */
typedef struct ltx_info ltx_info;         /* a report as JSON */

/* ---- Enumerations: 0 is automatic where a default exists; ltx_enum_name() spells them ---- */

typedef int32_t ltx_status; /* every failure has a message in ltx_last_error() */
enum {
  LTX_OK = 0,
  LTX_E_INVALID_ARGUMENT = 1,      /* field, value, allowed range, or the recipe that does not use it */
  LTX_E_INVALID_HANDLE = 2,        /* type expected; found: freed, other type, never valid */
  LTX_E_STRUCT_SIZE = 3,           /* struct, size given, sizes known */
  LTX_E_TOO_NEW = 4,               /* struct, header version, library version */
  LTX_E_BUSY = 5,                  /* running call, phase, since when */
  LTX_E_REENTRANT = 6,             /* function called, event being handled */
  LTX_E_TIMEOUT = 7,               /* milliseconds waited */
  LTX_E_CANCELLED = 8,             /* by whom; phase and step reached */
  LTX_E_NOT_READY = 9,             /* the job's phase and fraction */
  LTX_E_UNSUPPORTED = 20,          /* feature; recipe, model version or device that lacks it */
  LTX_E_NOT_BUILT = 21,            /* field and feature that this build lacks */
  LTX_E_NO_DEVICE = 22,            /* device asked, devices found */
  LTX_E_ENVIRONMENT = 23,          /* library, version built with, version loaded */
  LTX_E_FILE_NOT_FOUND = 30,       /* path, field that named it */
  LTX_E_FILE_ACCESS = 31,          /* path, operation, system error */
  LTX_E_FILE_CORRUPT = 32,         /* path, byte offset, rule, expected, found */
  LTX_E_FILE_FORMAT = 33,          /* path, type detected, types accepted */
  LTX_E_DISK_FULL = 34,            /* path, bytes needed, bytes free */
  LTX_E_MEDIA_DECODE = 35,         /* path, stream, time, codec library's text */
  LTX_E_MEDIA_ENCODE = 36,         /* path, encoder, time, codec library's text */
  LTX_E_COMPONENT_MISSING = 50,    /* component, recipe, places searched, field to set */
  LTX_E_TENSOR_MISSING = 51,       /* file, full name, expected shape, nearest names */
  LTX_E_TENSOR_MISMATCH = 52,      /* file, full name, expected and found shape and dtype */
  LTX_E_MODEL_CONFIG = 53,         /* file, key, expected, found */
  LTX_E_MODEL_VERSION = 54,        /* file, version found, versions supported */
  LTX_E_LORA_MISMATCH = 55,        /* file, unmatched keys, reason */
  LTX_E_QUANT = 56,                /* policy, tensor, format, device */
  LTX_E_OUT_OF_DEVICE_MEMORY = 70, /* phase, bytes asked, free, total */
  LTX_E_OUT_OF_HOST_MEMORY = 71,
  LTX_E_BUDGET = 72,      /* required and limit per phase */
  LTX_E_DEVICE_LOST = 73, /* CUDA error, phase; restart the process */
  LTX_E_DEVICE = 74,      /* CUDA or cuBLASLt call, code */
  LTX_E_NUMERIC = 80,     /* component, block and step of the first NaN or infinity */
  LTX_E_INTERNAL = 99     /* exception text, version */
};

typedef int32_t ltx_pipeline_kind; /* the recipe */
enum {
  LTX_PIPELINE_DISTILLED = 1,      /* distilled model, two stages */
  LTX_PIPELINE_TWO_STAGE = 2,      /* full model, guided; distilled LoRA in stage 2 */
  LTX_PIPELINE_TWO_STAGE_HQ = 3,   /* the same with LoRA factors 0.25 and 0.5 and res_2s */
  LTX_PIPELINE_ONE_STAGE = 4,      /* full model, guided, final size at once */
  LTX_PIPELINE_IC_LORA = 5,        /* reference videos through a LoRA */
  LTX_PIPELINE_KEYFRAMES = 6,      /* interpolation between images */
  LTX_PIPELINE_AUDIO_TO_VIDEO = 7, /* a video to a sound track */
  LTX_PIPELINE_RETAKE = 8,         /* a span of a clip anew */
  LTX_PIPELINE_HDR = 9,            /* a clip to HDR */
  LTX_PIPELINE_DUB = 10,           /* a clip with other speech */
  LTX_PIPELINE_TEXT_TO_AUDIO = 11, /* sound alone */
  LTX_PIPELINE_DFR = 12            /* generated keyframes, then tiles in time */
};

typedef int32_t ltx_quant_policy; /* how weights are stored and multiplied */
enum {
  LTX_QUANT_AUTO = 0, /* the formats as stored, bf16 otherwise; under an explicit device_memory_limit the
                         least lossy that fits */
  LTX_QUANT_NONE = 1, /* bf16 */
  LTX_QUANT_FP8_CAST = 10,
  LTX_QUANT_FP8_SCALED_MM = 11,
  LTX_QUANT_FP8_DYNAMIC = 12,
  LTX_QUANT_FP8_WEIGHT_ONLY = 13,
  LTX_QUANT_FP8_BLOCK128 = 14,
  LTX_QUANT_MXFP8 = 15,
  LTX_QUANT_FP6_BLOCK128 = 16,
  LTX_QUANT_NVFP4_CAST = 20,
  LTX_QUANT_NVFP4_PREQUANT = 21,
  LTX_QUANT_INT8 = 30,
  LTX_QUANT_INT8_DYNAMIC = 31,
  LTX_QUANT_INT4 = 40,
  LTX_QUANT_NF4 = 41,
  LTX_QUANT_GGUF = 50
};

typedef int32_t ltx_tensor_format; /* how one tensor is stored */
enum {
  LTX_FORMAT_KEEP = 0,
  LTX_FORMAT_F32 = 1,
  LTX_FORMAT_F16 = 2,
  LTX_FORMAT_BF16 = 3,
  LTX_FORMAT_FP8_UNSCALED = 10,
  LTX_FORMAT_FP8_PER_TENSOR = 11,
  LTX_FORMAT_FP8_PER_ROW = 12,
  LTX_FORMAT_MXFP8 = 14,
  LTX_FORMAT_FP8_BLOCK128 = 15,
  LTX_FORMAT_FP6_BLOCK128 = 16,
  LTX_FORMAT_NVFP4 = 20,
  LTX_FORMAT_INT8 = 30,
  LTX_FORMAT_INT4 = 40,
  LTX_FORMAT_NF4 = 41,
  LTX_FORMAT_Q8_0 = 50,
  LTX_FORMAT_Q6_K = 51,
  LTX_FORMAT_Q5_K = 52,
  LTX_FORMAT_Q4_K = 53,
  LTX_FORMAT_Q4_0 = 54,
  LTX_FORMAT_Q4_1 = 55,
  LTX_FORMAT_Q5_0 = 56,
  LTX_FORMAT_Q5_1 = 57,
  LTX_FORMAT_Q3_K = 58,
  LTX_FORMAT_Q2_K = 59,
  LTX_FORMAT_IQ4_NL = 60,
  LTX_FORMAT_IQ4_XS = 61
};

typedef int32_t ltx_compute_dtype; /* arithmetic of all networks between quantized layers */
enum {
  LTX_COMPUTE_AUTO = 0, /* bf16 */
  LTX_COMPUTE_F32 = 1,  /* the same recipe in fp32 throughout: parity, training */
  LTX_COMPUTE_BF16 = 2
};

typedef int32_t ltx_granularity;
enum { LTX_GRANULARITY_AUTO = 0, LTX_GRANULARITY_PER_TENSOR = 1, LTX_GRANULARITY_PER_ROW = 2 };

typedef int32_t ltx_layer_set;
enum { LTX_LAYERS_AUTO = 0, LTX_LAYERS_S28 = 1, LTX_LAYERS_S12 = 2, LTX_LAYERS_S34 = 3 };

typedef int32_t ltx_arithmetic;
enum {
  LTX_ARITHMETIC_AUTO = 0,
  LTX_ARITHMETIC_NATIVE = 1,  /* quantized activations, fastest kernel */
  LTX_ARITHMETIC_DEQUANT = 2, /* weights dequantized, activations as they are */
  LTX_ARITHMETIC_EMULATE = 3  /* the exact twin of NATIVE in plain fp32 */
};

typedef int32_t ltx_lora_order;
enum {
  LTX_LORA_ORDER_AUTO = 0,
  LTX_LORA_ORDER_BEFORE = 1,
  LTX_LORA_ORDER_AFTER = 2,
  LTX_LORA_ORDER_RUNTIME = 3
};

typedef int32_t ltx_rounding;
enum { LTX_ROUNDING_AUTO = 0, LTX_ROUNDING_NEAREST = 1, LTX_ROUNDING_STOCHASTIC = 2 };

typedef int32_t ltx_act_scale;
enum {
  LTX_ACT_SCALE_AUTO = 0,
  LTX_ACT_SCALE_STATIC = 1,
  LTX_ACT_SCALE_DYNAMIC = 2,
  LTX_ACT_SCALE_FIXED_1 = 3
};

typedef int32_t ltx_component; /* a part of the model */
enum {
  LTX_COMPONENT_ALL = 0,
  LTX_COMPONENT_TEXT_ENCODER = 1,
  LTX_COMPONENT_TEXT_CONNECTOR = 2,
  LTX_COMPONENT_TRANSFORMER = 3,
  LTX_COMPONENT_VIDEO_ENCODER = 4,
  LTX_COMPONENT_VIDEO_DECODER = 5,
  LTX_COMPONENT_AUDIO_ENCODER = 6,
  LTX_COMPONENT_AUDIO_DECODER = 7, /* with the vocoder */
  LTX_COMPONENT_SPATIAL_UPSAMPLER = 8,
  LTX_COMPONENT_TEMPORAL_UPSAMPLER = 9,
  LTX_COMPONENT_DURATION_HEAD = 10,
  LTX_COMPONENT_PROMPT_ENHANCER = 11
};

typedef int32_t ltx_memory_mode; /* presets over ltx_residency */
enum {
  LTX_MEMORY_AUTO = 0,       /* PERSISTENT if the weights take < 60 % of free memory, else COLD */
  LTX_MEMORY_PERSISTENT = 1, /* loaded once */
  LTX_MEMORY_COLD = 2,       /* each component read for its phase */
  LTX_MEMORY_OFFLOAD_HOST = 3,
  LTX_MEMORY_OFFLOAD_DISK = 4
};

typedef int32_t ltx_residency; /* where a component's weights live between uses */
enum {
  LTX_RESIDENCY_AUTO = 0,        /* decided by the memory plan */
  LTX_RESIDENCY_DEVICE = 1,      /* stay on the device */
  LTX_RESIDENCY_HOST = 2,        /* pinned host memory, copied whole for each use */
  LTX_RESIDENCY_HOST_STREAM = 3, /* pinned host memory, streamed block by block */
  LTX_RESIDENCY_DISK = 4,        /* nothing kept, read whole for each use */
  LTX_RESIDENCY_DISK_STREAM = 5  /* nothing kept, streamed block by block */
};

typedef int32_t ltx_device_type;
enum { LTX_DEVICE_AUTO = 0, LTX_DEVICE_CPU = 1, LTX_DEVICE_CUDA = 2 };

typedef int32_t ltx_location;
enum { LTX_LOCATION_HOST = 0, LTX_LOCATION_DEVICE = 1 };

typedef int32_t ltx_sampler;
enum {
  LTX_SAMPLER_AUTO = 0,
  LTX_SAMPLER_EULER = 1,
  LTX_SAMPLER_EULER_ANCESTRAL = 2,
  LTX_SAMPLER_RES_2S = 3,
  LTX_SAMPLER_GRADIENT_ESTIMATION = 4
};

typedef int32_t ltx_noise_source; /* the generator that draws the noise */
enum { LTX_NOISE_DEVICE = 0, LTX_NOISE_HOST = 1 /* the same noise on every device */ };

typedef int32_t ltx_color_space;
enum { LTX_COLOR_SDR = 0, LTX_COLOR_SRGB_LINEAR = 1, LTX_COLOR_ACESCG = 2, LTX_COLOR_ACESCCT = 3 };

typedef int32_t ltx_pixel_format; /* interleaved; integers full range, floats 0 to 1 or linear HDR */
enum {
  LTX_PIXEL_RGB8 = 0,
  LTX_PIXEL_RGBA8 = 1,
  LTX_PIXEL_RGB_F16 = 2,
  LTX_PIXEL_RGB_F32 = 3,
  LTX_PIXEL_GRAY8 = 4
};

typedef int32_t ltx_lora_role;
enum { LTX_LORA_USER = 0, LTX_LORA_DISTILLED = 1, LTX_LORA_DETAILING = 2 };

typedef int32_t ltx_video_role;
enum { LTX_VIDEO_SOURCE = 1, LTX_VIDEO_REFERENCE = 2, LTX_VIDEO_MASK = 3 };

typedef int32_t ltx_tiling_mode;
enum { LTX_TILING_AUTO = 0, LTX_TILING_OFF = 1, LTX_TILING_EXPLICIT = 2 };

typedef int32_t ltx_decoder_mode; /* preset of the diffusion video decoder */
enum { LTX_DECODER_AUTO = 0, LTX_DECODER_LOW_MEMORY = 1, LTX_DECODER_FAST = 2 };

typedef int32_t ltx_preview_mode;
enum {
  LTX_PREVIEW_NONE = 0,
  LTX_PREVIEW_LINEAR = 1, /* projection of the latent to RGB */
  LTX_PREVIEW_DECODE = 2  /* first frame decoded */
};

typedef int32_t ltx_log_level;
enum { LTX_LOG_DEBUG = 1, LTX_LOG_INFO = 2, LTX_LOG_WARNING = 3, LTX_LOG_ERROR = 4, LTX_LOG_OFF = 5 };

typedef int32_t ltx_gpu_priority;
enum { LTX_PRIORITY_NORMAL = 0, LTX_PRIORITY_LOW = 1, LTX_PRIORITY_HIGH = 2 };

typedef int32_t ltx_track;
enum { LTX_TRACK_VIDEO = 1, LTX_TRACK_AUDIO = 2, LTX_TRACK_VIDEO_LATENT = 3, LTX_TRACK_AUDIO_LATENT = 4 };

typedef int32_t ltx_container;
enum { LTX_CONTAINER_AUTO = 0, LTX_CONTAINER_SAFETENSORS = 1, LTX_CONTAINER_GGUF = 2 };

typedef int32_t ltx_phase; /* what a progress report counts */
enum {
  LTX_PHASE_LOAD = 1,
  LTX_PHASE_ENHANCE = 2,
  LTX_PHASE_TEXT = 3,
  LTX_PHASE_CONDITION = 4,
  LTX_PHASE_DENOISE = 5,
  LTX_PHASE_UPSAMPLE = 6,
  LTX_PHASE_DECODE = 7,
  LTX_PHASE_ENCODE = 8,
  LTX_PHASE_CONVERT = 9,
  LTX_PHASE_CALIBRATE = 10
};

typedef int32_t ltx_event_type;
enum {
  LTX_EVENT_PROGRESS = 1, /* progress */
  LTX_EVENT_LOG = 2,      /* log_level, source, message, dropped_logs */
  LTX_EVENT_PREVIEW = 3,  /* video */
  LTX_EVENT_FRAMES = 4,   /* video: the next frames of the clip */
  LTX_EVENT_AUDIO = 5,    /* audio: the next samples of the track */
  LTX_EVENT_FINISHED = 6  /* status, message: always the last */
};

typedef int32_t ltx_capability; /* what ltx_supports() is asked for; `value` is of the type in parentheses */
enum {
  LTX_CAPABILITY_PIPELINE = 1,    /* ltx_pipeline_kind */
  LTX_CAPABILITY_QUANT = 2,       /* ltx_quant_policy */
  LTX_CAPABILITY_FORMAT = 3,      /* ltx_tensor_format */
  LTX_CAPABILITY_MEDIA_READ = 4,  /* 0 */
  LTX_CAPABILITY_MEDIA_WRITE = 5, /* 0 */
  LTX_CAPABILITY_EXR = 6,         /* 0 */
  LTX_CAPABILITY_HLG = 7,         /* 0 */
  LTX_CAPABILITY_PREVIEW = 8,     /* ltx_preview_mode */
  LTX_CAPABILITY_DEVICE = 9,      /* 0 */
  LTX_CAPABILITY_ENHANCER = 10    /* 0 */
};

typedef int32_t ltx_enum; /* a type for ltx_enum_name() and ltx_enum_parse() */
enum {
  LTX_ENUM_STATUS = 1,
  LTX_ENUM_PIPELINE = 2,
  LTX_ENUM_QUANT = 3,
  LTX_ENUM_FORMAT = 4,
  LTX_ENUM_COMPUTE = 5,
  LTX_ENUM_GRANULARITY = 6,
  LTX_ENUM_LAYERS = 7,
  LTX_ENUM_ARITHMETIC = 8,
  LTX_ENUM_LORA_ORDER = 9,
  LTX_ENUM_ROUNDING = 10,
  LTX_ENUM_ACT_SCALE = 11,
  LTX_ENUM_COMPONENT = 12,
  LTX_ENUM_MEMORY = 13,
  LTX_ENUM_RESIDENCY = 14,
  LTX_ENUM_DEVICE = 15,
  LTX_ENUM_LOCATION = 16,
  LTX_ENUM_SAMPLER = 17,
  LTX_ENUM_NOISE = 18,
  LTX_ENUM_COLOR = 19,
  LTX_ENUM_PIXEL = 20,
  LTX_ENUM_LORA = 21,
  LTX_ENUM_VIDEO = 22,
  LTX_ENUM_TILING = 23,
  LTX_ENUM_DECODER = 24,
  LTX_ENUM_PREVIEW = 25,
  LTX_ENUM_LOG = 26,
  LTX_ENUM_PRIORITY = 27,
  LTX_ENUM_TRACK = 28,
  LTX_ENUM_CONTAINER = 29,
  LTX_ENUM_PHASE = 30,
  LTX_ENUM_EVENT = 31,
  LTX_ENUM_CAPABILITY = 32
};

typedef int32_t ltx_struct; /* a type for ltx_init() */
enum {
  LTX_STRUCT_MODEL_PATHS = 1,
  LTX_STRUCT_LORA = 2,
  LTX_STRUCT_QUANT_RULE = 3,
  LTX_STRUCT_QUANT_OPTIONS = 4,
  LTX_STRUCT_COMPONENT_RESIDENCY = 5,
  LTX_STRUCT_PIPELINE_PARAMS = 6,
  LTX_STRUCT_GUIDANCE = 7,
  LTX_STRUCT_TILING = 8,
  LTX_STRUCT_VIDEO_BUFFER = 9,
  LTX_STRUCT_AUDIO_BUFFER = 10,
  LTX_STRUCT_IMAGE_CONDITION = 11,
  LTX_STRUCT_VIDEO_CONDITION = 12,
  LTX_STRUCT_AUDIO_CONDITION = 13,
  LTX_STRUCT_OUTPUT = 14,
  LTX_STRUCT_REQUEST = 15,
  LTX_STRUCT_PROGRESS = 16,
  LTX_STRUCT_EVENT = 17,
  LTX_STRUCT_STATS = 18,
  LTX_STRUCT_MEMORY_STEP = 19,
  LTX_STRUCT_ESTIMATE = 20,
  LTX_STRUCT_DEVICE_INFO = 21,
  LTX_STRUCT_COMPONENT_STATE = 22,
  LTX_STRUCT_CONVERT_PARAMS = 23
};

/* ---- Structs of a pipeline ---- */

/** Files of a model. NULL: absent. */
typedef struct ltx_model_paths {
  uint32_t struct_size; /* set by ltx_model_paths_init() */
  int32_t reserved0;
  const char* root;       /* folder searched by file contents; the slots below win */
  const char* checkpoint; /* everything but text */
  const char* transformer;
  const char* text_encoder; /* folder or file */
  const char* video_vae;
  const char* audio_vae;
  const char* duration_head;
  const char* spatial_upsampler;
  const char* temporal_upsampler;
  const char* prompt_enhancer;
} ltx_model_paths;
#define ltx_model_paths_init(object) ltx_init(LTX_STRUCT_MODEL_PATHS, (object), sizeof *(object))

typedef struct ltx_lora {
  uint32_t struct_size; /* set by ltx_lora_init() */
  ltx_lora_role role;
  const char* path; /* safetensors file */
  float strength;   /* 1.0; times the recipe's factor while stages is 0 */
  int32_t stages;   /* bit 0 stage 1, bit 1 stage 2; 0: the recipe's stages and factors */
} ltx_lora;
#define ltx_lora_init(object) ltx_init(LTX_STRUCT_LORA, (object), sizeof *(object))

/** A format for the layers that a pattern names. The last match wins; a format computes as the policy of its
 * name does. */
typedef struct ltx_quant_rule {
  uint32_t struct_size; /* set by ltx_quant_rule_init() */
  ltx_tensor_format format;
  const char* pattern; /* glob on component:layer, "transformer:transformer_blocks.*.ff.*"; no colon: every
                          component */
} ltx_quant_rule;
#define ltx_quant_rule_init(object) ltx_init(LTX_STRUCT_QUANT_RULE, (object), sizeof *(object))

/** Refines a policy. 0, NULL, -1: the policy's default. */
typedef struct ltx_quant_options {
  uint32_t struct_size; /* set by ltx_quant_options_init() */
  ltx_granularity granularity;
  ltx_layer_set layer_set;
  ltx_arithmetic arithmetic;
  ltx_lora_order lora_order;
  ltx_rounding lora_rounding;
  ltx_act_scale act_scale;
  int32_t group_size;  /* -1 */
  ltx_bool fast_accum; /* -1 */
  int32_t reserved0;
  const int32_t* keep_bf16_blocks; /* negative: from the end; NULL: default; an empty list is one with an
                                      address and count 0 */
  size_t keep_bf16_block_count;
  const char* calibration_path;
  ltx_bool reference_compat; /* 0; 1: the public reference's behaviour where ours differs */
  int32_t reserved1;
} ltx_quant_options;
#define ltx_quant_options_init(object) ltx_init(LTX_STRUCT_QUANT_OPTIONS, (object), sizeof *(object))

typedef struct ltx_component_residency {
  uint32_t struct_size; /* set by ltx_component_residency_init() */
  ltx_component component;
  ltx_residency residency;
  int32_t reserved0;
} ltx_component_residency;
#define ltx_component_residency_init(object) \
  ltx_init(LTX_STRUCT_COMPONENT_RESIDENCY, (object), sizeof *(object))

typedef struct ltx_pipeline_params {
  uint32_t struct_size;          /* set by ltx_pipeline_params_init() */
  ltx_pipeline_kind kind;        /* required */
  ltx_quant_policy quant;        /* of the transformer */
  ltx_quant_policy text_quant;   /* of the text models */
  ltx_quant_policy vae_quant;    /* of the video VAE */
  ltx_bool measure_quantization; /* 0; 1: weight error per layer into ltx_pipeline_info() */
  ltx_compute_dtype compute_dtype;
  int32_t reserved0;
  const ltx_quant_options* quant_options;      /* NULL */
  const ltx_quant_options* text_quant_options; /* NULL */
  ltx_device_type device_type;                 /* AUTO: the first CUDA device, else the CPU */
  int32_t device_index;                        /* 0 */
  ltx_memory_mode memory_mode;
  ltx_decoder_mode decoder_mode;
  int32_t max_batch_size;       /* 1; guidance passes per call, 1 to 4 */
  int32_t prompt_cache_entries; /* 8; encoded prompts kept in host memory */
  ltx_gpu_priority gpu_priority;
  ltx_log_level log_level; /* WARNING; lowest level sent as LTX_EVENT_LOG */
  ltx_bool cuda_graphs;    /* -1; capture the block loop where weights are resident */
  int32_t reserved1;
  uint64_t device_memory_limit;  /* bytes; not built: 0 */
  uint64_t host_memory_limit;    /* bytes; not built: 0 */
  const ltx_model_paths* models; /* required */
  const ltx_lora* loras;         /* fused at load */
  size_t lora_count;
  const ltx_quant_rule* quant_rules; /* overrides of the policy */
  size_t quant_rule_count;
  const ltx_component_residency* residency; /* overrides of the mode */
  size_t residency_count;
  ltx_pipeline* share_with; /* NULL; components with equal file, policy, device and LoRAs are shared */
  const char* weight_cache; /* folder; NULL: none. Weights that a policy encodes are written there at the
                               first load and read from there afterwards: the same bits */
} ltx_pipeline_params;
#define ltx_pipeline_params_init(object) ltx_init(LTX_STRUCT_PIPELINE_PARAMS, (object), sizeof *(object))

/* ---- Structs of a request ---- */

/** Guidance of one modality; -1: the model's default. Off, in this order: 0, 1, 0, 0, 1, no blocks. */
typedef struct ltx_guidance {
  uint32_t struct_size; /* set by ltx_guidance_init() */
  int32_t skip_step;    /* n: guided only at every (n+1)th step */
  float cfg_scale;
  float stg_scale;
  float rescale_scale;
  float modality_scale;
  const int32_t* stg_blocks; /* NULL: default; an empty list is one with an address and count 0 */
  size_t stg_block_count;
} ltx_guidance;
#define ltx_guidance_init(object) ltx_init(LTX_STRUCT_GUIDANCE, (object), sizeof *(object))

/** Tiles of the video decoder. The sizes belong to EXPLICIT; -1: untiled along that axis. */
typedef struct ltx_tiling {
  uint32_t struct_size; /* set by ltx_tiling_init() */
  ltx_tiling_mode mode;
  int32_t tile_width;  /* px */
  int32_t tile_height; /* px */
  int32_t tile_frames;
  int32_t overlap_width;  /* px */
  int32_t overlap_height; /* px */
  int32_t overlap_frames;
} ltx_tiling;
#define ltx_tiling_init(object) ltx_init(LTX_STRUCT_TILING, (object), sizeof *(object))

/** Frames: input, output and copy target. Interleaved, top row first. */
typedef struct ltx_video_buffer {
  uint32_t struct_size; /* set by ltx_video_buffer_init() */
  ltx_pixel_format pixel_format;
  int32_t width;       /* px */
  int32_t height;      /* px */
  int32_t frame_count; /* 1 */
  int32_t first_frame; /* index of the first frame within the clip */
  ltx_location location;
  int32_t device_index;
  ltx_color_space color_space;
  int32_t reserved0;
  double frame_rate;     /* Hz; -1 unknown */
  uint64_t row_stride;   /* bytes; 0: tight */
  uint64_t frame_stride; /* bytes; 0: tight */
  uint64_t data_size;    /* bytes */
  void* data;
  void* cuda_stream;
} ltx_video_buffer;
#define ltx_video_buffer_init(object) ltx_init(LTX_STRUCT_VIDEO_BUFFER, (object), sizeof *(object))

/** Samples, planar, within -1 to 1, in host memory. */
typedef struct ltx_audio_buffer {
  uint32_t struct_size; /* set by ltx_audio_buffer_init() */
  int32_t channels;
  int32_t sample_rate; /* Hz */
  int32_t reserved0;
  uint64_t sample_count;   /* per channel */
  uint64_t channel_stride; /* samples; 0: tight */
  float* data;
} ltx_audio_buffer;
#define ltx_audio_buffer_init(object) ltx_init(LTX_STRUCT_AUDIO_BUFFER, (object), sizeof *(object))

/** An image that the clip shows at a frame. Exactly one of path and pixels. */
typedef struct ltx_image_condition {
  uint32_t struct_size; /* set by ltx_image_condition_init() */
  int32_t frame_index;  /* 0 */
  const char* path;
  const ltx_video_buffer* pixels; /* one frame */
  float strength;                 /* 1.0; 0 to 1 */
  int32_t crf;                    /* -1: the model's; 0: no re-compression */
} ltx_image_condition;
#define ltx_image_condition_init(object) ltx_init(LTX_STRUCT_IMAGE_CONDITION, (object), sizeof *(object))

/** A video that a recipe starts from. Exactly one of path and pixels. */
typedef struct ltx_video_condition {
  uint32_t struct_size; /* set by ltx_video_condition_init() */
  ltx_video_role role;  /* required */
  const char* path;     /* file, or folder of EXR files */
  const ltx_video_buffer* pixels;
  double frame_rate; /* Hz; -1; required for EXR folders */
  float strength;    /* 1.0 */
  int32_t reserved0;
} ltx_video_condition;
#define ltx_video_condition_init(object) ltx_init(LTX_STRUCT_VIDEO_CONDITION, (object), sizeof *(object))

/** A sound track that a recipe starts from. Exactly one of path and samples. */
typedef struct ltx_audio_condition {
  uint32_t struct_size; /* set by ltx_audio_condition_init() */
  int32_t reserved0;
  const char* path;
  const ltx_audio_buffer* samples;
  double start_time;   /* s; 0 */
  double max_duration; /* s; -1: the clip's length */
} ltx_audio_condition;
#define ltx_audio_condition_init(object) ltx_init(LTX_STRUCT_AUDIO_CONDITION, (object), sizeof *(object))

/** Where frames and samples go. */
typedef struct ltx_output {
  uint32_t struct_size;          /* set by ltx_output_init() */
  ltx_bool keep_frames;          /* 0; 1: in the result */
  ltx_bool stream_frames;        /* 0; 1: as FRAMES and AUDIO events */
  ltx_pixel_format pixel_format; /* of kept and streamed frames */
  ltx_location location;         /* of kept frames */
  int32_t video_crf;             /* -1: 19, HDR 12 */
  int32_t audio_bit_rate;        /* -1: 128000 bit/s */
  ltx_bool write_exr;            /* -1: on for HDR */
  ltx_bool embed_metadata;       /* 1 */
  int32_t reserved0;
  const char* path; /* NULL: no file; suffix mp4, mov, mkv, wav */
} ltx_output;
#define ltx_output_init(object) ltx_init(LTX_STRUCT_OUTPUT, (object), sizeof *(object))

/** One generation. A field that the recipe does not use must stay at its default. */
typedef struct ltx_request {
  uint32_t struct_size;        /* set by ltx_request_init() */
  int32_t width;               /* px; -1; final size, a multiple of 64 (two stages) or 32 */
  int32_t height;              /* px; -1 */
  int32_t num_frames;          /* -1: predicted where recipe and model can, else 121; 8k+1 */
  const char* prompt;          /* this or text_embeddings is required */
  const char* negative_prompt; /* NULL: the library's own text */
  uint64_t seed;               /* 10 */
  double frame_rate;           /* Hz; -1: 24 */
  double min_seconds;          /* s; 1; clamp of a predicted length */
  double max_seconds;          /* s; 20 */
  int32_t num_inference_steps; /* -1; stage 1 */
  ltx_sampler sampler;         /* stage 1 */
  ltx_noise_source noise_source;
  ltx_color_space color_space; /* of EXR inputs; HDR decoding and output */
  const float* stage_1_sigmas; /* NULL: the schedule; the last value is 0 */
  size_t stage_1_sigma_count;
  const float* stage_2_sigmas;
  size_t stage_2_sigma_count;
  const ltx_guidance* video_guidance;
  const ltx_guidance* audio_guidance;
  const ltx_image_condition* images;
  size_t image_count;
  const ltx_video_condition* videos;
  size_t video_count;
  const ltx_audio_condition* audio;
  const int32_t* keyframe_indices; /* generated keyframe slots; NULL with a count: evenly spaced */
  size_t keyframe_index_count;
  double start_time;                /* s; -1; retake window */
  double end_time;                  /* s; -1 */
  ltx_bool regenerate_video;        /* 1 */
  ltx_bool regenerate_audio;        /* 1 */
  ltx_bool skip_stage_2;            /* 0 */
  ltx_bool high_quality;            /* 0 */
  ltx_bool enhance_prompt;          /* 0 */
  int32_t temporal_upsample_rounds; /* 0; each of up to 2 doubles the frame rate */
  int64_t enhance_seed;             /* -1 */
  float attention_strength;         /* 1.0; of reference tokens, 0 to 1 */
  ltx_preview_mode preview_mode;
  int32_t preview_interval;  /* 1 step */
  int32_t preview_max_side;  /* 512 px */
  ltx_bool reference_parity; /* 0; 1: the public reference's documented quirks */
  int32_t reserved0;
  const char* text_embeddings; /* file written by ltx_encode_text(); the text encoder is not loaded */
  const ltx_tiling* tiling;    /* NULL: AUTO */
  const ltx_output* output;    /* NULL: RGB8 frames kept in host memory */
} ltx_request;
#define ltx_request_init(object) ltx_init(LTX_STRUCT_REQUEST, (object), sizeof *(object))

/* ---- Structs that come out ---- */

/** Where a call is. Stages and steps count from 1; 0 is "not counted here". */
typedef struct ltx_progress {
  uint32_t struct_size; /* set by ltx_progress_init() */
  ltx_phase phase;
  int32_t stage;
  int32_t stage_count;
  int32_t step;
  int32_t step_count;
  double fraction; /* of the whole call, 0 to 1; never decreases */
  double elapsed_seconds;
  double remaining_seconds; /* -1 unknown */
  double sigma;             /* noise level of the step */
  uint64_t bytes_done;      /* of a load */
  uint64_t bytes_total;
  uint64_t device_bytes; /* in use */
  uint64_t host_bytes;   /* in use */
} ltx_progress;
#define ltx_progress_init(object) ltx_init(LTX_STRUCT_PROGRESS, (object), sizeof *(object))

/** Lives until its handler returns, or until the next ltx_job_next_event() on its job. */
typedef struct ltx_event {
  uint32_t struct_size; /* set by ltx_event_init() */
  ltx_event_type type;
  ltx_status status;             /* FINISHED */
  ltx_log_level log_level;       /* LOG */
  const ltx_progress* progress;  /* PROGRESS */
  const char* message;           /* LOG, FINISHED */
  const char* source;            /* LOG */
  const ltx_video_buffer* video; /* PREVIEW, FRAMES */
  const ltx_audio_buffer* audio; /* AUDIO */
  uint64_t dropped_logs;         /* log lines lost so far because nobody read them */
} ltx_event;
#define ltx_event_init(object) ltx_init(LTX_STRUCT_EVENT, (object), sizeof *(object))

/** What a generation was and cost. */
typedef struct ltx_stats {
  uint32_t struct_size; /* set by ltx_stats_init() */
  int32_t width;
  int32_t height;
  int32_t num_frames;
  double frame_rate;
  uint64_t seed;
  ltx_quant_policy quant;
  ltx_quant_policy text_quant;
  ltx_memory_mode memory_mode;
  int32_t num_inference_steps;
  double total_seconds;
  double load_seconds;
  double text_seconds; /* prompt enhancement included */
  double condition_seconds;
  double stage_1_seconds;
  double upsample_seconds;
  double stage_2_seconds;
  double decode_seconds;
  double encode_seconds;
  uint64_t peak_device_bytes;
  uint64_t predicted_device_bytes;
  uint64_t peak_host_bytes;
  uint64_t predicted_host_bytes;
  uint64_t disk_bytes_read;
  uint8_t latent_sha256[32]; /* of the final latents: video, then audio, as fp32 */
} ltx_stats;
#define ltx_stats_init(object) ltx_init(LTX_STRUCT_STATS, (object), sizeof *(object))

typedef struct ltx_memory_step {
  uint32_t struct_size; /* set by ltx_memory_step_init() */
  ltx_phase phase;
  int32_t stage;
  ltx_component component;
  uint64_t weight_bytes;
  uint64_t activation_bytes;
  uint64_t host_bytes;
} ltx_memory_step;
#define ltx_memory_step_init(object) ltx_init(LTX_STRUCT_MEMORY_STEP, (object), sizeof *(object))

typedef struct ltx_estimate {
  uint32_t struct_size; /* set by ltx_estimate_init() */
  ltx_bool fits;
  ltx_memory_mode memory_mode;
  ltx_quant_policy quant;
  ltx_quant_policy text_quant;
  int32_t reserved0;
  uint64_t peak_device_bytes;
  uint64_t peak_host_bytes;
  uint64_t free_device_bytes;
  uint64_t free_host_bytes;
  uint64_t weight_bytes;
  uint64_t disk_bytes_read; /* per run */
  ltx_memory_step* steps;   /* the caller's array */
  size_t step_capacity;
  size_t step_count; /* may exceed the capacity */
} ltx_estimate;
#define ltx_estimate_init(object) ltx_init(LTX_STRUCT_ESTIMATE, (object), sizeof *(object))

typedef struct ltx_device_info {
  uint32_t struct_size; /* set by ltx_device_info_init() */
  ltx_device_type type;
  int32_t index;
  int32_t compute_capability;   /* 90 = 9.0 */
  int32_t multiprocessor_count; /* processor cores on a CPU */
  int32_t reserved0;
  uint64_t total_bytes;
  uint64_t free_bytes;
  uint64_t native_formats; /* bit = value of ltx_tensor_format: multiplied as they are, activations too */
  char name[128];
} ltx_device_info;
#define ltx_device_info_init(object) ltx_init(LTX_STRUCT_DEVICE_INFO, (object), sizeof *(object))

typedef struct ltx_component_state {
  uint32_t struct_size; /* set by ltx_component_state_init() */
  ltx_component component;
  ltx_residency residency;
  ltx_quant_policy quant;
  ltx_bool on_device;
  ltx_bool shared;
  uint64_t device_bytes;
  uint64_t host_bytes;
  uint64_t file_bytes;
} ltx_component_state;
#define ltx_component_state_init(object) ltx_init(LTX_STRUCT_COMPONENT_STATE, (object), sizeof *(object))

typedef struct ltx_convert_params {
  uint32_t struct_size; /* set by ltx_convert_params_init() */
  ltx_container container;
  ltx_quant_policy quant; /* AUTO: keep the stored formats */
  ltx_quant_policy text_quant;
  ltx_device_type device_type;
  int32_t device_index;
  ltx_bool split;     /* 0; 1: one file per component */
  ltx_bool overwrite; /* 0 */
  ltx_bool verify;    /* 1; re-read, error per tensor */
  ltx_log_level log_level;
  const ltx_model_paths* models;
  const ltx_quant_options* quant_options;
  const ltx_quant_options* text_quant_options;
  const ltx_lora* loras;
  size_t lora_count;
  const ltx_quant_rule* quant_rules;
  size_t quant_rule_count;
  const char* output_path;
  const char* calibration_path; /* short for that of quant_options */
} ltx_convert_params;
#define ltx_convert_params_init(object) ltx_init(LTX_STRUCT_CONVERT_PARAMS, (object), sizeof *(object))

/** Called on the thread of a blocking call.
 *  @return 0 to continue, anything else to cancel. Ignore event types you do not know. */
typedef int32_t (*ltx_event_fn)(const ltx_event* event, void* user_data);

/* ---- Library ---- */

/** @return the version of the loaded library, 1000000 * major + 1000 * minor + patch.
 *  @thread A   @since 0.1 */
LTX_API uint32_t ltx_version(void) LTX_NOEXCEPT;

/** @return "0.1.0".
 *  @thread A   @since 0.1 */
LTX_API const char* ltx_version_string(void) LTX_NOEXCEPT;

/** @return what the library was built from and with, static JSON ("schema": 1).
 *  @thread A   @since 0.1 */
LTX_API const char* ltx_build_info(void) LTX_NOEXCEPT;

/** Fills a struct with defaults and sets its struct_size; use the macro named after the struct.
 *
 *  @param size  sizeof the caller's struct.
 *  @return LTX_OK; LTX_E_TOO_NEW if the caller's header is newer than the library (the object is left
 * untouched); LTX_E_STRUCT_SIZE if no version of the struct has that size.
 *  @thread A   @since 0.1 */
LTX_API ltx_status ltx_init(ltx_struct type, void* object, size_t size) LTX_NOEXCEPT;

/** Releases any handle, on any thread, in any order; NULL, stale and foreign ones are ignored. A handle that
 * something else needs (a pipeline under a running job) lives on until that is done. Freeing a job cancels it
 * without waiting.
 *  @thread A   @since 0.1 */
LTX_API void ltx_free(void* handle) LTX_NOEXCEPT;

/** @return why the calling thread's last fallible call failed, "" if it succeeded. Valid until the thread's
 * next call.
 *  @thread A   @since 0.1 */
LTX_API const char* ltx_last_error(void) LTX_NOEXCEPT;

/** @return the name of the constant, "LTX_E_BUSY"; "LTX_E_UNKNOWN" for a number that is none.
 *  @thread A   @since 0.1 */
LTX_API const char* ltx_status_name(ltx_status status) LTX_NOEXCEPT;

/** @return the lower-case spelling of a value, "fp8-scaled-mm"; NULL if the type has no such value.
 *  @thread A   @since 0.1 */
LTX_API const char* ltx_enum_name(ltx_enum type, int32_t value) LTX_NOEXCEPT;

/** The inverse of ltx_enum_name().
 *  @return LTX_OK; LTX_E_INVALID_ARGUMENT with the texts accepted.
 *  @thread A   @since 0.1 */
LTX_API ltx_status ltx_enum_parse(ltx_enum type, const char* text, int32_t* out_value) LTX_NOEXCEPT;

/** No policy and no format is refused for the sake of a device: what it cannot multiply as it is
 * (ltx_device_info.native_formats) is dequantized to bf16, at the memory of the format. A format is that of
 * layers in files; GGUF types are read and not written.
 *
 *  @return LTX_OK if this build can, on that device; else the status and message that a use would give.
 *  @thread A   @since 0.1 */
LTX_API ltx_status ltx_supports(ltx_capability capability, int32_t value, ltx_device_type device_type,
                                int32_t device_index) LTX_NOEXCEPT;

/** CUDA devices and the CPU, which is the last.
 *  @thread A   @since 0.1 */
LTX_API ltx_status ltx_device_count(int32_t* out_count) LTX_NOEXCEPT;

/** @param out_device  initialised with ltx_device_info_init().
 *  @thread A   @since 0.1 */
LTX_API ltx_status ltx_device_get(int32_t ordinal, ltx_device_info* out_device) LTX_NOEXCEPT;

/** What a file or folder holds: version, components, formats, metadata. Reads headers only.
 *  @thread A   @since 0.1 */
LTX_API ltx_status ltx_inspect(const char* path, ltx_info** out_info) LTX_NOEXCEPT;

/** @return a report's JSON ("schema": 1), owned by the handle; NULL if the handle is not valid.
 *  @thread A   @since 0.1 */
LTX_API const char* ltx_info_json(const ltx_info* info) LTX_NOEXCEPT;

/* ---- Model files ---- */

/** Writes model files in another number format: quantized or dequantized, LoRAs fused, parts split. Tensors
 * stream one by one; every file appears complete under its name or not at all, verified unless `verify` is 0.
 * Converts the file of the transformer (models.transformer or models.checkpoint), and the text encoder where
 * text_quant is not AUTO or nothing else is given. A converted file loads with the bits that quantizing at
 * load gives.
 *
 *  @param params    initialised with ltx_convert_params_init(); copied.
 *  @param on_event  may be NULL; called on this thread.
 *  @return LTX_OK; LTX_E_INVALID_ARGUMENT if a file of that name exists and `overwrite` is 0.
 *  @thread A   @since 0.1 */
LTX_API ltx_status ltx_convert(const ltx_convert_params* params, ltx_event_fn on_event,
                               void* user_data) LTX_NOEXCEPT;

/** The same on a thread of its own.
 *  @param out_job  receives the handle; release it with ltx_free().
 *  @thread A   @since 0.1 */
LTX_API ltx_status ltx_convert_start(const ltx_convert_params* params, ltx_job** out_job) LTX_NOEXCEPT;

/* ---- Pipelines ---- */

/** A recipe, its model files, their quantization and the plan that places them in memory.
 *  Reads file headers only; weights are loaded by the first call that needs them, or by
 * ltx_pipeline_preload().
 *
 *  @param params        initialised with ltx_pipeline_params_init(); copied.
 *  @param out_pipeline  receives the handle; release it with ltx_free().
 *  @return LTX_OK; LTX_E_COMPONENT_MISSING if a file of the recipe is not given.
 *  @thread A   @since 0.1 */
LTX_API ltx_status ltx_pipeline_create(const ltx_pipeline_params* params,
                                       ltx_pipeline** out_pipeline) LTX_NOEXCEPT;

/** Files, formats chosen, plan, warnings, unused tensors.
 *  @thread S   @since 0.1 */
LTX_API ltx_status ltx_pipeline_info(const ltx_pipeline* pipeline, ltx_info** out_info) LTX_NOEXCEPT;

/** Validates a request and fills in the defaults of the fields that the recipe uses.
 *
 *  @param out_request  initialised with ltx_request_init(). What its pointers point to belongs to the
 * pipeline, until this thread's next ltx_pipeline_resolve() on it. Arrays have the strides of `request`.
 *  @thread S   @since 0.1 */
LTX_API ltx_status ltx_pipeline_resolve(const ltx_pipeline* pipeline, const ltx_request* request,
                                        ltx_request* out_request) LTX_NOEXCEPT;

/** Where a component is and how large. LTX_COMPONENT_ALL sums up.
 *  @param out_state  initialised with ltx_component_state_init().
 *  @thread S   @since 0.1 */
LTX_API ltx_status ltx_pipeline_component(const ltx_pipeline* pipeline, ltx_component component,
                                          ltx_component_state* out_state) LTX_NOEXCEPT;

/** Loads a component, or all, now.
 *  @param on_event  may be NULL.
 *  @thread X   @since 0.1 */
LTX_API ltx_status ltx_pipeline_preload(ltx_pipeline* pipeline, ltx_component component,
                                        ltx_event_fn on_event, void* user_data) LTX_NOEXCEPT;

/** The same as a job.
 *  @thread X   @since 0.1 */
LTX_API ltx_status ltx_pipeline_preload_start(ltx_pipeline* pipeline, ltx_component component,
                                              ltx_job** out_job) LTX_NOEXCEPT;

/** Takes a component, or all, off the device; cached memory goes back to the driver.
 *  @thread X   @since 0.1 */
LTX_API ltx_status ltx_pipeline_evict(ltx_pipeline* pipeline, ltx_component component) LTX_NOEXCEPT;

/** Encodes the prompts of a request and writes a file for ltx_request.text_embeddings.
 *  @param on_event  may be NULL.
 *  @thread X   @since 0.1 */
LTX_API ltx_status ltx_encode_text(ltx_pipeline* pipeline, const ltx_request* request, const char* path,
                                   ltx_event_fn on_event, void* user_data) LTX_NOEXCEPT;

/** Rewrites the prompt of a request with the language model, which looks at the first image where there is
 * one. The same call gives the same text; ltx_generate() with `enhance_prompt` encodes exactly this text.
 *
 *  @param request   of its fields the prompt, the first image, enhance_seed and seed count; enhance_prompt
 * need not be set.
 *  @param on_event  may be NULL.
 *  @param out_info  receives JSON: "prompt", the text (it may be empty); "seed", what it was drawn with;
 * "tokens", the length of the reply; "from_image"; "complete", false if the reply was cut at its longest
 * length. Release it with ltx_free().
 *  @return LTX_OK; LTX_E_COMPONENT_MISSING if no model is there that rewrites prompts; LTX_E_TENSOR_MISSING
 * if it cannot look at images.
 *  @thread X   @since 0.1 */
LTX_API ltx_status ltx_enhance_prompt(ltx_pipeline* pipeline, const ltx_request* request,
                                      ltx_event_fn on_event, void* user_data,
                                      ltx_info** out_info) LTX_NOEXCEPT;

/** Runs requests without decoding them, measures the largest input of every layer of the transformer and
 * writes the calibration file that ltx_quant_options.calibration_path takes.
 *
 *  @param requests  an array; each initialised with ltx_request_init().
 *  @param on_event  may be NULL.
 *  @thread X   @since 0.1 */
LTX_API ltx_status ltx_calibrate(ltx_pipeline* pipeline, const ltx_request* requests, size_t request_count,
                                 const char* path, ltx_event_fn on_event, void* user_data) LTX_NOEXCEPT;

/** Runs the recipe. Everything is validated before weights are loaded.
 *
 *  @param request     initialised with ltx_request_init(); copied, pixels included.
 *  @param on_event    may be NULL; called on this thread.
 *  @param out_result  may be NULL if only a file or events are wanted; release it with ltx_free().
 *  @return LTX_OK; LTX_E_CANCELLED if on_event returned non-zero.
 *  @thread X   @since 0.1 */
LTX_API ltx_status ltx_generate(ltx_pipeline* pipeline, const ltx_request* request, ltx_event_fn on_event,
                                void* user_data, ltx_result** out_result) LTX_NOEXCEPT;

/** Validates the request, starts the run and returns. The job holds the pipeline until it ends.
 *  @thread X   @since 0.1 */
LTX_API ltx_status ltx_generate_start(ltx_pipeline* pipeline, const ltx_request* request,
                                      ltx_job** out_job) LTX_NOEXCEPT;

/* ---- Jobs ---- */

/** The next event; FINISHED is the last. Frames and samples wait for the consumer, everything else does not.
 *
 *  @param timeout_ms  0 polls, -1 waits.
 *  @param out_event   initialised with ltx_event_init().
 *  @return LTX_OK; LTX_E_TIMEOUT if there is none.
 *  @thread J   @since 0.1 */
LTX_API ltx_status ltx_job_next_event(ltx_job* job, int32_t timeout_ms, ltx_event* out_event) LTX_NOEXCEPT;

/** Waits for the end, discarding events. 0 polls, -1 waits without limit.
 *  @return the job's status; LTX_E_TIMEOUT.
 *  @thread J   @since 0.1 */
LTX_API ltx_status ltx_job_wait(ltx_job* job, int32_t timeout_ms) LTX_NOEXCEPT;

/** The latest progress; consumes nothing.
 *  @param out_progress  initialised with ltx_progress_init().
 *  @thread A   @since 0.1 */
LTX_API ltx_status ltx_job_progress(const ltx_job* job, ltx_progress* out_progress) LTX_NOEXCEPT;

/** Asks the job to end; it does within one block.
 *  @thread A   @since 0.1 */
LTX_API ltx_status ltx_job_cancel(ltx_job* job) LTX_NOEXCEPT;

/** @return the status that the job ended with; LTX_E_NOT_READY while it runs.
 *  @thread A   @since 0.1 */
LTX_API ltx_status ltx_job_status(const ltx_job* job) LTX_NOEXCEPT;

/** @return the message that the job ended with, owned by the job; "" while it runs and after success.
 *  @thread A   @since 0.1 */
LTX_API const char* ltx_job_error(const ltx_job* job) LTX_NOEXCEPT;

/** A new handle on the result of a finished generation; release it with ltx_free().
 *  @return LTX_OK; LTX_E_NOT_READY while it runs; the job's status if it failed.
 *  @thread A   @since 0.1 */
LTX_API ltx_status ltx_job_result(const ltx_job* job, ltx_result** out_result) LTX_NOEXCEPT;

/* ---- Results ---- */

/** A view of the frames, owned by the result. LTX_E_UNSUPPORTED if none were kept.
 *  @param out_video  initialised with ltx_video_buffer_init().
 *  @thread S   @since 0.1 */
LTX_API ltx_status ltx_result_video(const ltx_result* result, ltx_video_buffer* out_video) LTX_NOEXCEPT;

/** A view of the samples, owned by the result. LTX_E_UNSUPPORTED if none were kept.
 *  @param out_audio  initialised with ltx_audio_buffer_init().
 *  @thread S   @since 0.1 */
LTX_API ltx_status ltx_result_audio(const ltx_result* result, ltx_audio_buffer* out_audio) LTX_NOEXCEPT;

/** @param out_stats  initialised with ltx_stats_init().
 *  @thread S   @since 0.1 */
LTX_API ltx_status ltx_result_stats(const ltx_result* result, ltx_stats* out_stats) LTX_NOEXCEPT;

/** Converts and copies frames into the caller's memory.
 *
 *  @param target  pixel_format, strides, data and data_size; width and height 0 or those of the clip.
 *  @thread S   @since 0.1 */
LTX_API ltx_status ltx_result_copy_frames(const ltx_result* result, int32_t first_frame, int32_t frame_count,
                                          const ltx_video_buffer* target) LTX_NOEXCEPT;

/** Encodes and writes kept frames and samples to output->path; the suffix .safetensors writes the final
 * latents instead: `video_latent` [1, 128, F, H, W] and `audio_latent` [1, 8, T, 16], F32.
 *  @param on_event  may be NULL.
 *  @thread S   @since 0.1 */
LTX_API ltx_status ltx_result_save(const ltx_result* result, const ltx_output* output, ltx_event_fn on_event,
                                   void* user_data) LTX_NOEXCEPT;

#ifdef __cplusplus
}
#endif

#endif /* LTX_C_H */
