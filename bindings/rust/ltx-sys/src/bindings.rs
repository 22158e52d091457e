// Written by bindgen/ from include/ltx_c.h. Do not edit.
pub const LTX_VERSION_MAJOR: u32 = 0;
pub const LTX_VERSION_MINOR: u32 = 1;
pub const LTX_VERSION_PATCH: u32 = 0;
pub const LTX_VERSION: u32 = 1000;
pub const LTX_ABI_VERSION: u32 = 0;
pub const LTX_DEFAULT: i32 = -1;
pub type ltx_bool = i32;
#[repr(C)]
#[derive(Debug, Copy, Clone)]
pub struct ltx_pipeline {
    _unused: [u8; 0],
}
#[repr(C)]
#[derive(Debug, Copy, Clone)]
pub struct ltx_job {
    _unused: [u8; 0],
}
#[repr(C)]
#[derive(Debug, Copy, Clone)]
pub struct ltx_result {
    _unused: [u8; 0],
}
#[repr(C)]
#[derive(Debug, Copy, Clone)]
pub struct ltx_info {
    _unused: [u8; 0],
}
pub type ltx_status = i32;
pub const LTX_OK: i32 = 0;
pub const LTX_E_INVALID_ARGUMENT: i32 = 1;
pub const LTX_E_INVALID_HANDLE: i32 = 2;
pub const LTX_E_STRUCT_SIZE: i32 = 3;
pub const LTX_E_TOO_NEW: i32 = 4;
pub const LTX_E_BUSY: i32 = 5;
pub const LTX_E_REENTRANT: i32 = 6;
pub const LTX_E_TIMEOUT: i32 = 7;
pub const LTX_E_CANCELLED: i32 = 8;
pub const LTX_E_NOT_READY: i32 = 9;
pub const LTX_E_UNSUPPORTED: i32 = 20;
pub const LTX_E_NOT_BUILT: i32 = 21;
pub const LTX_E_NO_DEVICE: i32 = 22;
pub const LTX_E_ENVIRONMENT: i32 = 23;
pub const LTX_E_FILE_NOT_FOUND: i32 = 30;
pub const LTX_E_FILE_ACCESS: i32 = 31;
pub const LTX_E_FILE_CORRUPT: i32 = 32;
pub const LTX_E_FILE_FORMAT: i32 = 33;
pub const LTX_E_DISK_FULL: i32 = 34;
pub const LTX_E_MEDIA_DECODE: i32 = 35;
pub const LTX_E_MEDIA_ENCODE: i32 = 36;
pub const LTX_E_COMPONENT_MISSING: i32 = 50;
pub const LTX_E_TENSOR_MISSING: i32 = 51;
pub const LTX_E_TENSOR_MISMATCH: i32 = 52;
pub const LTX_E_MODEL_CONFIG: i32 = 53;
pub const LTX_E_MODEL_VERSION: i32 = 54;
pub const LTX_E_LORA_MISMATCH: i32 = 55;
pub const LTX_E_QUANT: i32 = 56;
pub const LTX_E_OUT_OF_DEVICE_MEMORY: i32 = 70;
pub const LTX_E_OUT_OF_HOST_MEMORY: i32 = 71;
pub const LTX_E_BUDGET: i32 = 72;
pub const LTX_E_DEVICE_LOST: i32 = 73;
pub const LTX_E_DEVICE: i32 = 74;
pub const LTX_E_NUMERIC: i32 = 80;
pub const LTX_E_INTERNAL: i32 = 99;
pub type ltx_pipeline_kind = i32;
pub const LTX_PIPELINE_DISTILLED: i32 = 1;
pub const LTX_PIPELINE_TWO_STAGE: i32 = 2;
pub const LTX_PIPELINE_TWO_STAGE_HQ: i32 = 3;
pub const LTX_PIPELINE_ONE_STAGE: i32 = 4;
pub const LTX_PIPELINE_IC_LORA: i32 = 5;
pub const LTX_PIPELINE_KEYFRAMES: i32 = 6;
pub const LTX_PIPELINE_AUDIO_TO_VIDEO: i32 = 7;
pub const LTX_PIPELINE_RETAKE: i32 = 8;
pub const LTX_PIPELINE_HDR: i32 = 9;
pub const LTX_PIPELINE_DUB: i32 = 10;
pub const LTX_PIPELINE_TEXT_TO_AUDIO: i32 = 11;
pub const LTX_PIPELINE_DFR: i32 = 12;
pub type ltx_quant_policy = i32;
pub const LTX_QUANT_AUTO: i32 = 0;
pub const LTX_QUANT_NONE: i32 = 1;
pub const LTX_QUANT_FP8_CAST: i32 = 10;
pub const LTX_QUANT_FP8_SCALED_MM: i32 = 11;
pub const LTX_QUANT_FP8_DYNAMIC: i32 = 12;
pub const LTX_QUANT_FP8_WEIGHT_ONLY: i32 = 13;
pub const LTX_QUANT_FP8_BLOCK128: i32 = 14;
pub const LTX_QUANT_MXFP8: i32 = 15;
pub const LTX_QUANT_FP6_BLOCK128: i32 = 16;
pub const LTX_QUANT_NVFP4_CAST: i32 = 20;
pub const LTX_QUANT_NVFP4_PREQUANT: i32 = 21;
pub const LTX_QUANT_INT8: i32 = 30;
pub const LTX_QUANT_INT8_DYNAMIC: i32 = 31;
pub const LTX_QUANT_INT4: i32 = 40;
pub const LTX_QUANT_NF4: i32 = 41;
pub const LTX_QUANT_GGUF: i32 = 50;
pub type ltx_tensor_format = i32;
pub const LTX_FORMAT_KEEP: i32 = 0;
pub const LTX_FORMAT_F32: i32 = 1;
pub const LTX_FORMAT_F16: i32 = 2;
pub const LTX_FORMAT_BF16: i32 = 3;
pub const LTX_FORMAT_FP8_UNSCALED: i32 = 10;
pub const LTX_FORMAT_FP8_PER_TENSOR: i32 = 11;
pub const LTX_FORMAT_FP8_PER_ROW: i32 = 12;
pub const LTX_FORMAT_MXFP8: i32 = 14;
pub const LTX_FORMAT_FP8_BLOCK128: i32 = 15;
pub const LTX_FORMAT_FP6_BLOCK128: i32 = 16;
pub const LTX_FORMAT_NVFP4: i32 = 20;
pub const LTX_FORMAT_INT8: i32 = 30;
pub const LTX_FORMAT_INT4: i32 = 40;
pub const LTX_FORMAT_NF4: i32 = 41;
pub const LTX_FORMAT_Q8_0: i32 = 50;
pub const LTX_FORMAT_Q6_K: i32 = 51;
pub const LTX_FORMAT_Q5_K: i32 = 52;
pub const LTX_FORMAT_Q4_K: i32 = 53;
pub const LTX_FORMAT_Q4_0: i32 = 54;
pub const LTX_FORMAT_Q4_1: i32 = 55;
pub const LTX_FORMAT_Q5_0: i32 = 56;
pub const LTX_FORMAT_Q5_1: i32 = 57;
pub const LTX_FORMAT_Q3_K: i32 = 58;
pub const LTX_FORMAT_Q2_K: i32 = 59;
pub const LTX_FORMAT_IQ4_NL: i32 = 60;
pub const LTX_FORMAT_IQ4_XS: i32 = 61;
pub type ltx_compute_dtype = i32;
pub const LTX_COMPUTE_AUTO: i32 = 0;
pub const LTX_COMPUTE_F32: i32 = 1;
pub const LTX_COMPUTE_BF16: i32 = 2;
pub type ltx_granularity = i32;
pub const LTX_GRANULARITY_AUTO: i32 = 0;
pub const LTX_GRANULARITY_PER_TENSOR: i32 = 1;
pub const LTX_GRANULARITY_PER_ROW: i32 = 2;
pub type ltx_layer_set = i32;
pub const LTX_LAYERS_AUTO: i32 = 0;
pub const LTX_LAYERS_S28: i32 = 1;
pub const LTX_LAYERS_S12: i32 = 2;
pub const LTX_LAYERS_S34: i32 = 3;
pub type ltx_arithmetic = i32;
pub const LTX_ARITHMETIC_AUTO: i32 = 0;
pub const LTX_ARITHMETIC_NATIVE: i32 = 1;
pub const LTX_ARITHMETIC_DEQUANT: i32 = 2;
pub const LTX_ARITHMETIC_EMULATE: i32 = 3;
pub type ltx_lora_order = i32;
pub const LTX_LORA_ORDER_AUTO: i32 = 0;
pub const LTX_LORA_ORDER_BEFORE: i32 = 1;
pub const LTX_LORA_ORDER_AFTER: i32 = 2;
pub const LTX_LORA_ORDER_RUNTIME: i32 = 3;
pub type ltx_rounding = i32;
pub const LTX_ROUNDING_AUTO: i32 = 0;
pub const LTX_ROUNDING_NEAREST: i32 = 1;
pub const LTX_ROUNDING_STOCHASTIC: i32 = 2;
pub type ltx_act_scale = i32;
pub const LTX_ACT_SCALE_AUTO: i32 = 0;
pub const LTX_ACT_SCALE_STATIC: i32 = 1;
pub const LTX_ACT_SCALE_DYNAMIC: i32 = 2;
pub const LTX_ACT_SCALE_FIXED_1: i32 = 3;
pub type ltx_component = i32;
pub const LTX_COMPONENT_ALL: i32 = 0;
pub const LTX_COMPONENT_TEXT_ENCODER: i32 = 1;
pub const LTX_COMPONENT_TEXT_CONNECTOR: i32 = 2;
pub const LTX_COMPONENT_TRANSFORMER: i32 = 3;
pub const LTX_COMPONENT_VIDEO_ENCODER: i32 = 4;
pub const LTX_COMPONENT_VIDEO_DECODER: i32 = 5;
pub const LTX_COMPONENT_AUDIO_ENCODER: i32 = 6;
pub const LTX_COMPONENT_AUDIO_DECODER: i32 = 7;
pub const LTX_COMPONENT_SPATIAL_UPSAMPLER: i32 = 8;
pub const LTX_COMPONENT_TEMPORAL_UPSAMPLER: i32 = 9;
pub const LTX_COMPONENT_DURATION_HEAD: i32 = 10;
pub const LTX_COMPONENT_PROMPT_ENHANCER: i32 = 11;
pub type ltx_memory_mode = i32;
pub const LTX_MEMORY_AUTO: i32 = 0;
pub const LTX_MEMORY_PERSISTENT: i32 = 1;
pub const LTX_MEMORY_COLD: i32 = 2;
pub const LTX_MEMORY_OFFLOAD_HOST: i32 = 3;
pub const LTX_MEMORY_OFFLOAD_DISK: i32 = 4;
pub type ltx_residency = i32;
pub const LTX_RESIDENCY_AUTO: i32 = 0;
pub const LTX_RESIDENCY_DEVICE: i32 = 1;
pub const LTX_RESIDENCY_HOST: i32 = 2;
pub const LTX_RESIDENCY_HOST_STREAM: i32 = 3;
pub const LTX_RESIDENCY_DISK: i32 = 4;
pub const LTX_RESIDENCY_DISK_STREAM: i32 = 5;
pub type ltx_device_type = i32;
pub const LTX_DEVICE_AUTO: i32 = 0;
pub const LTX_DEVICE_CPU: i32 = 1;
pub const LTX_DEVICE_CUDA: i32 = 2;
pub type ltx_location = i32;
pub const LTX_LOCATION_HOST: i32 = 0;
pub const LTX_LOCATION_DEVICE: i32 = 1;
pub type ltx_sampler = i32;
pub const LTX_SAMPLER_AUTO: i32 = 0;
pub const LTX_SAMPLER_EULER: i32 = 1;
pub const LTX_SAMPLER_EULER_ANCESTRAL: i32 = 2;
pub const LTX_SAMPLER_RES_2S: i32 = 3;
pub const LTX_SAMPLER_GRADIENT_ESTIMATION: i32 = 4;
pub type ltx_noise_source = i32;
pub const LTX_NOISE_DEVICE: i32 = 0;
pub const LTX_NOISE_HOST: i32 = 1;
pub type ltx_color_space = i32;
pub const LTX_COLOR_SDR: i32 = 0;
pub const LTX_COLOR_SRGB_LINEAR: i32 = 1;
pub const LTX_COLOR_ACESCG: i32 = 2;
pub const LTX_COLOR_ACESCCT: i32 = 3;
pub type ltx_pixel_format = i32;
pub const LTX_PIXEL_RGB8: i32 = 0;
pub const LTX_PIXEL_RGBA8: i32 = 1;
pub const LTX_PIXEL_RGB_F16: i32 = 2;
pub const LTX_PIXEL_RGB_F32: i32 = 3;
pub const LTX_PIXEL_GRAY8: i32 = 4;
pub type ltx_lora_role = i32;
pub const LTX_LORA_USER: i32 = 0;
pub const LTX_LORA_DISTILLED: i32 = 1;
pub const LTX_LORA_DETAILING: i32 = 2;
pub type ltx_video_role = i32;
pub const LTX_VIDEO_SOURCE: i32 = 1;
pub const LTX_VIDEO_REFERENCE: i32 = 2;
pub const LTX_VIDEO_MASK: i32 = 3;
pub type ltx_tiling_mode = i32;
pub const LTX_TILING_AUTO: i32 = 0;
pub const LTX_TILING_OFF: i32 = 1;
pub const LTX_TILING_EXPLICIT: i32 = 2;
pub type ltx_decoder_mode = i32;
pub const LTX_DECODER_AUTO: i32 = 0;
pub const LTX_DECODER_LOW_MEMORY: i32 = 1;
pub const LTX_DECODER_FAST: i32 = 2;
pub type ltx_preview_mode = i32;
pub const LTX_PREVIEW_NONE: i32 = 0;
pub const LTX_PREVIEW_LINEAR: i32 = 1;
pub const LTX_PREVIEW_DECODE: i32 = 2;
pub type ltx_log_level = i32;
pub const LTX_LOG_DEBUG: i32 = 1;
pub const LTX_LOG_INFO: i32 = 2;
pub const LTX_LOG_WARNING: i32 = 3;
pub const LTX_LOG_ERROR: i32 = 4;
pub const LTX_LOG_OFF: i32 = 5;
pub type ltx_gpu_priority = i32;
pub const LTX_PRIORITY_NORMAL: i32 = 0;
pub const LTX_PRIORITY_LOW: i32 = 1;
pub const LTX_PRIORITY_HIGH: i32 = 2;
pub type ltx_track = i32;
pub const LTX_TRACK_VIDEO: i32 = 1;
pub const LTX_TRACK_AUDIO: i32 = 2;
pub const LTX_TRACK_VIDEO_LATENT: i32 = 3;
pub const LTX_TRACK_AUDIO_LATENT: i32 = 4;
pub type ltx_container = i32;
pub const LTX_CONTAINER_AUTO: i32 = 0;
pub const LTX_CONTAINER_SAFETENSORS: i32 = 1;
pub const LTX_CONTAINER_GGUF: i32 = 2;
pub type ltx_phase = i32;
pub const LTX_PHASE_LOAD: i32 = 1;
pub const LTX_PHASE_ENHANCE: i32 = 2;
pub const LTX_PHASE_TEXT: i32 = 3;
pub const LTX_PHASE_CONDITION: i32 = 4;
pub const LTX_PHASE_DENOISE: i32 = 5;
pub const LTX_PHASE_UPSAMPLE: i32 = 6;
pub const LTX_PHASE_DECODE: i32 = 7;
pub const LTX_PHASE_ENCODE: i32 = 8;
pub const LTX_PHASE_CONVERT: i32 = 9;
pub const LTX_PHASE_CALIBRATE: i32 = 10;
pub type ltx_event_type = i32;
pub const LTX_EVENT_PROGRESS: i32 = 1;
pub const LTX_EVENT_LOG: i32 = 2;
pub const LTX_EVENT_PREVIEW: i32 = 3;
pub const LTX_EVENT_FRAMES: i32 = 4;
pub const LTX_EVENT_AUDIO: i32 = 5;
pub const LTX_EVENT_FINISHED: i32 = 6;
pub type ltx_capability = i32;
pub const LTX_CAPABILITY_PIPELINE: i32 = 1;
pub const LTX_CAPABILITY_QUANT: i32 = 2;
pub const LTX_CAPABILITY_FORMAT: i32 = 3;
pub const LTX_CAPABILITY_MEDIA_READ: i32 = 4;
pub const LTX_CAPABILITY_MEDIA_WRITE: i32 = 5;
pub const LTX_CAPABILITY_EXR: i32 = 6;
pub const LTX_CAPABILITY_HLG: i32 = 7;
pub const LTX_CAPABILITY_PREVIEW: i32 = 8;
pub const LTX_CAPABILITY_DEVICE: i32 = 9;
pub const LTX_CAPABILITY_ENHANCER: i32 = 10;
pub type ltx_enum = i32;
pub const LTX_ENUM_STATUS: i32 = 1;
pub const LTX_ENUM_PIPELINE: i32 = 2;
pub const LTX_ENUM_QUANT: i32 = 3;
pub const LTX_ENUM_FORMAT: i32 = 4;
pub const LTX_ENUM_COMPUTE: i32 = 5;
pub const LTX_ENUM_GRANULARITY: i32 = 6;
pub const LTX_ENUM_LAYERS: i32 = 7;
pub const LTX_ENUM_ARITHMETIC: i32 = 8;
pub const LTX_ENUM_LORA_ORDER: i32 = 9;
pub const LTX_ENUM_ROUNDING: i32 = 10;
pub const LTX_ENUM_ACT_SCALE: i32 = 11;
pub const LTX_ENUM_COMPONENT: i32 = 12;
pub const LTX_ENUM_MEMORY: i32 = 13;
pub const LTX_ENUM_RESIDENCY: i32 = 14;
pub const LTX_ENUM_DEVICE: i32 = 15;
pub const LTX_ENUM_LOCATION: i32 = 16;
pub const LTX_ENUM_SAMPLER: i32 = 17;
pub const LTX_ENUM_NOISE: i32 = 18;
pub const LTX_ENUM_COLOR: i32 = 19;
pub const LTX_ENUM_PIXEL: i32 = 20;
pub const LTX_ENUM_LORA: i32 = 21;
pub const LTX_ENUM_VIDEO: i32 = 22;
pub const LTX_ENUM_TILING: i32 = 23;
pub const LTX_ENUM_DECODER: i32 = 24;
pub const LTX_ENUM_PREVIEW: i32 = 25;
pub const LTX_ENUM_LOG: i32 = 26;
pub const LTX_ENUM_PRIORITY: i32 = 27;
pub const LTX_ENUM_TRACK: i32 = 28;
pub const LTX_ENUM_CONTAINER: i32 = 29;
pub const LTX_ENUM_PHASE: i32 = 30;
pub const LTX_ENUM_EVENT: i32 = 31;
pub const LTX_ENUM_CAPABILITY: i32 = 32;
pub type ltx_struct = i32;
pub const LTX_STRUCT_MODEL_PATHS: i32 = 1;
pub const LTX_STRUCT_LORA: i32 = 2;
pub const LTX_STRUCT_QUANT_RULE: i32 = 3;
pub const LTX_STRUCT_QUANT_OPTIONS: i32 = 4;
pub const LTX_STRUCT_COMPONENT_RESIDENCY: i32 = 5;
pub const LTX_STRUCT_PIPELINE_PARAMS: i32 = 6;
pub const LTX_STRUCT_GUIDANCE: i32 = 7;
pub const LTX_STRUCT_TILING: i32 = 8;
pub const LTX_STRUCT_VIDEO_BUFFER: i32 = 9;
pub const LTX_STRUCT_AUDIO_BUFFER: i32 = 10;
pub const LTX_STRUCT_IMAGE_CONDITION: i32 = 11;
pub const LTX_STRUCT_VIDEO_CONDITION: i32 = 12;
pub const LTX_STRUCT_AUDIO_CONDITION: i32 = 13;
pub const LTX_STRUCT_OUTPUT: i32 = 14;
pub const LTX_STRUCT_REQUEST: i32 = 15;
pub const LTX_STRUCT_PROGRESS: i32 = 16;
pub const LTX_STRUCT_EVENT: i32 = 17;
pub const LTX_STRUCT_STATS: i32 = 18;
pub const LTX_STRUCT_MEMORY_STEP: i32 = 19;
pub const LTX_STRUCT_ESTIMATE: i32 = 20;
pub const LTX_STRUCT_DEVICE_INFO: i32 = 21;
pub const LTX_STRUCT_COMPONENT_STATE: i32 = 22;
pub const LTX_STRUCT_CONVERT_PARAMS: i32 = 23;
///Files of a model. NULL: absent.
#[repr(C)]
#[derive(Debug, Copy, Clone)]
pub struct ltx_model_paths {
    pub struct_size: u32,
    pub reserved0: i32,
    pub root: *const ::core::ffi::c_char,
    pub checkpoint: *const ::core::ffi::c_char,
    pub transformer: *const ::core::ffi::c_char,
    pub text_encoder: *const ::core::ffi::c_char,
    pub video_vae: *const ::core::ffi::c_char,
    pub audio_vae: *const ::core::ffi::c_char,
    pub duration_head: *const ::core::ffi::c_char,
    pub spatial_upsampler: *const ::core::ffi::c_char,
    pub temporal_upsampler: *const ::core::ffi::c_char,
    pub prompt_enhancer: *const ::core::ffi::c_char,
}
#[allow(clippy::unnecessary_operation, clippy::identity_op)]
const _: () = {
    ["Size of ltx_model_paths"][::core::mem::size_of::<ltx_model_paths>() - 88usize];
    [
        "Alignment of ltx_model_paths",
    ][::core::mem::align_of::<ltx_model_paths>() - 8usize];
    [
        "Offset of field: ltx_model_paths::struct_size",
    ][::core::mem::offset_of!(ltx_model_paths, struct_size) - 0usize];
    [
        "Offset of field: ltx_model_paths::reserved0",
    ][::core::mem::offset_of!(ltx_model_paths, reserved0) - 4usize];
    [
        "Offset of field: ltx_model_paths::root",
    ][::core::mem::offset_of!(ltx_model_paths, root) - 8usize];
    [
        "Offset of field: ltx_model_paths::checkpoint",
    ][::core::mem::offset_of!(ltx_model_paths, checkpoint) - 16usize];
    [
        "Offset of field: ltx_model_paths::transformer",
    ][::core::mem::offset_of!(ltx_model_paths, transformer) - 24usize];
    [
        "Offset of field: ltx_model_paths::text_encoder",
    ][::core::mem::offset_of!(ltx_model_paths, text_encoder) - 32usize];
    [
        "Offset of field: ltx_model_paths::video_vae",
    ][::core::mem::offset_of!(ltx_model_paths, video_vae) - 40usize];
    [
        "Offset of field: ltx_model_paths::audio_vae",
    ][::core::mem::offset_of!(ltx_model_paths, audio_vae) - 48usize];
    [
        "Offset of field: ltx_model_paths::duration_head",
    ][::core::mem::offset_of!(ltx_model_paths, duration_head) - 56usize];
    [
        "Offset of field: ltx_model_paths::spatial_upsampler",
    ][::core::mem::offset_of!(ltx_model_paths, spatial_upsampler) - 64usize];
    [
        "Offset of field: ltx_model_paths::temporal_upsampler",
    ][::core::mem::offset_of!(ltx_model_paths, temporal_upsampler) - 72usize];
    [
        "Offset of field: ltx_model_paths::prompt_enhancer",
    ][::core::mem::offset_of!(ltx_model_paths, prompt_enhancer) - 80usize];
};
#[repr(C)]
#[derive(Debug, Copy, Clone)]
pub struct ltx_lora {
    pub struct_size: u32,
    pub role: ltx_lora_role,
    pub path: *const ::core::ffi::c_char,
    pub strength: f32,
    pub stages: i32,
}
#[allow(clippy::unnecessary_operation, clippy::identity_op)]
const _: () = {
    ["Size of ltx_lora"][::core::mem::size_of::<ltx_lora>() - 24usize];
    ["Alignment of ltx_lora"][::core::mem::align_of::<ltx_lora>() - 8usize];
    [
        "Offset of field: ltx_lora::struct_size",
    ][::core::mem::offset_of!(ltx_lora, struct_size) - 0usize];
    [
        "Offset of field: ltx_lora::role",
    ][::core::mem::offset_of!(ltx_lora, role) - 4usize];
    [
        "Offset of field: ltx_lora::path",
    ][::core::mem::offset_of!(ltx_lora, path) - 8usize];
    [
        "Offset of field: ltx_lora::strength",
    ][::core::mem::offset_of!(ltx_lora, strength) - 16usize];
    [
        "Offset of field: ltx_lora::stages",
    ][::core::mem::offset_of!(ltx_lora, stages) - 20usize];
};
/**A format for the layers that a pattern names. The last match wins; a format computes as the policy of its
name does.*/
#[repr(C)]
#[derive(Debug, Copy, Clone)]
pub struct ltx_quant_rule {
    pub struct_size: u32,
    pub format: ltx_tensor_format,
    pub pattern: *const ::core::ffi::c_char,
}
#[allow(clippy::unnecessary_operation, clippy::identity_op)]
const _: () = {
    ["Size of ltx_quant_rule"][::core::mem::size_of::<ltx_quant_rule>() - 16usize];
    ["Alignment of ltx_quant_rule"][::core::mem::align_of::<ltx_quant_rule>() - 8usize];
    [
        "Offset of field: ltx_quant_rule::struct_size",
    ][::core::mem::offset_of!(ltx_quant_rule, struct_size) - 0usize];
    [
        "Offset of field: ltx_quant_rule::format",
    ][::core::mem::offset_of!(ltx_quant_rule, format) - 4usize];
    [
        "Offset of field: ltx_quant_rule::pattern",
    ][::core::mem::offset_of!(ltx_quant_rule, pattern) - 8usize];
};
///Refines a policy. 0, NULL, -1: the policy's default.
#[repr(C)]
#[derive(Debug, Copy, Clone)]
pub struct ltx_quant_options {
    pub struct_size: u32,
    pub granularity: ltx_granularity,
    pub layer_set: ltx_layer_set,
    pub arithmetic: ltx_arithmetic,
    pub lora_order: ltx_lora_order,
    pub lora_rounding: ltx_rounding,
    pub act_scale: ltx_act_scale,
    pub group_size: i32,
    pub fast_accum: ltx_bool,
    pub reserved0: i32,
    pub keep_bf16_blocks: *const i32,
    pub keep_bf16_block_count: usize,
    pub calibration_path: *const ::core::ffi::c_char,
    pub reference_compat: ltx_bool,
    pub reserved1: i32,
}
#[allow(clippy::unnecessary_operation, clippy::identity_op)]
const _: () = {
    ["Size of ltx_quant_options"][::core::mem::size_of::<ltx_quant_options>() - 72usize];
    [
        "Alignment of ltx_quant_options",
    ][::core::mem::align_of::<ltx_quant_options>() - 8usize];
    [
        "Offset of field: ltx_quant_options::struct_size",
    ][::core::mem::offset_of!(ltx_quant_options, struct_size) - 0usize];
    [
        "Offset of field: ltx_quant_options::granularity",
    ][::core::mem::offset_of!(ltx_quant_options, granularity) - 4usize];
    [
        "Offset of field: ltx_quant_options::layer_set",
    ][::core::mem::offset_of!(ltx_quant_options, layer_set) - 8usize];
    [
        "Offset of field: ltx_quant_options::arithmetic",
    ][::core::mem::offset_of!(ltx_quant_options, arithmetic) - 12usize];
    [
        "Offset of field: ltx_quant_options::lora_order",
    ][::core::mem::offset_of!(ltx_quant_options, lora_order) - 16usize];
    [
        "Offset of field: ltx_quant_options::lora_rounding",
    ][::core::mem::offset_of!(ltx_quant_options, lora_rounding) - 20usize];
    [
        "Offset of field: ltx_quant_options::act_scale",
    ][::core::mem::offset_of!(ltx_quant_options, act_scale) - 24usize];
    [
        "Offset of field: ltx_quant_options::group_size",
    ][::core::mem::offset_of!(ltx_quant_options, group_size) - 28usize];
    [
        "Offset of field: ltx_quant_options::fast_accum",
    ][::core::mem::offset_of!(ltx_quant_options, fast_accum) - 32usize];
    [
        "Offset of field: ltx_quant_options::reserved0",
    ][::core::mem::offset_of!(ltx_quant_options, reserved0) - 36usize];
    [
        "Offset of field: ltx_quant_options::keep_bf16_blocks",
    ][::core::mem::offset_of!(ltx_quant_options, keep_bf16_blocks) - 40usize];
    [
        "Offset of field: ltx_quant_options::keep_bf16_block_count",
    ][::core::mem::offset_of!(ltx_quant_options, keep_bf16_block_count) - 48usize];
    [
        "Offset of field: ltx_quant_options::calibration_path",
    ][::core::mem::offset_of!(ltx_quant_options, calibration_path) - 56usize];
    [
        "Offset of field: ltx_quant_options::reference_compat",
    ][::core::mem::offset_of!(ltx_quant_options, reference_compat) - 64usize];
    [
        "Offset of field: ltx_quant_options::reserved1",
    ][::core::mem::offset_of!(ltx_quant_options, reserved1) - 68usize];
};
#[repr(C)]
#[derive(Debug, Copy, Clone)]
pub struct ltx_component_residency {
    pub struct_size: u32,
    pub component: ltx_component,
    pub residency: ltx_residency,
    pub reserved0: i32,
}
#[allow(clippy::unnecessary_operation, clippy::identity_op)]
const _: () = {
    [
        "Size of ltx_component_residency",
    ][::core::mem::size_of::<ltx_component_residency>() - 16usize];
    [
        "Alignment of ltx_component_residency",
    ][::core::mem::align_of::<ltx_component_residency>() - 4usize];
    [
        "Offset of field: ltx_component_residency::struct_size",
    ][::core::mem::offset_of!(ltx_component_residency, struct_size) - 0usize];
    [
        "Offset of field: ltx_component_residency::component",
    ][::core::mem::offset_of!(ltx_component_residency, component) - 4usize];
    [
        "Offset of field: ltx_component_residency::residency",
    ][::core::mem::offset_of!(ltx_component_residency, residency) - 8usize];
    [
        "Offset of field: ltx_component_residency::reserved0",
    ][::core::mem::offset_of!(ltx_component_residency, reserved0) - 12usize];
};
#[repr(C)]
#[derive(Debug, Copy, Clone)]
pub struct ltx_pipeline_params {
    pub struct_size: u32,
    pub kind: ltx_pipeline_kind,
    pub quant: ltx_quant_policy,
    pub text_quant: ltx_quant_policy,
    pub vae_quant: ltx_quant_policy,
    pub measure_quantization: ltx_bool,
    pub compute_dtype: ltx_compute_dtype,
    pub reserved0: i32,
    pub quant_options: *const ltx_quant_options,
    pub text_quant_options: *const ltx_quant_options,
    pub device_type: ltx_device_type,
    pub device_index: i32,
    pub memory_mode: ltx_memory_mode,
    pub decoder_mode: ltx_decoder_mode,
    pub max_batch_size: i32,
    pub prompt_cache_entries: i32,
    pub gpu_priority: ltx_gpu_priority,
    pub log_level: ltx_log_level,
    pub cuda_graphs: ltx_bool,
    pub reserved1: i32,
    pub device_memory_limit: u64,
    pub host_memory_limit: u64,
    pub models: *const ltx_model_paths,
    pub loras: *const ltx_lora,
    pub lora_count: usize,
    pub quant_rules: *const ltx_quant_rule,
    pub quant_rule_count: usize,
    pub residency: *const ltx_component_residency,
    pub residency_count: usize,
    pub share_with: *mut ltx_pipeline,
    pub weight_cache: *const ::core::ffi::c_char,
}
#[allow(clippy::unnecessary_operation, clippy::identity_op)]
const _: () = {
    [
        "Size of ltx_pipeline_params",
    ][::core::mem::size_of::<ltx_pipeline_params>() - 176usize];
    [
        "Alignment of ltx_pipeline_params",
    ][::core::mem::align_of::<ltx_pipeline_params>() - 8usize];
    [
        "Offset of field: ltx_pipeline_params::struct_size",
    ][::core::mem::offset_of!(ltx_pipeline_params, struct_size) - 0usize];
    [
        "Offset of field: ltx_pipeline_params::kind",
    ][::core::mem::offset_of!(ltx_pipeline_params, kind) - 4usize];
    [
        "Offset of field: ltx_pipeline_params::quant",
    ][::core::mem::offset_of!(ltx_pipeline_params, quant) - 8usize];
    [
        "Offset of field: ltx_pipeline_params::text_quant",
    ][::core::mem::offset_of!(ltx_pipeline_params, text_quant) - 12usize];
    [
        "Offset of field: ltx_pipeline_params::vae_quant",
    ][::core::mem::offset_of!(ltx_pipeline_params, vae_quant) - 16usize];
    [
        "Offset of field: ltx_pipeline_params::measure_quantization",
    ][::core::mem::offset_of!(ltx_pipeline_params, measure_quantization) - 20usize];
    [
        "Offset of field: ltx_pipeline_params::compute_dtype",
    ][::core::mem::offset_of!(ltx_pipeline_params, compute_dtype) - 24usize];
    [
        "Offset of field: ltx_pipeline_params::reserved0",
    ][::core::mem::offset_of!(ltx_pipeline_params, reserved0) - 28usize];
    [
        "Offset of field: ltx_pipeline_params::quant_options",
    ][::core::mem::offset_of!(ltx_pipeline_params, quant_options) - 32usize];
    [
        "Offset of field: ltx_pipeline_params::text_quant_options",
    ][::core::mem::offset_of!(ltx_pipeline_params, text_quant_options) - 40usize];
    [
        "Offset of field: ltx_pipeline_params::device_type",
    ][::core::mem::offset_of!(ltx_pipeline_params, device_type) - 48usize];
    [
        "Offset of field: ltx_pipeline_params::device_index",
    ][::core::mem::offset_of!(ltx_pipeline_params, device_index) - 52usize];
    [
        "Offset of field: ltx_pipeline_params::memory_mode",
    ][::core::mem::offset_of!(ltx_pipeline_params, memory_mode) - 56usize];
    [
        "Offset of field: ltx_pipeline_params::decoder_mode",
    ][::core::mem::offset_of!(ltx_pipeline_params, decoder_mode) - 60usize];
    [
        "Offset of field: ltx_pipeline_params::max_batch_size",
    ][::core::mem::offset_of!(ltx_pipeline_params, max_batch_size) - 64usize];
    [
        "Offset of field: ltx_pipeline_params::prompt_cache_entries",
    ][::core::mem::offset_of!(ltx_pipeline_params, prompt_cache_entries) - 68usize];
    [
        "Offset of field: ltx_pipeline_params::gpu_priority",
    ][::core::mem::offset_of!(ltx_pipeline_params, gpu_priority) - 72usize];
    [
        "Offset of field: ltx_pipeline_params::log_level",
    ][::core::mem::offset_of!(ltx_pipeline_params, log_level) - 76usize];
    [
        "Offset of field: ltx_pipeline_params::cuda_graphs",
    ][::core::mem::offset_of!(ltx_pipeline_params, cuda_graphs) - 80usize];
    [
        "Offset of field: ltx_pipeline_params::reserved1",
    ][::core::mem::offset_of!(ltx_pipeline_params, reserved1) - 84usize];
    [
        "Offset of field: ltx_pipeline_params::device_memory_limit",
    ][::core::mem::offset_of!(ltx_pipeline_params, device_memory_limit) - 88usize];
    [
        "Offset of field: ltx_pipeline_params::host_memory_limit",
    ][::core::mem::offset_of!(ltx_pipeline_params, host_memory_limit) - 96usize];
    [
        "Offset of field: ltx_pipeline_params::models",
    ][::core::mem::offset_of!(ltx_pipeline_params, models) - 104usize];
    [
        "Offset of field: ltx_pipeline_params::loras",
    ][::core::mem::offset_of!(ltx_pipeline_params, loras) - 112usize];
    [
        "Offset of field: ltx_pipeline_params::lora_count",
    ][::core::mem::offset_of!(ltx_pipeline_params, lora_count) - 120usize];
    [
        "Offset of field: ltx_pipeline_params::quant_rules",
    ][::core::mem::offset_of!(ltx_pipeline_params, quant_rules) - 128usize];
    [
        "Offset of field: ltx_pipeline_params::quant_rule_count",
    ][::core::mem::offset_of!(ltx_pipeline_params, quant_rule_count) - 136usize];
    [
        "Offset of field: ltx_pipeline_params::residency",
    ][::core::mem::offset_of!(ltx_pipeline_params, residency) - 144usize];
    [
        "Offset of field: ltx_pipeline_params::residency_count",
    ][::core::mem::offset_of!(ltx_pipeline_params, residency_count) - 152usize];
    [
        "Offset of field: ltx_pipeline_params::share_with",
    ][::core::mem::offset_of!(ltx_pipeline_params, share_with) - 160usize];
    [
        "Offset of field: ltx_pipeline_params::weight_cache",
    ][::core::mem::offset_of!(ltx_pipeline_params, weight_cache) - 168usize];
};
///Guidance of one modality; -1: the model's default. Off, in this order: 0, 1, 0, 0, 1, no blocks.
#[repr(C)]
#[derive(Debug, Copy, Clone)]
pub struct ltx_guidance {
    pub struct_size: u32,
    pub skip_step: i32,
    pub cfg_scale: f32,
    pub stg_scale: f32,
    pub rescale_scale: f32,
    pub modality_scale: f32,
    pub stg_blocks: *const i32,
    pub stg_block_count: usize,
}
#[allow(clippy::unnecessary_operation, clippy::identity_op)]
const _: () = {
    ["Size of ltx_guidance"][::core::mem::size_of::<ltx_guidance>() - 40usize];
    ["Alignment of ltx_guidance"][::core::mem::align_of::<ltx_guidance>() - 8usize];
    [
        "Offset of field: ltx_guidance::struct_size",
    ][::core::mem::offset_of!(ltx_guidance, struct_size) - 0usize];
    [
        "Offset of field: ltx_guidance::skip_step",
    ][::core::mem::offset_of!(ltx_guidance, skip_step) - 4usize];
    [
        "Offset of field: ltx_guidance::cfg_scale",
    ][::core::mem::offset_of!(ltx_guidance, cfg_scale) - 8usize];
    [
        "Offset of field: ltx_guidance::stg_scale",
    ][::core::mem::offset_of!(ltx_guidance, stg_scale) - 12usize];
    [
        "Offset of field: ltx_guidance::rescale_scale",
    ][::core::mem::offset_of!(ltx_guidance, rescale_scale) - 16usize];
    [
        "Offset of field: ltx_guidance::modality_scale",
    ][::core::mem::offset_of!(ltx_guidance, modality_scale) - 20usize];
    [
        "Offset of field: ltx_guidance::stg_blocks",
    ][::core::mem::offset_of!(ltx_guidance, stg_blocks) - 24usize];
    [
        "Offset of field: ltx_guidance::stg_block_count",
    ][::core::mem::offset_of!(ltx_guidance, stg_block_count) - 32usize];
};
///Tiles of the video decoder. The sizes belong to EXPLICIT; -1: untiled along that axis.
#[repr(C)]
#[derive(Debug, Copy, Clone)]
pub struct ltx_tiling {
    pub struct_size: u32,
    pub mode: ltx_tiling_mode,
    pub tile_width: i32,
    pub tile_height: i32,
    pub tile_frames: i32,
    pub overlap_width: i32,
    pub overlap_height: i32,
    pub overlap_frames: i32,
}
#[allow(clippy::unnecessary_operation, clippy::identity_op)]
const _: () = {
    ["Size of ltx_tiling"][::core::mem::size_of::<ltx_tiling>() - 32usize];
    ["Alignment of ltx_tiling"][::core::mem::align_of::<ltx_tiling>() - 4usize];
    [
        "Offset of field: ltx_tiling::struct_size",
    ][::core::mem::offset_of!(ltx_tiling, struct_size) - 0usize];
    [
        "Offset of field: ltx_tiling::mode",
    ][::core::mem::offset_of!(ltx_tiling, mode) - 4usize];
    [
        "Offset of field: ltx_tiling::tile_width",
    ][::core::mem::offset_of!(ltx_tiling, tile_width) - 8usize];
    [
        "Offset of field: ltx_tiling::tile_height",
    ][::core::mem::offset_of!(ltx_tiling, tile_height) - 12usize];
    [
        "Offset of field: ltx_tiling::tile_frames",
    ][::core::mem::offset_of!(ltx_tiling, tile_frames) - 16usize];
    [
        "Offset of field: ltx_tiling::overlap_width",
    ][::core::mem::offset_of!(ltx_tiling, overlap_width) - 20usize];
    [
        "Offset of field: ltx_tiling::overlap_height",
    ][::core::mem::offset_of!(ltx_tiling, overlap_height) - 24usize];
    [
        "Offset of field: ltx_tiling::overlap_frames",
    ][::core::mem::offset_of!(ltx_tiling, overlap_frames) - 28usize];
};
///Frames: input, output and copy target. Interleaved, top row first.
#[repr(C)]
#[derive(Debug, Copy, Clone)]
pub struct ltx_video_buffer {
    pub struct_size: u32,
    pub pixel_format: ltx_pixel_format,
    pub width: i32,
    pub height: i32,
    pub frame_count: i32,
    pub first_frame: i32,
    pub location: ltx_location,
    pub device_index: i32,
    pub color_space: ltx_color_space,
    pub reserved0: i32,
    pub frame_rate: f64,
    pub row_stride: u64,
    pub frame_stride: u64,
    pub data_size: u64,
    pub data: *mut ::core::ffi::c_void,
    pub cuda_stream: *mut ::core::ffi::c_void,
}
#[allow(clippy::unnecessary_operation, clippy::identity_op)]
const _: () = {
    ["Size of ltx_video_buffer"][::core::mem::size_of::<ltx_video_buffer>() - 88usize];
    [
        "Alignment of ltx_video_buffer",
    ][::core::mem::align_of::<ltx_video_buffer>() - 8usize];
    [
        "Offset of field: ltx_video_buffer::struct_size",
    ][::core::mem::offset_of!(ltx_video_buffer, struct_size) - 0usize];
    [
        "Offset of field: ltx_video_buffer::pixel_format",
    ][::core::mem::offset_of!(ltx_video_buffer, pixel_format) - 4usize];
    [
        "Offset of field: ltx_video_buffer::width",
    ][::core::mem::offset_of!(ltx_video_buffer, width) - 8usize];
    [
        "Offset of field: ltx_video_buffer::height",
    ][::core::mem::offset_of!(ltx_video_buffer, height) - 12usize];
    [
        "Offset of field: ltx_video_buffer::frame_count",
    ][::core::mem::offset_of!(ltx_video_buffer, frame_count) - 16usize];
    [
        "Offset of field: ltx_video_buffer::first_frame",
    ][::core::mem::offset_of!(ltx_video_buffer, first_frame) - 20usize];
    [
        "Offset of field: ltx_video_buffer::location",
    ][::core::mem::offset_of!(ltx_video_buffer, location) - 24usize];
    [
        "Offset of field: ltx_video_buffer::device_index",
    ][::core::mem::offset_of!(ltx_video_buffer, device_index) - 28usize];
    [
        "Offset of field: ltx_video_buffer::color_space",
    ][::core::mem::offset_of!(ltx_video_buffer, color_space) - 32usize];
    [
        "Offset of field: ltx_video_buffer::reserved0",
    ][::core::mem::offset_of!(ltx_video_buffer, reserved0) - 36usize];
    [
        "Offset of field: ltx_video_buffer::frame_rate",
    ][::core::mem::offset_of!(ltx_video_buffer, frame_rate) - 40usize];
    [
        "Offset of field: ltx_video_buffer::row_stride",
    ][::core::mem::offset_of!(ltx_video_buffer, row_stride) - 48usize];
    [
        "Offset of field: ltx_video_buffer::frame_stride",
    ][::core::mem::offset_of!(ltx_video_buffer, frame_stride) - 56usize];
    [
        "Offset of field: ltx_video_buffer::data_size",
    ][::core::mem::offset_of!(ltx_video_buffer, data_size) - 64usize];
    [
        "Offset of field: ltx_video_buffer::data",
    ][::core::mem::offset_of!(ltx_video_buffer, data) - 72usize];
    [
        "Offset of field: ltx_video_buffer::cuda_stream",
    ][::core::mem::offset_of!(ltx_video_buffer, cuda_stream) - 80usize];
};
///Samples, planar, within -1 to 1, in host memory.
#[repr(C)]
#[derive(Debug, Copy, Clone)]
pub struct ltx_audio_buffer {
    pub struct_size: u32,
    pub channels: i32,
    pub sample_rate: i32,
    pub reserved0: i32,
    pub sample_count: u64,
    pub channel_stride: u64,
    pub data: *mut f32,
}
#[allow(clippy::unnecessary_operation, clippy::identity_op)]
const _: () = {
    ["Size of ltx_audio_buffer"][::core::mem::size_of::<ltx_audio_buffer>() - 40usize];
    [
        "Alignment of ltx_audio_buffer",
    ][::core::mem::align_of::<ltx_audio_buffer>() - 8usize];
    [
        "Offset of field: ltx_audio_buffer::struct_size",
    ][::core::mem::offset_of!(ltx_audio_buffer, struct_size) - 0usize];
    [
        "Offset of field: ltx_audio_buffer::channels",
    ][::core::mem::offset_of!(ltx_audio_buffer, channels) - 4usize];
    [
        "Offset of field: ltx_audio_buffer::sample_rate",
    ][::core::mem::offset_of!(ltx_audio_buffer, sample_rate) - 8usize];
    [
        "Offset of field: ltx_audio_buffer::reserved0",
    ][::core::mem::offset_of!(ltx_audio_buffer, reserved0) - 12usize];
    [
        "Offset of field: ltx_audio_buffer::sample_count",
    ][::core::mem::offset_of!(ltx_audio_buffer, sample_count) - 16usize];
    [
        "Offset of field: ltx_audio_buffer::channel_stride",
    ][::core::mem::offset_of!(ltx_audio_buffer, channel_stride) - 24usize];
    [
        "Offset of field: ltx_audio_buffer::data",
    ][::core::mem::offset_of!(ltx_audio_buffer, data) - 32usize];
};
///An image that the clip shows at a frame. Exactly one of path and pixels.
#[repr(C)]
#[derive(Debug, Copy, Clone)]
pub struct ltx_image_condition {
    pub struct_size: u32,
    pub frame_index: i32,
    pub path: *const ::core::ffi::c_char,
    pub pixels: *const ltx_video_buffer,
    pub strength: f32,
    pub crf: i32,
}
#[allow(clippy::unnecessary_operation, clippy::identity_op)]
const _: () = {
    [
        "Size of ltx_image_condition",
    ][::core::mem::size_of::<ltx_image_condition>() - 32usize];
    [
        "Alignment of ltx_image_condition",
    ][::core::mem::align_of::<ltx_image_condition>() - 8usize];
    [
        "Offset of field: ltx_image_condition::struct_size",
    ][::core::mem::offset_of!(ltx_image_condition, struct_size) - 0usize];
    [
        "Offset of field: ltx_image_condition::frame_index",
    ][::core::mem::offset_of!(ltx_image_condition, frame_index) - 4usize];
    [
        "Offset of field: ltx_image_condition::path",
    ][::core::mem::offset_of!(ltx_image_condition, path) - 8usize];
    [
        "Offset of field: ltx_image_condition::pixels",
    ][::core::mem::offset_of!(ltx_image_condition, pixels) - 16usize];
    [
        "Offset of field: ltx_image_condition::strength",
    ][::core::mem::offset_of!(ltx_image_condition, strength) - 24usize];
    [
        "Offset of field: ltx_image_condition::crf",
    ][::core::mem::offset_of!(ltx_image_condition, crf) - 28usize];
};
///A video that a recipe starts from. Exactly one of path and pixels.
#[repr(C)]
#[derive(Debug, Copy, Clone)]
pub struct ltx_video_condition {
    pub struct_size: u32,
    pub role: ltx_video_role,
    pub path: *const ::core::ffi::c_char,
    pub pixels: *const ltx_video_buffer,
    pub frame_rate: f64,
    pub strength: f32,
    pub reserved0: i32,
}
#[allow(clippy::unnecessary_operation, clippy::identity_op)]
const _: () = {
    [
        "Size of ltx_video_condition",
    ][::core::mem::size_of::<ltx_video_condition>() - 40usize];
    [
        "Alignment of ltx_video_condition",
    ][::core::mem::align_of::<ltx_video_condition>() - 8usize];
    [
        "Offset of field: ltx_video_condition::struct_size",
    ][::core::mem::offset_of!(ltx_video_condition, struct_size) - 0usize];
    [
        "Offset of field: ltx_video_condition::role",
    ][::core::mem::offset_of!(ltx_video_condition, role) - 4usize];
    [
        "Offset of field: ltx_video_condition::path",
    ][::core::mem::offset_of!(ltx_video_condition, path) - 8usize];
    [
        "Offset of field: ltx_video_condition::pixels",
    ][::core::mem::offset_of!(ltx_video_condition, pixels) - 16usize];
    [
        "Offset of field: ltx_video_condition::frame_rate",
    ][::core::mem::offset_of!(ltx_video_condition, frame_rate) - 24usize];
    [
        "Offset of field: ltx_video_condition::strength",
    ][::core::mem::offset_of!(ltx_video_condition, strength) - 32usize];
    [
        "Offset of field: ltx_video_condition::reserved0",
    ][::core::mem::offset_of!(ltx_video_condition, reserved0) - 36usize];
};
///A sound track that a recipe starts from. Exactly one of path and samples.
#[repr(C)]
#[derive(Debug, Copy, Clone)]
pub struct ltx_audio_condition {
    pub struct_size: u32,
    pub reserved0: i32,
    pub path: *const ::core::ffi::c_char,
    pub samples: *const ltx_audio_buffer,
    pub start_time: f64,
    pub max_duration: f64,
}
#[allow(clippy::unnecessary_operation, clippy::identity_op)]
const _: () = {
    [
        "Size of ltx_audio_condition",
    ][::core::mem::size_of::<ltx_audio_condition>() - 40usize];
    [
        "Alignment of ltx_audio_condition",
    ][::core::mem::align_of::<ltx_audio_condition>() - 8usize];
    [
        "Offset of field: ltx_audio_condition::struct_size",
    ][::core::mem::offset_of!(ltx_audio_condition, struct_size) - 0usize];
    [
        "Offset of field: ltx_audio_condition::reserved0",
    ][::core::mem::offset_of!(ltx_audio_condition, reserved0) - 4usize];
    [
        "Offset of field: ltx_audio_condition::path",
    ][::core::mem::offset_of!(ltx_audio_condition, path) - 8usize];
    [
        "Offset of field: ltx_audio_condition::samples",
    ][::core::mem::offset_of!(ltx_audio_condition, samples) - 16usize];
    [
        "Offset of field: ltx_audio_condition::start_time",
    ][::core::mem::offset_of!(ltx_audio_condition, start_time) - 24usize];
    [
        "Offset of field: ltx_audio_condition::max_duration",
    ][::core::mem::offset_of!(ltx_audio_condition, max_duration) - 32usize];
};
///Where frames and samples go.
#[repr(C)]
#[derive(Debug, Copy, Clone)]
pub struct ltx_output {
    pub struct_size: u32,
    pub keep_frames: ltx_bool,
    pub stream_frames: ltx_bool,
    pub pixel_format: ltx_pixel_format,
    pub location: ltx_location,
    pub video_crf: i32,
    pub audio_bit_rate: i32,
    pub write_exr: ltx_bool,
    pub embed_metadata: ltx_bool,
    pub reserved0: i32,
    pub path: *const ::core::ffi::c_char,
}
#[allow(clippy::unnecessary_operation, clippy::identity_op)]
const _: () = {
    ["Size of ltx_output"][::core::mem::size_of::<ltx_output>() - 48usize];
    ["Alignment of ltx_output"][::core::mem::align_of::<ltx_output>() - 8usize];
    [
        "Offset of field: ltx_output::struct_size",
    ][::core::mem::offset_of!(ltx_output, struct_size) - 0usize];
    [
        "Offset of field: ltx_output::keep_frames",
    ][::core::mem::offset_of!(ltx_output, keep_frames) - 4usize];
    [
        "Offset of field: ltx_output::stream_frames",
    ][::core::mem::offset_of!(ltx_output, stream_frames) - 8usize];
    [
        "Offset of field: ltx_output::pixel_format",
    ][::core::mem::offset_of!(ltx_output, pixel_format) - 12usize];
    [
        "Offset of field: ltx_output::location",
    ][::core::mem::offset_of!(ltx_output, location) - 16usize];
    [
        "Offset of field: ltx_output::video_crf",
    ][::core::mem::offset_of!(ltx_output, video_crf) - 20usize];
    [
        "Offset of field: ltx_output::audio_bit_rate",
    ][::core::mem::offset_of!(ltx_output, audio_bit_rate) - 24usize];
    [
        "Offset of field: ltx_output::write_exr",
    ][::core::mem::offset_of!(ltx_output, write_exr) - 28usize];
    [
        "Offset of field: ltx_output::embed_metadata",
    ][::core::mem::offset_of!(ltx_output, embed_metadata) - 32usize];
    [
        "Offset of field: ltx_output::reserved0",
    ][::core::mem::offset_of!(ltx_output, reserved0) - 36usize];
    [
        "Offset of field: ltx_output::path",
    ][::core::mem::offset_of!(ltx_output, path) - 40usize];
};
///One generation. A field that the recipe does not use must stay at its default.
#[repr(C)]
#[derive(Debug, Copy, Clone)]
pub struct ltx_request {
    pub struct_size: u32,
    pub width: i32,
    pub height: i32,
    pub num_frames: i32,
    pub prompt: *const ::core::ffi::c_char,
    pub negative_prompt: *const ::core::ffi::c_char,
    pub seed: u64,
    pub frame_rate: f64,
    pub min_seconds: f64,
    pub max_seconds: f64,
    pub num_inference_steps: i32,
    pub sampler: ltx_sampler,
    pub noise_source: ltx_noise_source,
    pub color_space: ltx_color_space,
    pub stage_1_sigmas: *const f32,
    pub stage_1_sigma_count: usize,
    pub stage_2_sigmas: *const f32,
    pub stage_2_sigma_count: usize,
    pub video_guidance: *const ltx_guidance,
    pub audio_guidance: *const ltx_guidance,
    pub images: *const ltx_image_condition,
    pub image_count: usize,
    pub videos: *const ltx_video_condition,
    pub video_count: usize,
    pub audio: *const ltx_audio_condition,
    pub keyframe_indices: *const i32,
    pub keyframe_index_count: usize,
    pub start_time: f64,
    pub end_time: f64,
    pub regenerate_video: ltx_bool,
    pub regenerate_audio: ltx_bool,
    pub skip_stage_2: ltx_bool,
    pub high_quality: ltx_bool,
    pub enhance_prompt: ltx_bool,
    pub temporal_upsample_rounds: i32,
    pub enhance_seed: i64,
    pub attention_strength: f32,
    pub preview_mode: ltx_preview_mode,
    pub preview_interval: i32,
    pub preview_max_side: i32,
    pub reference_parity: ltx_bool,
    pub reserved0: i32,
    pub text_embeddings: *const ::core::ffi::c_char,
    pub tiling: *const ltx_tiling,
    pub output: *const ltx_output,
}
#[allow(clippy::unnecessary_operation, clippy::identity_op)]
const _: () = {
    ["Size of ltx_request"][::core::mem::size_of::<ltx_request>() - 280usize];
    ["Alignment of ltx_request"][::core::mem::align_of::<ltx_request>() - 8usize];
    [
        "Offset of field: ltx_request::struct_size",
    ][::core::mem::offset_of!(ltx_request, struct_size) - 0usize];
    [
        "Offset of field: ltx_request::width",
    ][::core::mem::offset_of!(ltx_request, width) - 4usize];
    [
        "Offset of field: ltx_request::height",
    ][::core::mem::offset_of!(ltx_request, height) - 8usize];
    [
        "Offset of field: ltx_request::num_frames",
    ][::core::mem::offset_of!(ltx_request, num_frames) - 12usize];
    [
        "Offset of field: ltx_request::prompt",
    ][::core::mem::offset_of!(ltx_request, prompt) - 16usize];
    [
        "Offset of field: ltx_request::negative_prompt",
    ][::core::mem::offset_of!(ltx_request, negative_prompt) - 24usize];
    [
        "Offset of field: ltx_request::seed",
    ][::core::mem::offset_of!(ltx_request, seed) - 32usize];
    [
        "Offset of field: ltx_request::frame_rate",
    ][::core::mem::offset_of!(ltx_request, frame_rate) - 40usize];
    [
        "Offset of field: ltx_request::min_seconds",
    ][::core::mem::offset_of!(ltx_request, min_seconds) - 48usize];
    [
        "Offset of field: ltx_request::max_seconds",
    ][::core::mem::offset_of!(ltx_request, max_seconds) - 56usize];
    [
        "Offset of field: ltx_request::num_inference_steps",
    ][::core::mem::offset_of!(ltx_request, num_inference_steps) - 64usize];
    [
        "Offset of field: ltx_request::sampler",
    ][::core::mem::offset_of!(ltx_request, sampler) - 68usize];
    [
        "Offset of field: ltx_request::noise_source",
    ][::core::mem::offset_of!(ltx_request, noise_source) - 72usize];
    [
        "Offset of field: ltx_request::color_space",
    ][::core::mem::offset_of!(ltx_request, color_space) - 76usize];
    [
        "Offset of field: ltx_request::stage_1_sigmas",
    ][::core::mem::offset_of!(ltx_request, stage_1_sigmas) - 80usize];
    [
        "Offset of field: ltx_request::stage_1_sigma_count",
    ][::core::mem::offset_of!(ltx_request, stage_1_sigma_count) - 88usize];
    [
        "Offset of field: ltx_request::stage_2_sigmas",
    ][::core::mem::offset_of!(ltx_request, stage_2_sigmas) - 96usize];
    [
        "Offset of field: ltx_request::stage_2_sigma_count",
    ][::core::mem::offset_of!(ltx_request, stage_2_sigma_count) - 104usize];
    [
        "Offset of field: ltx_request::video_guidance",
    ][::core::mem::offset_of!(ltx_request, video_guidance) - 112usize];
    [
        "Offset of field: ltx_request::audio_guidance",
    ][::core::mem::offset_of!(ltx_request, audio_guidance) - 120usize];
    [
        "Offset of field: ltx_request::images",
    ][::core::mem::offset_of!(ltx_request, images) - 128usize];
    [
        "Offset of field: ltx_request::image_count",
    ][::core::mem::offset_of!(ltx_request, image_count) - 136usize];
    [
        "Offset of field: ltx_request::videos",
    ][::core::mem::offset_of!(ltx_request, videos) - 144usize];
    [
        "Offset of field: ltx_request::video_count",
    ][::core::mem::offset_of!(ltx_request, video_count) - 152usize];
    [
        "Offset of field: ltx_request::audio",
    ][::core::mem::offset_of!(ltx_request, audio) - 160usize];
    [
        "Offset of field: ltx_request::keyframe_indices",
    ][::core::mem::offset_of!(ltx_request, keyframe_indices) - 168usize];
    [
        "Offset of field: ltx_request::keyframe_index_count",
    ][::core::mem::offset_of!(ltx_request, keyframe_index_count) - 176usize];
    [
        "Offset of field: ltx_request::start_time",
    ][::core::mem::offset_of!(ltx_request, start_time) - 184usize];
    [
        "Offset of field: ltx_request::end_time",
    ][::core::mem::offset_of!(ltx_request, end_time) - 192usize];
    [
        "Offset of field: ltx_request::regenerate_video",
    ][::core::mem::offset_of!(ltx_request, regenerate_video) - 200usize];
    [
        "Offset of field: ltx_request::regenerate_audio",
    ][::core::mem::offset_of!(ltx_request, regenerate_audio) - 204usize];
    [
        "Offset of field: ltx_request::skip_stage_2",
    ][::core::mem::offset_of!(ltx_request, skip_stage_2) - 208usize];
    [
        "Offset of field: ltx_request::high_quality",
    ][::core::mem::offset_of!(ltx_request, high_quality) - 212usize];
    [
        "Offset of field: ltx_request::enhance_prompt",
    ][::core::mem::offset_of!(ltx_request, enhance_prompt) - 216usize];
    [
        "Offset of field: ltx_request::temporal_upsample_rounds",
    ][::core::mem::offset_of!(ltx_request, temporal_upsample_rounds) - 220usize];
    [
        "Offset of field: ltx_request::enhance_seed",
    ][::core::mem::offset_of!(ltx_request, enhance_seed) - 224usize];
    [
        "Offset of field: ltx_request::attention_strength",
    ][::core::mem::offset_of!(ltx_request, attention_strength) - 232usize];
    [
        "Offset of field: ltx_request::preview_mode",
    ][::core::mem::offset_of!(ltx_request, preview_mode) - 236usize];
    [
        "Offset of field: ltx_request::preview_interval",
    ][::core::mem::offset_of!(ltx_request, preview_interval) - 240usize];
    [
        "Offset of field: ltx_request::preview_max_side",
    ][::core::mem::offset_of!(ltx_request, preview_max_side) - 244usize];
    [
        "Offset of field: ltx_request::reference_parity",
    ][::core::mem::offset_of!(ltx_request, reference_parity) - 248usize];
    [
        "Offset of field: ltx_request::reserved0",
    ][::core::mem::offset_of!(ltx_request, reserved0) - 252usize];
    [
        "Offset of field: ltx_request::text_embeddings",
    ][::core::mem::offset_of!(ltx_request, text_embeddings) - 256usize];
    [
        "Offset of field: ltx_request::tiling",
    ][::core::mem::offset_of!(ltx_request, tiling) - 264usize];
    [
        "Offset of field: ltx_request::output",
    ][::core::mem::offset_of!(ltx_request, output) - 272usize];
};
///Where a call is. Stages and steps count from 1; 0 is "not counted here".
#[repr(C)]
#[derive(Debug, Copy, Clone)]
pub struct ltx_progress {
    pub struct_size: u32,
    pub phase: ltx_phase,
    pub stage: i32,
    pub stage_count: i32,
    pub step: i32,
    pub step_count: i32,
    pub fraction: f64,
    pub elapsed_seconds: f64,
    pub remaining_seconds: f64,
    pub sigma: f64,
    pub bytes_done: u64,
    pub bytes_total: u64,
    pub device_bytes: u64,
    pub host_bytes: u64,
}
#[allow(clippy::unnecessary_operation, clippy::identity_op)]
const _: () = {
    ["Size of ltx_progress"][::core::mem::size_of::<ltx_progress>() - 88usize];
    ["Alignment of ltx_progress"][::core::mem::align_of::<ltx_progress>() - 8usize];
    [
        "Offset of field: ltx_progress::struct_size",
    ][::core::mem::offset_of!(ltx_progress, struct_size) - 0usize];
    [
        "Offset of field: ltx_progress::phase",
    ][::core::mem::offset_of!(ltx_progress, phase) - 4usize];
    [
        "Offset of field: ltx_progress::stage",
    ][::core::mem::offset_of!(ltx_progress, stage) - 8usize];
    [
        "Offset of field: ltx_progress::stage_count",
    ][::core::mem::offset_of!(ltx_progress, stage_count) - 12usize];
    [
        "Offset of field: ltx_progress::step",
    ][::core::mem::offset_of!(ltx_progress, step) - 16usize];
    [
        "Offset of field: ltx_progress::step_count",
    ][::core::mem::offset_of!(ltx_progress, step_count) - 20usize];
    [
        "Offset of field: ltx_progress::fraction",
    ][::core::mem::offset_of!(ltx_progress, fraction) - 24usize];
    [
        "Offset of field: ltx_progress::elapsed_seconds",
    ][::core::mem::offset_of!(ltx_progress, elapsed_seconds) - 32usize];
    [
        "Offset of field: ltx_progress::remaining_seconds",
    ][::core::mem::offset_of!(ltx_progress, remaining_seconds) - 40usize];
    [
        "Offset of field: ltx_progress::sigma",
    ][::core::mem::offset_of!(ltx_progress, sigma) - 48usize];
    [
        "Offset of field: ltx_progress::bytes_done",
    ][::core::mem::offset_of!(ltx_progress, bytes_done) - 56usize];
    [
        "Offset of field: ltx_progress::bytes_total",
    ][::core::mem::offset_of!(ltx_progress, bytes_total) - 64usize];
    [
        "Offset of field: ltx_progress::device_bytes",
    ][::core::mem::offset_of!(ltx_progress, device_bytes) - 72usize];
    [
        "Offset of field: ltx_progress::host_bytes",
    ][::core::mem::offset_of!(ltx_progress, host_bytes) - 80usize];
};
///Lives until its handler returns, or until the next ltx_job_next_event() on its job.
#[repr(C)]
#[derive(Debug, Copy, Clone)]
pub struct ltx_event {
    pub struct_size: u32,
    pub type_: ltx_event_type,
    pub status: ltx_status,
    pub log_level: ltx_log_level,
    pub progress: *const ltx_progress,
    pub message: *const ::core::ffi::c_char,
    pub source: *const ::core::ffi::c_char,
    pub video: *const ltx_video_buffer,
    pub audio: *const ltx_audio_buffer,
    pub dropped_logs: u64,
}
#[allow(clippy::unnecessary_operation, clippy::identity_op)]
const _: () = {
    ["Size of ltx_event"][::core::mem::size_of::<ltx_event>() - 64usize];
    ["Alignment of ltx_event"][::core::mem::align_of::<ltx_event>() - 8usize];
    [
        "Offset of field: ltx_event::struct_size",
    ][::core::mem::offset_of!(ltx_event, struct_size) - 0usize];
    [
        "Offset of field: ltx_event::type_",
    ][::core::mem::offset_of!(ltx_event, type_) - 4usize];
    [
        "Offset of field: ltx_event::status",
    ][::core::mem::offset_of!(ltx_event, status) - 8usize];
    [
        "Offset of field: ltx_event::log_level",
    ][::core::mem::offset_of!(ltx_event, log_level) - 12usize];
    [
        "Offset of field: ltx_event::progress",
    ][::core::mem::offset_of!(ltx_event, progress) - 16usize];
    [
        "Offset of field: ltx_event::message",
    ][::core::mem::offset_of!(ltx_event, message) - 24usize];
    [
        "Offset of field: ltx_event::source",
    ][::core::mem::offset_of!(ltx_event, source) - 32usize];
    [
        "Offset of field: ltx_event::video",
    ][::core::mem::offset_of!(ltx_event, video) - 40usize];
    [
        "Offset of field: ltx_event::audio",
    ][::core::mem::offset_of!(ltx_event, audio) - 48usize];
    [
        "Offset of field: ltx_event::dropped_logs",
    ][::core::mem::offset_of!(ltx_event, dropped_logs) - 56usize];
};
///What a generation was and cost.
#[repr(C)]
#[derive(Debug, Copy, Clone)]
pub struct ltx_stats {
    pub struct_size: u32,
    pub width: i32,
    pub height: i32,
    pub num_frames: i32,
    pub frame_rate: f64,
    pub seed: u64,
    pub quant: ltx_quant_policy,
    pub text_quant: ltx_quant_policy,
    pub memory_mode: ltx_memory_mode,
    pub num_inference_steps: i32,
    pub total_seconds: f64,
    pub load_seconds: f64,
    pub text_seconds: f64,
    pub condition_seconds: f64,
    pub stage_1_seconds: f64,
    pub upsample_seconds: f64,
    pub stage_2_seconds: f64,
    pub decode_seconds: f64,
    pub encode_seconds: f64,
    pub peak_device_bytes: u64,
    pub predicted_device_bytes: u64,
    pub peak_host_bytes: u64,
    pub predicted_host_bytes: u64,
    pub disk_bytes_read: u64,
    pub latent_sha256: [u8; 32usize],
}
#[allow(clippy::unnecessary_operation, clippy::identity_op)]
const _: () = {
    ["Size of ltx_stats"][::core::mem::size_of::<ltx_stats>() - 192usize];
    ["Alignment of ltx_stats"][::core::mem::align_of::<ltx_stats>() - 8usize];
    [
        "Offset of field: ltx_stats::struct_size",
    ][::core::mem::offset_of!(ltx_stats, struct_size) - 0usize];
    [
        "Offset of field: ltx_stats::width",
    ][::core::mem::offset_of!(ltx_stats, width) - 4usize];
    [
        "Offset of field: ltx_stats::height",
    ][::core::mem::offset_of!(ltx_stats, height) - 8usize];
    [
        "Offset of field: ltx_stats::num_frames",
    ][::core::mem::offset_of!(ltx_stats, num_frames) - 12usize];
    [
        "Offset of field: ltx_stats::frame_rate",
    ][::core::mem::offset_of!(ltx_stats, frame_rate) - 16usize];
    [
        "Offset of field: ltx_stats::seed",
    ][::core::mem::offset_of!(ltx_stats, seed) - 24usize];
    [
        "Offset of field: ltx_stats::quant",
    ][::core::mem::offset_of!(ltx_stats, quant) - 32usize];
    [
        "Offset of field: ltx_stats::text_quant",
    ][::core::mem::offset_of!(ltx_stats, text_quant) - 36usize];
    [
        "Offset of field: ltx_stats::memory_mode",
    ][::core::mem::offset_of!(ltx_stats, memory_mode) - 40usize];
    [
        "Offset of field: ltx_stats::num_inference_steps",
    ][::core::mem::offset_of!(ltx_stats, num_inference_steps) - 44usize];
    [
        "Offset of field: ltx_stats::total_seconds",
    ][::core::mem::offset_of!(ltx_stats, total_seconds) - 48usize];
    [
        "Offset of field: ltx_stats::load_seconds",
    ][::core::mem::offset_of!(ltx_stats, load_seconds) - 56usize];
    [
        "Offset of field: ltx_stats::text_seconds",
    ][::core::mem::offset_of!(ltx_stats, text_seconds) - 64usize];
    [
        "Offset of field: ltx_stats::condition_seconds",
    ][::core::mem::offset_of!(ltx_stats, condition_seconds) - 72usize];
    [
        "Offset of field: ltx_stats::stage_1_seconds",
    ][::core::mem::offset_of!(ltx_stats, stage_1_seconds) - 80usize];
    [
        "Offset of field: ltx_stats::upsample_seconds",
    ][::core::mem::offset_of!(ltx_stats, upsample_seconds) - 88usize];
    [
        "Offset of field: ltx_stats::stage_2_seconds",
    ][::core::mem::offset_of!(ltx_stats, stage_2_seconds) - 96usize];
    [
        "Offset of field: ltx_stats::decode_seconds",
    ][::core::mem::offset_of!(ltx_stats, decode_seconds) - 104usize];
    [
        "Offset of field: ltx_stats::encode_seconds",
    ][::core::mem::offset_of!(ltx_stats, encode_seconds) - 112usize];
    [
        "Offset of field: ltx_stats::peak_device_bytes",
    ][::core::mem::offset_of!(ltx_stats, peak_device_bytes) - 120usize];
    [
        "Offset of field: ltx_stats::predicted_device_bytes",
    ][::core::mem::offset_of!(ltx_stats, predicted_device_bytes) - 128usize];
    [
        "Offset of field: ltx_stats::peak_host_bytes",
    ][::core::mem::offset_of!(ltx_stats, peak_host_bytes) - 136usize];
    [
        "Offset of field: ltx_stats::predicted_host_bytes",
    ][::core::mem::offset_of!(ltx_stats, predicted_host_bytes) - 144usize];
    [
        "Offset of field: ltx_stats::disk_bytes_read",
    ][::core::mem::offset_of!(ltx_stats, disk_bytes_read) - 152usize];
    [
        "Offset of field: ltx_stats::latent_sha256",
    ][::core::mem::offset_of!(ltx_stats, latent_sha256) - 160usize];
};
#[repr(C)]
#[derive(Debug, Copy, Clone)]
pub struct ltx_memory_step {
    pub struct_size: u32,
    pub phase: ltx_phase,
    pub stage: i32,
    pub component: ltx_component,
    pub weight_bytes: u64,
    pub activation_bytes: u64,
    pub host_bytes: u64,
}
#[allow(clippy::unnecessary_operation, clippy::identity_op)]
const _: () = {
    ["Size of ltx_memory_step"][::core::mem::size_of::<ltx_memory_step>() - 40usize];
    [
        "Alignment of ltx_memory_step",
    ][::core::mem::align_of::<ltx_memory_step>() - 8usize];
    [
        "Offset of field: ltx_memory_step::struct_size",
    ][::core::mem::offset_of!(ltx_memory_step, struct_size) - 0usize];
    [
        "Offset of field: ltx_memory_step::phase",
    ][::core::mem::offset_of!(ltx_memory_step, phase) - 4usize];
    [
        "Offset of field: ltx_memory_step::stage",
    ][::core::mem::offset_of!(ltx_memory_step, stage) - 8usize];
    [
        "Offset of field: ltx_memory_step::component",
    ][::core::mem::offset_of!(ltx_memory_step, component) - 12usize];
    [
        "Offset of field: ltx_memory_step::weight_bytes",
    ][::core::mem::offset_of!(ltx_memory_step, weight_bytes) - 16usize];
    [
        "Offset of field: ltx_memory_step::activation_bytes",
    ][::core::mem::offset_of!(ltx_memory_step, activation_bytes) - 24usize];
    [
        "Offset of field: ltx_memory_step::host_bytes",
    ][::core::mem::offset_of!(ltx_memory_step, host_bytes) - 32usize];
};
#[repr(C)]
#[derive(Debug, Copy, Clone)]
pub struct ltx_estimate {
    pub struct_size: u32,
    pub fits: ltx_bool,
    pub memory_mode: ltx_memory_mode,
    pub quant: ltx_quant_policy,
    pub text_quant: ltx_quant_policy,
    pub reserved0: i32,
    pub peak_device_bytes: u64,
    pub peak_host_bytes: u64,
    pub free_device_bytes: u64,
    pub free_host_bytes: u64,
    pub weight_bytes: u64,
    pub disk_bytes_read: u64,
    pub steps: *mut ltx_memory_step,
    pub step_capacity: usize,
    pub step_count: usize,
}
#[allow(clippy::unnecessary_operation, clippy::identity_op)]
const _: () = {
    ["Size of ltx_estimate"][::core::mem::size_of::<ltx_estimate>() - 96usize];
    ["Alignment of ltx_estimate"][::core::mem::align_of::<ltx_estimate>() - 8usize];
    [
        "Offset of field: ltx_estimate::struct_size",
    ][::core::mem::offset_of!(ltx_estimate, struct_size) - 0usize];
    [
        "Offset of field: ltx_estimate::fits",
    ][::core::mem::offset_of!(ltx_estimate, fits) - 4usize];
    [
        "Offset of field: ltx_estimate::memory_mode",
    ][::core::mem::offset_of!(ltx_estimate, memory_mode) - 8usize];
    [
        "Offset of field: ltx_estimate::quant",
    ][::core::mem::offset_of!(ltx_estimate, quant) - 12usize];
    [
        "Offset of field: ltx_estimate::text_quant",
    ][::core::mem::offset_of!(ltx_estimate, text_quant) - 16usize];
    [
        "Offset of field: ltx_estimate::reserved0",
    ][::core::mem::offset_of!(ltx_estimate, reserved0) - 20usize];
    [
        "Offset of field: ltx_estimate::peak_device_bytes",
    ][::core::mem::offset_of!(ltx_estimate, peak_device_bytes) - 24usize];
    [
        "Offset of field: ltx_estimate::peak_host_bytes",
    ][::core::mem::offset_of!(ltx_estimate, peak_host_bytes) - 32usize];
    [
        "Offset of field: ltx_estimate::free_device_bytes",
    ][::core::mem::offset_of!(ltx_estimate, free_device_bytes) - 40usize];
    [
        "Offset of field: ltx_estimate::free_host_bytes",
    ][::core::mem::offset_of!(ltx_estimate, free_host_bytes) - 48usize];
    [
        "Offset of field: ltx_estimate::weight_bytes",
    ][::core::mem::offset_of!(ltx_estimate, weight_bytes) - 56usize];
    [
        "Offset of field: ltx_estimate::disk_bytes_read",
    ][::core::mem::offset_of!(ltx_estimate, disk_bytes_read) - 64usize];
    [
        "Offset of field: ltx_estimate::steps",
    ][::core::mem::offset_of!(ltx_estimate, steps) - 72usize];
    [
        "Offset of field: ltx_estimate::step_capacity",
    ][::core::mem::offset_of!(ltx_estimate, step_capacity) - 80usize];
    [
        "Offset of field: ltx_estimate::step_count",
    ][::core::mem::offset_of!(ltx_estimate, step_count) - 88usize];
};
#[repr(C)]
#[derive(Debug, Copy, Clone)]
pub struct ltx_device_info {
    pub struct_size: u32,
    pub type_: ltx_device_type,
    pub index: i32,
    pub compute_capability: i32,
    pub multiprocessor_count: i32,
    pub reserved0: i32,
    pub total_bytes: u64,
    pub free_bytes: u64,
    pub native_formats: u64,
    pub name: [::core::ffi::c_char; 128usize],
}
#[allow(clippy::unnecessary_operation, clippy::identity_op)]
const _: () = {
    ["Size of ltx_device_info"][::core::mem::size_of::<ltx_device_info>() - 176usize];
    [
        "Alignment of ltx_device_info",
    ][::core::mem::align_of::<ltx_device_info>() - 8usize];
    [
        "Offset of field: ltx_device_info::struct_size",
    ][::core::mem::offset_of!(ltx_device_info, struct_size) - 0usize];
    [
        "Offset of field: ltx_device_info::type_",
    ][::core::mem::offset_of!(ltx_device_info, type_) - 4usize];
    [
        "Offset of field: ltx_device_info::index",
    ][::core::mem::offset_of!(ltx_device_info, index) - 8usize];
    [
        "Offset of field: ltx_device_info::compute_capability",
    ][::core::mem::offset_of!(ltx_device_info, compute_capability) - 12usize];
    [
        "Offset of field: ltx_device_info::multiprocessor_count",
    ][::core::mem::offset_of!(ltx_device_info, multiprocessor_count) - 16usize];
    [
        "Offset of field: ltx_device_info::reserved0",
    ][::core::mem::offset_of!(ltx_device_info, reserved0) - 20usize];
    [
        "Offset of field: ltx_device_info::total_bytes",
    ][::core::mem::offset_of!(ltx_device_info, total_bytes) - 24usize];
    [
        "Offset of field: ltx_device_info::free_bytes",
    ][::core::mem::offset_of!(ltx_device_info, free_bytes) - 32usize];
    [
        "Offset of field: ltx_device_info::native_formats",
    ][::core::mem::offset_of!(ltx_device_info, native_formats) - 40usize];
    [
        "Offset of field: ltx_device_info::name",
    ][::core::mem::offset_of!(ltx_device_info, name) - 48usize];
};
#[repr(C)]
#[derive(Debug, Copy, Clone)]
pub struct ltx_component_state {
    pub struct_size: u32,
    pub component: ltx_component,
    pub residency: ltx_residency,
    pub quant: ltx_quant_policy,
    pub on_device: ltx_bool,
    pub shared: ltx_bool,
    pub device_bytes: u64,
    pub host_bytes: u64,
    pub file_bytes: u64,
}
#[allow(clippy::unnecessary_operation, clippy::identity_op)]
const _: () = {
    [
        "Size of ltx_component_state",
    ][::core::mem::size_of::<ltx_component_state>() - 48usize];
    [
        "Alignment of ltx_component_state",
    ][::core::mem::align_of::<ltx_component_state>() - 8usize];
    [
        "Offset of field: ltx_component_state::struct_size",
    ][::core::mem::offset_of!(ltx_component_state, struct_size) - 0usize];
    [
        "Offset of field: ltx_component_state::component",
    ][::core::mem::offset_of!(ltx_component_state, component) - 4usize];
    [
        "Offset of field: ltx_component_state::residency",
    ][::core::mem::offset_of!(ltx_component_state, residency) - 8usize];
    [
        "Offset of field: ltx_component_state::quant",
    ][::core::mem::offset_of!(ltx_component_state, quant) - 12usize];
    [
        "Offset of field: ltx_component_state::on_device",
    ][::core::mem::offset_of!(ltx_component_state, on_device) - 16usize];
    [
        "Offset of field: ltx_component_state::shared",
    ][::core::mem::offset_of!(ltx_component_state, shared) - 20usize];
    [
        "Offset of field: ltx_component_state::device_bytes",
    ][::core::mem::offset_of!(ltx_component_state, device_bytes) - 24usize];
    [
        "Offset of field: ltx_component_state::host_bytes",
    ][::core::mem::offset_of!(ltx_component_state, host_bytes) - 32usize];
    [
        "Offset of field: ltx_component_state::file_bytes",
    ][::core::mem::offset_of!(ltx_component_state, file_bytes) - 40usize];
};
#[repr(C)]
#[derive(Debug, Copy, Clone)]
pub struct ltx_convert_params {
    pub struct_size: u32,
    pub container: ltx_container,
    pub quant: ltx_quant_policy,
    pub text_quant: ltx_quant_policy,
    pub device_type: ltx_device_type,
    pub device_index: i32,
    pub split: ltx_bool,
    pub overwrite: ltx_bool,
    pub verify: ltx_bool,
    pub log_level: ltx_log_level,
    pub models: *const ltx_model_paths,
    pub quant_options: *const ltx_quant_options,
    pub text_quant_options: *const ltx_quant_options,
    pub loras: *const ltx_lora,
    pub lora_count: usize,
    pub quant_rules: *const ltx_quant_rule,
    pub quant_rule_count: usize,
    pub output_path: *const ::core::ffi::c_char,
    pub calibration_path: *const ::core::ffi::c_char,
}
#[allow(clippy::unnecessary_operation, clippy::identity_op)]
const _: () = {
    [
        "Size of ltx_convert_params",
    ][::core::mem::size_of::<ltx_convert_params>() - 112usize];
    [
        "Alignment of ltx_convert_params",
    ][::core::mem::align_of::<ltx_convert_params>() - 8usize];
    [
        "Offset of field: ltx_convert_params::struct_size",
    ][::core::mem::offset_of!(ltx_convert_params, struct_size) - 0usize];
    [
        "Offset of field: ltx_convert_params::container",
    ][::core::mem::offset_of!(ltx_convert_params, container) - 4usize];
    [
        "Offset of field: ltx_convert_params::quant",
    ][::core::mem::offset_of!(ltx_convert_params, quant) - 8usize];
    [
        "Offset of field: ltx_convert_params::text_quant",
    ][::core::mem::offset_of!(ltx_convert_params, text_quant) - 12usize];
    [
        "Offset of field: ltx_convert_params::device_type",
    ][::core::mem::offset_of!(ltx_convert_params, device_type) - 16usize];
    [
        "Offset of field: ltx_convert_params::device_index",
    ][::core::mem::offset_of!(ltx_convert_params, device_index) - 20usize];
    [
        "Offset of field: ltx_convert_params::split",
    ][::core::mem::offset_of!(ltx_convert_params, split) - 24usize];
    [
        "Offset of field: ltx_convert_params::overwrite",
    ][::core::mem::offset_of!(ltx_convert_params, overwrite) - 28usize];
    [
        "Offset of field: ltx_convert_params::verify",
    ][::core::mem::offset_of!(ltx_convert_params, verify) - 32usize];
    [
        "Offset of field: ltx_convert_params::log_level",
    ][::core::mem::offset_of!(ltx_convert_params, log_level) - 36usize];
    [
        "Offset of field: ltx_convert_params::models",
    ][::core::mem::offset_of!(ltx_convert_params, models) - 40usize];
    [
        "Offset of field: ltx_convert_params::quant_options",
    ][::core::mem::offset_of!(ltx_convert_params, quant_options) - 48usize];
    [
        "Offset of field: ltx_convert_params::text_quant_options",
    ][::core::mem::offset_of!(ltx_convert_params, text_quant_options) - 56usize];
    [
        "Offset of field: ltx_convert_params::loras",
    ][::core::mem::offset_of!(ltx_convert_params, loras) - 64usize];
    [
        "Offset of field: ltx_convert_params::lora_count",
    ][::core::mem::offset_of!(ltx_convert_params, lora_count) - 72usize];
    [
        "Offset of field: ltx_convert_params::quant_rules",
    ][::core::mem::offset_of!(ltx_convert_params, quant_rules) - 80usize];
    [
        "Offset of field: ltx_convert_params::quant_rule_count",
    ][::core::mem::offset_of!(ltx_convert_params, quant_rule_count) - 88usize];
    [
        "Offset of field: ltx_convert_params::output_path",
    ][::core::mem::offset_of!(ltx_convert_params, output_path) - 96usize];
    [
        "Offset of field: ltx_convert_params::calibration_path",
    ][::core::mem::offset_of!(ltx_convert_params, calibration_path) - 104usize];
};
/**Called on the thread of a blocking call.

Returns 0 to continue, anything else to cancel. Ignore event types you do not know.*/
pub type ltx_event_fn = ::core::option::Option<
    unsafe extern "C" fn(
        event: *const ltx_event,
        user_data: *mut ::core::ffi::c_void,
    ) -> i32,
>;
functions! {
    /**
Returns the version of the loaded library, 1000000 * major + 1000 * minor + patch.

Thread class A, since 0.1.*/
    pub fn ltx_version() -> u32;
    /**
Returns "0.1.0".

Thread class A, since 0.1.*/
    pub fn ltx_version_string() -> *const ::core::ffi::c_char;
    /**
Returns what the library was built from and with, static JSON ("schema": 1).

Thread class A, since 0.1.*/
    pub fn ltx_build_info() -> *const ::core::ffi::c_char;
    /**Fills a struct with defaults and sets its struct_size; use the macro named after the struct.

* `size`: sizeof the caller's struct.

Returns LTX_OK; LTX_E_TOO_NEW if the caller's header is newer than the library (the object is left
untouched); LTX_E_STRUCT_SIZE if no version of the struct has that size.

Thread class A, since 0.1.*/
    pub fn ltx_init(
        type_: ltx_struct,
        object: *mut ::core::ffi::c_void,
        size: usize,
    ) -> ltx_status;
    /**Releases any handle, on any thread, in any order; NULL, stale and foreign ones are ignored. A handle that
something else needs (a pipeline under a running job) lives on until that is done. Freeing a job cancels it
without waiting.

Thread class A, since 0.1.*/
    pub fn ltx_free(handle: *mut ::core::ffi::c_void);
    /**
Returns why the calling thread's last fallible call failed, "" if it succeeded. Valid until the thread's
next call.

Thread class A, since 0.1.*/
    pub fn ltx_last_error() -> *const ::core::ffi::c_char;
    /**
Returns the name of the constant, "LTX_E_BUSY"; "LTX_E_UNKNOWN" for a number that is none.

Thread class A, since 0.1.*/
    pub fn ltx_status_name(status: ltx_status) -> *const ::core::ffi::c_char;
    /**
Returns the lower-case spelling of a value, "fp8-scaled-mm"; NULL if the type has no such value.

Thread class A, since 0.1.*/
    pub fn ltx_enum_name(type_: ltx_enum, value: i32) -> *const ::core::ffi::c_char;
    /**The inverse of ltx_enum_name().

Returns LTX_OK; LTX_E_INVALID_ARGUMENT with the texts accepted.

Thread class A, since 0.1.*/
    pub fn ltx_enum_parse(
        type_: ltx_enum,
        text: *const ::core::ffi::c_char,
        out_value: *mut i32,
    ) -> ltx_status;
    /**No policy and no format is refused for the sake of a device: what it cannot multiply as it is
(ltx_device_info.native_formats) is dequantized to bf16, at the memory of the format. A format is that of
layers in files; GGUF types are read and not written.


Returns LTX_OK if this build can, on that device; else the status and message that a use would give.

Thread class A, since 0.1.*/
    pub fn ltx_supports(
        capability: ltx_capability,
        value: i32,
        device_type: ltx_device_type,
        device_index: i32,
    ) -> ltx_status;
    /**CUDA devices and the CPU, which is the last.

Thread class A, since 0.1.*/
    pub fn ltx_device_count(out_count: *mut i32) -> ltx_status;
    #[doc = "* `out_device`: initialised with ltx_device_info_init().\n\nThread class A, since 0.1."]
    pub fn ltx_device_get(ordinal: i32, out_device: *mut ltx_device_info) -> ltx_status;
    /**What a file or folder holds: version, components, formats, metadata. Reads headers only.

Thread class A, since 0.1.*/
    pub fn ltx_inspect(
        path: *const ::core::ffi::c_char,
        out_info: *mut *mut ltx_info,
    ) -> ltx_status;
    /**
Returns a report's JSON ("schema": 1), owned by the handle; NULL if the handle is not valid.

Thread class A, since 0.1.*/
    pub fn ltx_info_json(info: *const ltx_info) -> *const ::core::ffi::c_char;
    /**Writes model files in another number format: quantized or dequantized, LoRAs fused, parts split. Tensors
stream one by one; every file appears complete under its name or not at all, verified unless `verify` is 0.
Converts the file of the transformer (models.transformer or models.checkpoint), and the text encoder where
text_quant is not AUTO or nothing else is given. A converted file loads with the bits that quantizing at
load gives.

* `params`: initialised with ltx_convert_params_init(); copied.
* `on_event`: may be NULL; called on this thread.

Returns LTX_OK; LTX_E_INVALID_ARGUMENT if a file of that name exists and `overwrite` is 0.

Thread class A, since 0.1.*/
    pub fn ltx_convert(
        params: *const ltx_convert_params,
        on_event: ltx_event_fn,
        user_data: *mut ::core::ffi::c_void,
    ) -> ltx_status;
    /**The same on a thread of its own.
* `out_job`: receives the handle; release it with ltx_free().

Thread class A, since 0.1.*/
    pub fn ltx_convert_start(
        params: *const ltx_convert_params,
        out_job: *mut *mut ltx_job,
    ) -> ltx_status;
    /**A recipe, its model files, their quantization and the plan that places them in memory.
Reads file headers only; weights are loaded by the first call that needs them, or by
ltx_pipeline_preload().

* `params`: initialised with ltx_pipeline_params_init(); copied.
* `out_pipeline`: receives the handle; release it with ltx_free().

Returns LTX_OK; LTX_E_COMPONENT_MISSING if a file of the recipe is not given.

Thread class A, since 0.1.*/
    pub fn ltx_pipeline_create(
        params: *const ltx_pipeline_params,
        out_pipeline: *mut *mut ltx_pipeline,
    ) -> ltx_status;
    /**Files, formats chosen, plan, warnings, unused tensors.

Thread class S, since 0.1.*/
    pub fn ltx_pipeline_info(
        pipeline: *const ltx_pipeline,
        out_info: *mut *mut ltx_info,
    ) -> ltx_status;
    /**Validates a request and fills in the defaults of the fields that the recipe uses.

* `out_request`: initialised with ltx_request_init(). What its pointers point to belongs to the
pipeline, until this thread's next ltx_pipeline_resolve() on it. Arrays have the strides of `request`.

Thread class S, since 0.1.*/
    pub fn ltx_pipeline_resolve(
        pipeline: *const ltx_pipeline,
        request: *const ltx_request,
        out_request: *mut ltx_request,
    ) -> ltx_status;
    /**Where a component is and how large. LTX_COMPONENT_ALL sums up.
* `out_state`: initialised with ltx_component_state_init().

Thread class S, since 0.1.*/
    pub fn ltx_pipeline_component(
        pipeline: *const ltx_pipeline,
        component: ltx_component,
        out_state: *mut ltx_component_state,
    ) -> ltx_status;
    /**Loads a component, or all, now.
* `on_event`: may be NULL.

Thread class X, since 0.1.*/
    pub fn ltx_pipeline_preload(
        pipeline: *mut ltx_pipeline,
        component: ltx_component,
        on_event: ltx_event_fn,
        user_data: *mut ::core::ffi::c_void,
    ) -> ltx_status;
    /**The same as a job.

Thread class X, since 0.1.*/
    pub fn ltx_pipeline_preload_start(
        pipeline: *mut ltx_pipeline,
        component: ltx_component,
        out_job: *mut *mut ltx_job,
    ) -> ltx_status;
    /**Takes a component, or all, off the device; cached memory goes back to the driver.

Thread class X, since 0.1.*/
    pub fn ltx_pipeline_evict(
        pipeline: *mut ltx_pipeline,
        component: ltx_component,
    ) -> ltx_status;
    /**Encodes the prompts of a request and writes a file for ltx_request.text_embeddings.
* `on_event`: may be NULL.

Thread class X, since 0.1.*/
    pub fn ltx_encode_text(
        pipeline: *mut ltx_pipeline,
        request: *const ltx_request,
        path: *const ::core::ffi::c_char,
        on_event: ltx_event_fn,
        user_data: *mut ::core::ffi::c_void,
    ) -> ltx_status;
    /**Rewrites the prompt of a request with the language model, which looks at the first image where there is
one. The same call gives the same text; ltx_generate() with `enhance_prompt` encodes exactly this text.

* `request`: of its fields the prompt, the first image, enhance_seed and seed count; enhance_prompt
need not be set.
* `on_event`: may be NULL.
* `out_info`: receives JSON: "prompt", the text (it may be empty); "seed", what it was drawn with;
"tokens", the length of the reply; "from_image"; "complete", false if the reply was cut at its longest
length. Release it with ltx_free().

Returns LTX_OK; LTX_E_COMPONENT_MISSING if no model is there that rewrites prompts; LTX_E_TENSOR_MISSING
if it cannot look at images.

Thread class X, since 0.1.*/
    pub fn ltx_enhance_prompt(
        pipeline: *mut ltx_pipeline,
        request: *const ltx_request,
        on_event: ltx_event_fn,
        user_data: *mut ::core::ffi::c_void,
        out_info: *mut *mut ltx_info,
    ) -> ltx_status;
    /**Runs requests without decoding them, measures the largest input of every layer of the transformer and
writes the calibration file that ltx_quant_options.calibration_path takes.

* `requests`: an array; each initialised with ltx_request_init().
* `on_event`: may be NULL.

Thread class X, since 0.1.*/
    pub fn ltx_calibrate(
        pipeline: *mut ltx_pipeline,
        requests: *const ltx_request,
        request_count: usize,
        path: *const ::core::ffi::c_char,
        on_event: ltx_event_fn,
        user_data: *mut ::core::ffi::c_void,
    ) -> ltx_status;
    /**Runs the recipe. Everything is validated before weights are loaded.

* `request`: initialised with ltx_request_init(); copied, pixels included.
* `on_event`: may be NULL; called on this thread.
* `out_result`: may be NULL if only a file or events are wanted; release it with ltx_free().

Returns LTX_OK; LTX_E_CANCELLED if on_event returned non-zero.

Thread class X, since 0.1.*/
    pub fn ltx_generate(
        pipeline: *mut ltx_pipeline,
        request: *const ltx_request,
        on_event: ltx_event_fn,
        user_data: *mut ::core::ffi::c_void,
        out_result: *mut *mut ltx_result,
    ) -> ltx_status;
    /**Validates the request, starts the run and returns. The job holds the pipeline until it ends.

Thread class X, since 0.1.*/
    pub fn ltx_generate_start(
        pipeline: *mut ltx_pipeline,
        request: *const ltx_request,
        out_job: *mut *mut ltx_job,
    ) -> ltx_status;
    /**The next event; FINISHED is the last. Frames and samples wait for the consumer, everything else does not.

* `timeout_ms`: 0 polls, -1 waits.
* `out_event`: initialised with ltx_event_init().

Returns LTX_OK; LTX_E_TIMEOUT if there is none.

Thread class J, since 0.1.*/
    pub fn ltx_job_next_event(
        job: *mut ltx_job,
        timeout_ms: i32,
        out_event: *mut ltx_event,
    ) -> ltx_status;
    /**Waits for the end, discarding events. 0 polls, -1 waits without limit.

Returns the job's status; LTX_E_TIMEOUT.

Thread class J, since 0.1.*/
    pub fn ltx_job_wait(job: *mut ltx_job, timeout_ms: i32) -> ltx_status;
    /**The latest progress; consumes nothing.
* `out_progress`: initialised with ltx_progress_init().

Thread class A, since 0.1.*/
    pub fn ltx_job_progress(
        job: *const ltx_job,
        out_progress: *mut ltx_progress,
    ) -> ltx_status;
    /**Asks the job to end; it does within one block.

Thread class A, since 0.1.*/
    pub fn ltx_job_cancel(job: *mut ltx_job) -> ltx_status;
    /**
Returns the status that the job ended with; LTX_E_NOT_READY while it runs.

Thread class A, since 0.1.*/
    pub fn ltx_job_status(job: *const ltx_job) -> ltx_status;
    /**
Returns the message that the job ended with, owned by the job; "" while it runs and after success.

Thread class A, since 0.1.*/
    pub fn ltx_job_error(job: *const ltx_job) -> *const ::core::ffi::c_char;
    /**A new handle on the result of a finished generation; release it with ltx_free().

Returns LTX_OK; LTX_E_NOT_READY while it runs; the job's status if it failed.

Thread class A, since 0.1.*/
    pub fn ltx_job_result(
        job: *const ltx_job,
        out_result: *mut *mut ltx_result,
    ) -> ltx_status;
    /**A view of the frames, owned by the result. LTX_E_UNSUPPORTED if none were kept.
* `out_video`: initialised with ltx_video_buffer_init().

Thread class S, since 0.1.*/
    pub fn ltx_result_video(
        result: *const ltx_result,
        out_video: *mut ltx_video_buffer,
    ) -> ltx_status;
    /**A view of the samples, owned by the result. LTX_E_UNSUPPORTED if none were kept.
* `out_audio`: initialised with ltx_audio_buffer_init().

Thread class S, since 0.1.*/
    pub fn ltx_result_audio(
        result: *const ltx_result,
        out_audio: *mut ltx_audio_buffer,
    ) -> ltx_status;
    #[doc = "* `out_stats`: initialised with ltx_stats_init().\n\nThread class S, since 0.1."]
    pub fn ltx_result_stats(
        result: *const ltx_result,
        out_stats: *mut ltx_stats,
    ) -> ltx_status;
    /**Converts and copies frames into the caller's memory.

* `target`: pixel_format, strides, data and data_size; width and height 0 or those of the clip.

Thread class S, since 0.1.*/
    pub fn ltx_result_copy_frames(
        result: *const ltx_result,
        first_frame: i32,
        frame_count: i32,
        target: *const ltx_video_buffer,
    ) -> ltx_status;
    /**Encodes and writes kept frames and samples to output->path; the suffix .safetensors writes the final
latents instead: `video_latent` \[1, 128, F, H, W\] and `audio_latent` \[1, 8, T, 16\], F32.
* `on_event`: may be NULL.

Thread class S, since 0.1.*/
    pub fn ltx_result_save(
        result: *const ltx_result,
        output: *const ltx_output,
        on_event: ltx_event_fn,
        user_data: *mut ::core::ffi::c_void,
    ) -> ltx_status;
}
