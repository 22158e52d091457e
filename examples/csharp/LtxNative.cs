// Generated from include/ltx_c.h 0.1.0 by tools/make_csharp.py; see the header for what everything means.
using System;
using System.Runtime.InteropServices;

namespace Ltx {
  // Handles: tokens, never dereferenced.
  public struct ltx_pipeline { }
  public struct ltx_job { }
  public struct ltx_result { }
  public struct ltx_info { }

  public enum ltx_status : int {
    LTX_OK = 0,
    LTX_E_INVALID_ARGUMENT = 1,
    LTX_E_INVALID_HANDLE = 2,
    LTX_E_STRUCT_SIZE = 3,
    LTX_E_TOO_NEW = 4,
    LTX_E_BUSY = 5,
    LTX_E_REENTRANT = 6,
    LTX_E_TIMEOUT = 7,
    LTX_E_CANCELLED = 8,
    LTX_E_NOT_READY = 9,
    LTX_E_UNSUPPORTED = 20,
    LTX_E_NOT_BUILT = 21,
    LTX_E_NO_DEVICE = 22,
    LTX_E_ENVIRONMENT = 23,
    LTX_E_FILE_NOT_FOUND = 30,
    LTX_E_FILE_ACCESS = 31,
    LTX_E_FILE_CORRUPT = 32,
    LTX_E_FILE_FORMAT = 33,
    LTX_E_DISK_FULL = 34,
    LTX_E_MEDIA_DECODE = 35,
    LTX_E_MEDIA_ENCODE = 36,
    LTX_E_COMPONENT_MISSING = 50,
    LTX_E_TENSOR_MISSING = 51,
    LTX_E_TENSOR_MISMATCH = 52,
    LTX_E_MODEL_CONFIG = 53,
    LTX_E_MODEL_VERSION = 54,
    LTX_E_LORA_MISMATCH = 55,
    LTX_E_QUANT = 56,
    LTX_E_OUT_OF_DEVICE_MEMORY = 70,
    LTX_E_OUT_OF_HOST_MEMORY = 71,
    LTX_E_BUDGET = 72,
    LTX_E_DEVICE_LOST = 73,
    LTX_E_DEVICE = 74,
    LTX_E_NUMERIC = 80,
    LTX_E_INTERNAL = 99,
  }

  public enum ltx_pipeline_kind : int {
    LTX_PIPELINE_DISTILLED = 1,
    LTX_PIPELINE_TWO_STAGE = 2,
    LTX_PIPELINE_TWO_STAGE_HQ = 3,
    LTX_PIPELINE_ONE_STAGE = 4,
    LTX_PIPELINE_IC_LORA = 5,
    LTX_PIPELINE_KEYFRAMES = 6,
    LTX_PIPELINE_AUDIO_TO_VIDEO = 7,
    LTX_PIPELINE_RETAKE = 8,
    LTX_PIPELINE_HDR = 9,
    LTX_PIPELINE_DUB = 10,
    LTX_PIPELINE_TEXT_TO_AUDIO = 11,
    LTX_PIPELINE_DFR = 12,
  }

  public enum ltx_quant_policy : int {
    LTX_QUANT_AUTO = 0,
    LTX_QUANT_NONE = 1,
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
    LTX_QUANT_GGUF = 50,
  }

  public enum ltx_tensor_format : int {
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
    LTX_FORMAT_IQ4_XS = 61,
  }

  public enum ltx_compute_dtype : int {
    LTX_COMPUTE_AUTO = 0,
    LTX_COMPUTE_F32 = 1,
    LTX_COMPUTE_BF16 = 2,
  }

  public enum ltx_granularity : int {
    LTX_GRANULARITY_AUTO = 0,
    LTX_GRANULARITY_PER_TENSOR = 1,
    LTX_GRANULARITY_PER_ROW = 2,
  }

  public enum ltx_layer_set : int {
    LTX_LAYERS_AUTO = 0,
    LTX_LAYERS_S28 = 1,
    LTX_LAYERS_S12 = 2,
    LTX_LAYERS_S34 = 3,
  }

  public enum ltx_arithmetic : int {
    LTX_ARITHMETIC_AUTO = 0,
    LTX_ARITHMETIC_NATIVE = 1,
    LTX_ARITHMETIC_DEQUANT = 2,
    LTX_ARITHMETIC_EMULATE = 3,
  }

  public enum ltx_lora_order : int {
    LTX_LORA_ORDER_AUTO = 0,
    LTX_LORA_ORDER_BEFORE = 1,
    LTX_LORA_ORDER_AFTER = 2,
    LTX_LORA_ORDER_RUNTIME = 3,
  }

  public enum ltx_rounding : int {
    LTX_ROUNDING_AUTO = 0,
    LTX_ROUNDING_NEAREST = 1,
    LTX_ROUNDING_STOCHASTIC = 2,
  }

  public enum ltx_act_scale : int {
    LTX_ACT_SCALE_AUTO = 0,
    LTX_ACT_SCALE_STATIC = 1,
    LTX_ACT_SCALE_DYNAMIC = 2,
    LTX_ACT_SCALE_FIXED_1 = 3,
  }

  public enum ltx_component : int {
    LTX_COMPONENT_ALL = 0,
    LTX_COMPONENT_TEXT_ENCODER = 1,
    LTX_COMPONENT_TEXT_CONNECTOR = 2,
    LTX_COMPONENT_TRANSFORMER = 3,
    LTX_COMPONENT_VIDEO_ENCODER = 4,
    LTX_COMPONENT_VIDEO_DECODER = 5,
    LTX_COMPONENT_AUDIO_ENCODER = 6,
    LTX_COMPONENT_AUDIO_DECODER = 7,
    LTX_COMPONENT_SPATIAL_UPSAMPLER = 8,
    LTX_COMPONENT_TEMPORAL_UPSAMPLER = 9,
    LTX_COMPONENT_DURATION_HEAD = 10,
    LTX_COMPONENT_PROMPT_ENHANCER = 11,
  }

  public enum ltx_memory_mode : int {
    LTX_MEMORY_AUTO = 0,
    LTX_MEMORY_PERSISTENT = 1,
    LTX_MEMORY_COLD = 2,
    LTX_MEMORY_OFFLOAD_HOST = 3,
    LTX_MEMORY_OFFLOAD_DISK = 4,
  }

  public enum ltx_residency : int {
    LTX_RESIDENCY_AUTO = 0,
    LTX_RESIDENCY_DEVICE = 1,
    LTX_RESIDENCY_HOST = 2,
    LTX_RESIDENCY_HOST_STREAM = 3,
    LTX_RESIDENCY_DISK = 4,
    LTX_RESIDENCY_DISK_STREAM = 5,
  }

  public enum ltx_device_type : int {
    LTX_DEVICE_AUTO = 0,
    LTX_DEVICE_CPU = 1,
    LTX_DEVICE_CUDA = 2,
  }

  public enum ltx_location : int {
    LTX_LOCATION_HOST = 0,
    LTX_LOCATION_DEVICE = 1,
  }

  public enum ltx_sampler : int {
    LTX_SAMPLER_AUTO = 0,
    LTX_SAMPLER_EULER = 1,
    LTX_SAMPLER_EULER_ANCESTRAL = 2,
    LTX_SAMPLER_RES_2S = 3,
    LTX_SAMPLER_GRADIENT_ESTIMATION = 4,
  }

  public enum ltx_noise_source : int {
    LTX_NOISE_DEVICE = 0,
    LTX_NOISE_HOST = 1,
  }

  public enum ltx_color_space : int {
    LTX_COLOR_SDR = 0,
    LTX_COLOR_SRGB_LINEAR = 1,
    LTX_COLOR_ACESCG = 2,
    LTX_COLOR_ACESCCT = 3,
  }

  public enum ltx_pixel_format : int {
    LTX_PIXEL_RGB8 = 0,
    LTX_PIXEL_RGBA8 = 1,
    LTX_PIXEL_RGB_F16 = 2,
    LTX_PIXEL_RGB_F32 = 3,
    LTX_PIXEL_GRAY8 = 4,
  }

  public enum ltx_lora_role : int {
    LTX_LORA_USER = 0,
    LTX_LORA_DISTILLED = 1,
    LTX_LORA_DETAILING = 2,
  }

  public enum ltx_video_role : int {
    LTX_VIDEO_SOURCE = 1,
    LTX_VIDEO_REFERENCE = 2,
    LTX_VIDEO_MASK = 3,
  }

  public enum ltx_tiling_mode : int {
    LTX_TILING_AUTO = 0,
    LTX_TILING_OFF = 1,
    LTX_TILING_EXPLICIT = 2,
  }

  public enum ltx_decoder_mode : int {
    LTX_DECODER_AUTO = 0,
    LTX_DECODER_LOW_MEMORY = 1,
    LTX_DECODER_FAST = 2,
  }

  public enum ltx_preview_mode : int {
    LTX_PREVIEW_NONE = 0,
    LTX_PREVIEW_LINEAR = 1,
    LTX_PREVIEW_DECODE = 2,
  }

  public enum ltx_log_level : int {
    LTX_LOG_DEBUG = 1,
    LTX_LOG_INFO = 2,
    LTX_LOG_WARNING = 3,
    LTX_LOG_ERROR = 4,
    LTX_LOG_OFF = 5,
  }

  public enum ltx_gpu_priority : int {
    LTX_PRIORITY_NORMAL = 0,
    LTX_PRIORITY_LOW = 1,
    LTX_PRIORITY_HIGH = 2,
  }

  public enum ltx_track : int {
    LTX_TRACK_VIDEO = 1,
    LTX_TRACK_AUDIO = 2,
    LTX_TRACK_VIDEO_LATENT = 3,
    LTX_TRACK_AUDIO_LATENT = 4,
  }

  public enum ltx_container : int {
    LTX_CONTAINER_AUTO = 0,
    LTX_CONTAINER_SAFETENSORS = 1,
    LTX_CONTAINER_GGUF = 2,
  }

  public enum ltx_phase : int {
    LTX_PHASE_LOAD = 1,
    LTX_PHASE_ENHANCE = 2,
    LTX_PHASE_TEXT = 3,
    LTX_PHASE_CONDITION = 4,
    LTX_PHASE_DENOISE = 5,
    LTX_PHASE_UPSAMPLE = 6,
    LTX_PHASE_DECODE = 7,
    LTX_PHASE_ENCODE = 8,
    LTX_PHASE_CONVERT = 9,
    LTX_PHASE_CALIBRATE = 10,
  }

  public enum ltx_event_type : int {
    LTX_EVENT_PROGRESS = 1,
    LTX_EVENT_LOG = 2,
    LTX_EVENT_PREVIEW = 3,
    LTX_EVENT_FRAMES = 4,
    LTX_EVENT_AUDIO = 5,
    LTX_EVENT_FINISHED = 6,
  }

  public enum ltx_capability : int {
    LTX_CAPABILITY_PIPELINE = 1,
    LTX_CAPABILITY_QUANT = 2,
    LTX_CAPABILITY_FORMAT = 3,
    LTX_CAPABILITY_MEDIA_READ = 4,
    LTX_CAPABILITY_MEDIA_WRITE = 5,
    LTX_CAPABILITY_EXR = 6,
    LTX_CAPABILITY_HLG = 7,
    LTX_CAPABILITY_PREVIEW = 8,
    LTX_CAPABILITY_DEVICE = 9,
    LTX_CAPABILITY_ENHANCER = 10,
  }

  public enum ltx_enum : int {
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
    LTX_ENUM_CAPABILITY = 32,
  }

  public enum ltx_struct : int {
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
    LTX_STRUCT_CONVERT_PARAMS = 23,
  }

  [StructLayout(LayoutKind.Sequential)]
  public unsafe struct ltx_model_paths {
    public uint struct_size;
    public int reserved0;
    public byte* root;
    public byte* checkpoint;
    public byte* transformer;
    public byte* text_encoder;
    public byte* video_vae;
    public byte* audio_vae;
    public byte* duration_head;
    public byte* spatial_upsampler;
    public byte* temporal_upsampler;
    public byte* prompt_enhancer;
  }

  [StructLayout(LayoutKind.Sequential)]
  public unsafe struct ltx_lora {
    public uint struct_size;
    public ltx_lora_role role;
    public byte* path;
    public float strength;
    public int stages;
  }

  [StructLayout(LayoutKind.Sequential)]
  public unsafe struct ltx_quant_rule {
    public uint struct_size;
    public ltx_tensor_format format;
    public byte* pattern;
  }

  [StructLayout(LayoutKind.Sequential)]
  public unsafe struct ltx_quant_options {
    public uint struct_size;
    public ltx_granularity granularity;
    public ltx_layer_set layer_set;
    public ltx_arithmetic arithmetic;
    public ltx_lora_order lora_order;
    public ltx_rounding lora_rounding;
    public ltx_act_scale act_scale;
    public int group_size;
    public int fast_accum;
    public int reserved0;
    public int* keep_bf16_blocks;
    public UIntPtr keep_bf16_block_count;
    public byte* calibration_path;
    public int reference_compat;
    public int reserved1;
  }

  [StructLayout(LayoutKind.Sequential)]
  public unsafe struct ltx_component_residency {
    public uint struct_size;
    public ltx_component component;
    public ltx_residency residency;
    public int reserved0;
  }

  [StructLayout(LayoutKind.Sequential)]
  public unsafe struct ltx_pipeline_params {
    public uint struct_size;
    public ltx_pipeline_kind kind;
    public ltx_quant_policy quant;
    public ltx_quant_policy text_quant;
    public ltx_quant_policy vae_quant;
    public int measure_quantization;
    public ltx_compute_dtype compute_dtype;
    public int reserved0;
    public ltx_quant_options* quant_options;
    public ltx_quant_options* text_quant_options;
    public ltx_device_type device_type;
    public int device_index;
    public ltx_memory_mode memory_mode;
    public ltx_decoder_mode decoder_mode;
    public int max_batch_size;
    public int prompt_cache_entries;
    public ltx_gpu_priority gpu_priority;
    public ltx_log_level log_level;
    public int cuda_graphs;
    public int reserved1;
    public ulong device_memory_limit;
    public ulong host_memory_limit;
    public ltx_model_paths* models;
    public ltx_lora* loras;
    public UIntPtr lora_count;
    public ltx_quant_rule* quant_rules;
    public UIntPtr quant_rule_count;
    public ltx_component_residency* residency;
    public UIntPtr residency_count;
    public ltx_pipeline* share_with;
    public byte* weight_cache;
  }

  [StructLayout(LayoutKind.Sequential)]
  public unsafe struct ltx_guidance {
    public uint struct_size;
    public int skip_step;
    public float cfg_scale;
    public float stg_scale;
    public float rescale_scale;
    public float modality_scale;
    public int* stg_blocks;
    public UIntPtr stg_block_count;
  }

  [StructLayout(LayoutKind.Sequential)]
  public unsafe struct ltx_tiling {
    public uint struct_size;
    public ltx_tiling_mode mode;
    public int tile_width;
    public int tile_height;
    public int tile_frames;
    public int overlap_width;
    public int overlap_height;
    public int overlap_frames;
  }

  [StructLayout(LayoutKind.Sequential)]
  public unsafe struct ltx_video_buffer {
    public uint struct_size;
    public ltx_pixel_format pixel_format;
    public int width;
    public int height;
    public int frame_count;
    public int first_frame;
    public ltx_location location;
    public int device_index;
    public ltx_color_space color_space;
    public int reserved0;
    public double frame_rate;
    public ulong row_stride;
    public ulong frame_stride;
    public ulong data_size;
    public void* data;
    public void* cuda_stream;
  }

  [StructLayout(LayoutKind.Sequential)]
  public unsafe struct ltx_audio_buffer {
    public uint struct_size;
    public int channels;
    public int sample_rate;
    public int reserved0;
    public ulong sample_count;
    public ulong channel_stride;
    public float* data;
  }

  [StructLayout(LayoutKind.Sequential)]
  public unsafe struct ltx_image_condition {
    public uint struct_size;
    public int frame_index;
    public byte* path;
    public ltx_video_buffer* pixels;
    public float strength;
    public int crf;
  }

  [StructLayout(LayoutKind.Sequential)]
  public unsafe struct ltx_video_condition {
    public uint struct_size;
    public ltx_video_role role;
    public byte* path;
    public ltx_video_buffer* pixels;
    public double frame_rate;
    public float strength;
    public int reserved0;
  }

  [StructLayout(LayoutKind.Sequential)]
  public unsafe struct ltx_audio_condition {
    public uint struct_size;
    public int reserved0;
    public byte* path;
    public ltx_audio_buffer* samples;
    public double start_time;
    public double max_duration;
  }

  [StructLayout(LayoutKind.Sequential)]
  public unsafe struct ltx_output {
    public uint struct_size;
    public int keep_frames;
    public int stream_frames;
    public ltx_pixel_format pixel_format;
    public ltx_location location;
    public int video_crf;
    public int audio_bit_rate;
    public int write_exr;
    public int embed_metadata;
    public int reserved0;
    public byte* path;
  }

  [StructLayout(LayoutKind.Sequential)]
  public unsafe struct ltx_request {
    public uint struct_size;
    public int width;
    public int height;
    public int num_frames;
    public byte* prompt;
    public byte* negative_prompt;
    public ulong seed;
    public double frame_rate;
    public double min_seconds;
    public double max_seconds;
    public int num_inference_steps;
    public ltx_sampler sampler;
    public ltx_noise_source noise_source;
    public ltx_color_space color_space;
    public float* stage_1_sigmas;
    public UIntPtr stage_1_sigma_count;
    public float* stage_2_sigmas;
    public UIntPtr stage_2_sigma_count;
    public ltx_guidance* video_guidance;
    public ltx_guidance* audio_guidance;
    public ltx_image_condition* images;
    public UIntPtr image_count;
    public ltx_video_condition* videos;
    public UIntPtr video_count;
    public ltx_audio_condition* audio;
    public int* keyframe_indices;
    public UIntPtr keyframe_index_count;
    public double start_time;
    public double end_time;
    public int regenerate_video;
    public int regenerate_audio;
    public int skip_stage_2;
    public int high_quality;
    public int enhance_prompt;
    public int temporal_upsample_rounds;
    public long enhance_seed;
    public float attention_strength;
    public ltx_preview_mode preview_mode;
    public int preview_interval;
    public int preview_max_side;
    public int reference_parity;
    public int reserved0;
    public byte* text_embeddings;
    public ltx_tiling* tiling;
    public ltx_output* output;
  }

  [StructLayout(LayoutKind.Sequential)]
  public unsafe struct ltx_progress {
    public uint struct_size;
    public ltx_phase phase;
    public int stage;
    public int stage_count;
    public int step;
    public int step_count;
    public double fraction;
    public double elapsed_seconds;
    public double remaining_seconds;
    public double sigma;
    public ulong bytes_done;
    public ulong bytes_total;
    public ulong device_bytes;
    public ulong host_bytes;
  }

  [StructLayout(LayoutKind.Sequential)]
  public unsafe struct ltx_event {
    public uint struct_size;
    public ltx_event_type type;
    public ltx_status status;
    public ltx_log_level log_level;
    public ltx_progress* progress;
    public byte* message;
    public byte* source;
    public ltx_video_buffer* video;
    public ltx_audio_buffer* audio;
    public ulong dropped_logs;
  }

  [StructLayout(LayoutKind.Sequential)]
  public unsafe struct ltx_stats {
    public uint struct_size;
    public int width;
    public int height;
    public int num_frames;
    public double frame_rate;
    public ulong seed;
    public ltx_quant_policy quant;
    public ltx_quant_policy text_quant;
    public ltx_memory_mode memory_mode;
    public int num_inference_steps;
    public double total_seconds;
    public double load_seconds;
    public double text_seconds;
    public double condition_seconds;
    public double stage_1_seconds;
    public double upsample_seconds;
    public double stage_2_seconds;
    public double decode_seconds;
    public double encode_seconds;
    public ulong peak_device_bytes;
    public ulong predicted_device_bytes;
    public ulong peak_host_bytes;
    public ulong predicted_host_bytes;
    public ulong disk_bytes_read;
    public fixed byte latent_sha256[32];
  }

  [StructLayout(LayoutKind.Sequential)]
  public unsafe struct ltx_memory_step {
    public uint struct_size;
    public ltx_phase phase;
    public int stage;
    public ltx_component component;
    public ulong weight_bytes;
    public ulong activation_bytes;
    public ulong host_bytes;
  }

  [StructLayout(LayoutKind.Sequential)]
  public unsafe struct ltx_estimate {
    public uint struct_size;
    public int fits;
    public ltx_memory_mode memory_mode;
    public ltx_quant_policy quant;
    public ltx_quant_policy text_quant;
    public int reserved0;
    public ulong peak_device_bytes;
    public ulong peak_host_bytes;
    public ulong free_device_bytes;
    public ulong free_host_bytes;
    public ulong weight_bytes;
    public ulong disk_bytes_read;
    public ltx_memory_step* steps;
    public UIntPtr step_capacity;
    public UIntPtr step_count;
  }

  [StructLayout(LayoutKind.Sequential)]
  public unsafe struct ltx_device_info {
    public uint struct_size;
    public ltx_device_type type;
    public int index;
    public int compute_capability;
    public int multiprocessor_count;
    public int reserved0;
    public ulong total_bytes;
    public ulong free_bytes;
    public ulong native_formats;
    public fixed byte name[128];
  }

  [StructLayout(LayoutKind.Sequential)]
  public unsafe struct ltx_component_state {
    public uint struct_size;
    public ltx_component component;
    public ltx_residency residency;
    public ltx_quant_policy quant;
    public int on_device;
    public int shared;
    public ulong device_bytes;
    public ulong host_bytes;
    public ulong file_bytes;
  }

  [StructLayout(LayoutKind.Sequential)]
  public unsafe struct ltx_convert_params {
    public uint struct_size;
    public ltx_container container;
    public ltx_quant_policy quant;
    public ltx_quant_policy text_quant;
    public ltx_device_type device_type;
    public int device_index;
    public int split;
    public int overwrite;
    public int verify;
    public ltx_log_level log_level;
    public ltx_model_paths* models;
    public ltx_quant_options* quant_options;
    public ltx_quant_options* text_quant_options;
    public ltx_lora* loras;
    public UIntPtr lora_count;
    public ltx_quant_rule* quant_rules;
    public UIntPtr quant_rule_count;
    public byte* output_path;
    public byte* calibration_path;
  }

  public static unsafe class Native {
    public const string Library = "ltx";
    public const int LTX_DEFAULT = -1;

    [DllImport(Library, CallingConvention = CallingConvention.Cdecl, ExactSpelling = true)]
    public static extern uint ltx_version();

    [DllImport(Library, CallingConvention = CallingConvention.Cdecl, ExactSpelling = true)]
    public static extern byte* ltx_version_string();

    [DllImport(Library, CallingConvention = CallingConvention.Cdecl, ExactSpelling = true)]
    public static extern byte* ltx_build_info();

    [DllImport(Library, CallingConvention = CallingConvention.Cdecl, ExactSpelling = true)]
    public static extern ltx_status ltx_init(ltx_struct type, void* @object, UIntPtr size);

    [DllImport(Library, CallingConvention = CallingConvention.Cdecl, ExactSpelling = true)]
    public static extern void ltx_free(void* handle);

    [DllImport(Library, CallingConvention = CallingConvention.Cdecl, ExactSpelling = true)]
    public static extern byte* ltx_last_error();

    [DllImport(Library, CallingConvention = CallingConvention.Cdecl, ExactSpelling = true)]
    public static extern byte* ltx_status_name(ltx_status status);

    [DllImport(Library, CallingConvention = CallingConvention.Cdecl, ExactSpelling = true)]
    public static extern byte* ltx_enum_name(ltx_enum type, int value);

    [DllImport(Library, CallingConvention = CallingConvention.Cdecl, ExactSpelling = true)]
    public static extern ltx_status ltx_enum_parse(ltx_enum type, byte* text, int* out_value);

    [DllImport(Library, CallingConvention = CallingConvention.Cdecl, ExactSpelling = true)]
    public static extern ltx_status ltx_supports(ltx_capability capability, int value, ltx_device_type device_type, int device_index);

    [DllImport(Library, CallingConvention = CallingConvention.Cdecl, ExactSpelling = true)]
    public static extern ltx_status ltx_device_count(int* out_count);

    [DllImport(Library, CallingConvention = CallingConvention.Cdecl, ExactSpelling = true)]
    public static extern ltx_status ltx_device_get(int ordinal, ltx_device_info* out_device);

    [DllImport(Library, CallingConvention = CallingConvention.Cdecl, ExactSpelling = true)]
    public static extern ltx_status ltx_inspect(byte* path, ltx_info** out_info);

    [DllImport(Library, CallingConvention = CallingConvention.Cdecl, ExactSpelling = true)]
    public static extern byte* ltx_info_json(ltx_info* info);

    [DllImport(Library, CallingConvention = CallingConvention.Cdecl, ExactSpelling = true)]
    public static extern ltx_status ltx_convert(ltx_convert_params* @params, IntPtr on_event, void* user_data);

    [DllImport(Library, CallingConvention = CallingConvention.Cdecl, ExactSpelling = true)]
    public static extern ltx_status ltx_convert_start(ltx_convert_params* @params, ltx_job** out_job);

    [DllImport(Library, CallingConvention = CallingConvention.Cdecl, ExactSpelling = true)]
    public static extern ltx_status ltx_pipeline_create(ltx_pipeline_params* @params, ltx_pipeline** out_pipeline);

    [DllImport(Library, CallingConvention = CallingConvention.Cdecl, ExactSpelling = true)]
    public static extern ltx_status ltx_pipeline_info(ltx_pipeline* pipeline, ltx_info** out_info);

    [DllImport(Library, CallingConvention = CallingConvention.Cdecl, ExactSpelling = true)]
    public static extern ltx_status ltx_pipeline_resolve(ltx_pipeline* pipeline, ltx_request* request, ltx_request* out_request);

    [DllImport(Library, CallingConvention = CallingConvention.Cdecl, ExactSpelling = true)]
    public static extern ltx_status ltx_pipeline_component(ltx_pipeline* pipeline, ltx_component component, ltx_component_state* out_state);

    [DllImport(Library, CallingConvention = CallingConvention.Cdecl, ExactSpelling = true)]
    public static extern ltx_status ltx_pipeline_preload(ltx_pipeline* pipeline, ltx_component component, IntPtr on_event, void* user_data);

    [DllImport(Library, CallingConvention = CallingConvention.Cdecl, ExactSpelling = true)]
    public static extern ltx_status ltx_pipeline_preload_start(ltx_pipeline* pipeline, ltx_component component, ltx_job** out_job);

    [DllImport(Library, CallingConvention = CallingConvention.Cdecl, ExactSpelling = true)]
    public static extern ltx_status ltx_pipeline_evict(ltx_pipeline* pipeline, ltx_component component);

    [DllImport(Library, CallingConvention = CallingConvention.Cdecl, ExactSpelling = true)]
    public static extern ltx_status ltx_encode_text(ltx_pipeline* pipeline, ltx_request* request, byte* path, IntPtr on_event, void* user_data);

    [DllImport(Library, CallingConvention = CallingConvention.Cdecl, ExactSpelling = true)]
    public static extern ltx_status ltx_enhance_prompt(ltx_pipeline* pipeline, ltx_request* request, IntPtr on_event, void* user_data, ltx_info** out_info);

    [DllImport(Library, CallingConvention = CallingConvention.Cdecl, ExactSpelling = true)]
    public static extern ltx_status ltx_calibrate(ltx_pipeline* pipeline, ltx_request* requests, UIntPtr request_count, byte* path, IntPtr on_event, void* user_data);

    [DllImport(Library, CallingConvention = CallingConvention.Cdecl, ExactSpelling = true)]
    public static extern ltx_status ltx_generate(ltx_pipeline* pipeline, ltx_request* request, IntPtr on_event, void* user_data, ltx_result** out_result);

    [DllImport(Library, CallingConvention = CallingConvention.Cdecl, ExactSpelling = true)]
    public static extern ltx_status ltx_generate_start(ltx_pipeline* pipeline, ltx_request* request, ltx_job** out_job);

    [DllImport(Library, CallingConvention = CallingConvention.Cdecl, ExactSpelling = true)]
    public static extern ltx_status ltx_job_next_event(ltx_job* job, int timeout_ms, ltx_event* out_event);

    [DllImport(Library, CallingConvention = CallingConvention.Cdecl, ExactSpelling = true)]
    public static extern ltx_status ltx_job_wait(ltx_job* job, int timeout_ms);

    [DllImport(Library, CallingConvention = CallingConvention.Cdecl, ExactSpelling = true)]
    public static extern ltx_status ltx_job_progress(ltx_job* job, ltx_progress* out_progress);

    [DllImport(Library, CallingConvention = CallingConvention.Cdecl, ExactSpelling = true)]
    public static extern ltx_status ltx_job_cancel(ltx_job* job);

    [DllImport(Library, CallingConvention = CallingConvention.Cdecl, ExactSpelling = true)]
    public static extern ltx_status ltx_job_status(ltx_job* job);

    [DllImport(Library, CallingConvention = CallingConvention.Cdecl, ExactSpelling = true)]
    public static extern byte* ltx_job_error(ltx_job* job);

    [DllImport(Library, CallingConvention = CallingConvention.Cdecl, ExactSpelling = true)]
    public static extern ltx_status ltx_job_result(ltx_job* job, ltx_result** out_result);

    [DllImport(Library, CallingConvention = CallingConvention.Cdecl, ExactSpelling = true)]
    public static extern ltx_status ltx_result_video(ltx_result* result, ltx_video_buffer* out_video);

    [DllImport(Library, CallingConvention = CallingConvention.Cdecl, ExactSpelling = true)]
    public static extern ltx_status ltx_result_audio(ltx_result* result, ltx_audio_buffer* out_audio);

    [DllImport(Library, CallingConvention = CallingConvention.Cdecl, ExactSpelling = true)]
    public static extern ltx_status ltx_result_stats(ltx_result* result, ltx_stats* out_stats);

    [DllImport(Library, CallingConvention = CallingConvention.Cdecl, ExactSpelling = true)]
    public static extern ltx_status ltx_result_copy_frames(ltx_result* result, int first_frame, int frame_count, ltx_video_buffer* target);

    [DllImport(Library, CallingConvention = CallingConvention.Cdecl, ExactSpelling = true)]
    public static extern ltx_status ltx_result_save(ltx_result* result, ltx_output* output, IntPtr on_event, void* user_data);

    // Fill a struct with its defaults.
    public static ltx_status ltx_model_paths_init(ltx_model_paths* value) {
      return ltx_init(ltx_struct.LTX_STRUCT_MODEL_PATHS, value, (UIntPtr)sizeof(ltx_model_paths));
    }

    public static ltx_status ltx_lora_init(ltx_lora* value) {
      return ltx_init(ltx_struct.LTX_STRUCT_LORA, value, (UIntPtr)sizeof(ltx_lora));
    }

    public static ltx_status ltx_quant_rule_init(ltx_quant_rule* value) {
      return ltx_init(ltx_struct.LTX_STRUCT_QUANT_RULE, value, (UIntPtr)sizeof(ltx_quant_rule));
    }

    public static ltx_status ltx_quant_options_init(ltx_quant_options* value) {
      return ltx_init(ltx_struct.LTX_STRUCT_QUANT_OPTIONS, value, (UIntPtr)sizeof(ltx_quant_options));
    }

    public static ltx_status ltx_component_residency_init(ltx_component_residency* value) {
      return ltx_init(ltx_struct.LTX_STRUCT_COMPONENT_RESIDENCY, value, (UIntPtr)sizeof(ltx_component_residency));
    }

    public static ltx_status ltx_pipeline_params_init(ltx_pipeline_params* value) {
      return ltx_init(ltx_struct.LTX_STRUCT_PIPELINE_PARAMS, value, (UIntPtr)sizeof(ltx_pipeline_params));
    }

    public static ltx_status ltx_guidance_init(ltx_guidance* value) {
      return ltx_init(ltx_struct.LTX_STRUCT_GUIDANCE, value, (UIntPtr)sizeof(ltx_guidance));
    }

    public static ltx_status ltx_tiling_init(ltx_tiling* value) {
      return ltx_init(ltx_struct.LTX_STRUCT_TILING, value, (UIntPtr)sizeof(ltx_tiling));
    }

    public static ltx_status ltx_video_buffer_init(ltx_video_buffer* value) {
      return ltx_init(ltx_struct.LTX_STRUCT_VIDEO_BUFFER, value, (UIntPtr)sizeof(ltx_video_buffer));
    }

    public static ltx_status ltx_audio_buffer_init(ltx_audio_buffer* value) {
      return ltx_init(ltx_struct.LTX_STRUCT_AUDIO_BUFFER, value, (UIntPtr)sizeof(ltx_audio_buffer));
    }

    public static ltx_status ltx_image_condition_init(ltx_image_condition* value) {
      return ltx_init(ltx_struct.LTX_STRUCT_IMAGE_CONDITION, value, (UIntPtr)sizeof(ltx_image_condition));
    }

    public static ltx_status ltx_video_condition_init(ltx_video_condition* value) {
      return ltx_init(ltx_struct.LTX_STRUCT_VIDEO_CONDITION, value, (UIntPtr)sizeof(ltx_video_condition));
    }

    public static ltx_status ltx_audio_condition_init(ltx_audio_condition* value) {
      return ltx_init(ltx_struct.LTX_STRUCT_AUDIO_CONDITION, value, (UIntPtr)sizeof(ltx_audio_condition));
    }

    public static ltx_status ltx_output_init(ltx_output* value) {
      return ltx_init(ltx_struct.LTX_STRUCT_OUTPUT, value, (UIntPtr)sizeof(ltx_output));
    }

    public static ltx_status ltx_request_init(ltx_request* value) {
      return ltx_init(ltx_struct.LTX_STRUCT_REQUEST, value, (UIntPtr)sizeof(ltx_request));
    }

    public static ltx_status ltx_progress_init(ltx_progress* value) {
      return ltx_init(ltx_struct.LTX_STRUCT_PROGRESS, value, (UIntPtr)sizeof(ltx_progress));
    }

    public static ltx_status ltx_event_init(ltx_event* value) {
      return ltx_init(ltx_struct.LTX_STRUCT_EVENT, value, (UIntPtr)sizeof(ltx_event));
    }

    public static ltx_status ltx_stats_init(ltx_stats* value) {
      return ltx_init(ltx_struct.LTX_STRUCT_STATS, value, (UIntPtr)sizeof(ltx_stats));
    }

    public static ltx_status ltx_memory_step_init(ltx_memory_step* value) {
      return ltx_init(ltx_struct.LTX_STRUCT_MEMORY_STEP, value, (UIntPtr)sizeof(ltx_memory_step));
    }

    public static ltx_status ltx_estimate_init(ltx_estimate* value) {
      return ltx_init(ltx_struct.LTX_STRUCT_ESTIMATE, value, (UIntPtr)sizeof(ltx_estimate));
    }

    public static ltx_status ltx_device_info_init(ltx_device_info* value) {
      return ltx_init(ltx_struct.LTX_STRUCT_DEVICE_INFO, value, (UIntPtr)sizeof(ltx_device_info));
    }

    public static ltx_status ltx_component_state_init(ltx_component_state* value) {
      return ltx_init(ltx_struct.LTX_STRUCT_COMPONENT_STATE, value, (UIntPtr)sizeof(ltx_component_state));
    }

    public static ltx_status ltx_convert_params_init(ltx_convert_params* value) {
      return ltx_init(ltx_struct.LTX_STRUCT_CONVERT_PARAMS, value, (UIntPtr)sizeof(ltx_convert_params));
    }
  }
}
