// The members of every struct of ltx_c.h that crosses the border, each named once. What reads Python objects,
// what writes dictionaries and the layout test walk these lists, so a member that is missing here fails the
// test against abi/layout.json.
#pragma once
#include "ltx_c.h"

namespace pyltx {

template <class T>
struct StructType;
#define LTX_STRUCT(type, id)                   \
  template <>                                  \
  struct StructType<type> {                    \
    static constexpr ltx_struct value = id;    \
    static constexpr const char* name = #type; \
  };
LTX_STRUCT(ltx_model_paths, LTX_STRUCT_MODEL_PATHS)
LTX_STRUCT(ltx_lora, LTX_STRUCT_LORA)
LTX_STRUCT(ltx_quant_rule, LTX_STRUCT_QUANT_RULE)
LTX_STRUCT(ltx_quant_options, LTX_STRUCT_QUANT_OPTIONS)
LTX_STRUCT(ltx_component_residency, LTX_STRUCT_COMPONENT_RESIDENCY)
LTX_STRUCT(ltx_pipeline_params, LTX_STRUCT_PIPELINE_PARAMS)
LTX_STRUCT(ltx_guidance, LTX_STRUCT_GUIDANCE)
LTX_STRUCT(ltx_tiling, LTX_STRUCT_TILING)
LTX_STRUCT(ltx_video_buffer, LTX_STRUCT_VIDEO_BUFFER)
LTX_STRUCT(ltx_audio_buffer, LTX_STRUCT_AUDIO_BUFFER)
LTX_STRUCT(ltx_image_condition, LTX_STRUCT_IMAGE_CONDITION)
LTX_STRUCT(ltx_video_condition, LTX_STRUCT_VIDEO_CONDITION)
LTX_STRUCT(ltx_audio_condition, LTX_STRUCT_AUDIO_CONDITION)
LTX_STRUCT(ltx_output, LTX_STRUCT_OUTPUT)
LTX_STRUCT(ltx_request, LTX_STRUCT_REQUEST)
LTX_STRUCT(ltx_progress, LTX_STRUCT_PROGRESS)
LTX_STRUCT(ltx_event, LTX_STRUCT_EVENT)
LTX_STRUCT(ltx_stats, LTX_STRUCT_STATS)
LTX_STRUCT(ltx_device_info, LTX_STRUCT_DEVICE_INFO)
LTX_STRUCT(ltx_component_state, LTX_STRUCT_COMPONENT_STATE)
LTX_STRUCT(ltx_convert_params, LTX_STRUCT_CONVERT_PARAMS)
#undef LTX_STRUCT

#define NUMBER(member) v.number(#member, s.member)
#define FLAG(member) v.flag(#member, s.member)
#define CHOICE(member, type) v.choice(#member, s.member, LTX_ENUM_##type)
#define TEXT(member) v.text(#member, s.member)
#define NESTED(member) v.nested(#member, s.member)
#define LIST(member, count) v.list(#member, s.member, #count, s.count)
#define ADDRESS(member) v.address(#member, s.member)

// Several members a line:
// clang-format off
template <class V> void members(V& v, ltx_model_paths& s) {
  TEXT(root); TEXT(checkpoint); TEXT(transformer); TEXT(text_encoder); TEXT(video_vae); TEXT(audio_vae);
  TEXT(duration_head); TEXT(spatial_upsampler); TEXT(temporal_upsampler); TEXT(prompt_enhancer);
}

template <class V> void members(V& v, ltx_lora& s) {
  CHOICE(role, LORA); TEXT(path); NUMBER(strength); NUMBER(stages);
}

template <class V> void members(V& v, ltx_quant_rule& s) {
  CHOICE(format, FORMAT); TEXT(pattern);
}

template <class V> void members(V& v, ltx_quant_options& s) {
  CHOICE(granularity, GRANULARITY); CHOICE(layer_set, LAYERS); CHOICE(arithmetic, ARITHMETIC);
  CHOICE(lora_order, LORA_ORDER); CHOICE(lora_rounding, ROUNDING); CHOICE(act_scale, ACT_SCALE);
  NUMBER(group_size); FLAG(fast_accum); LIST(keep_bf16_blocks, keep_bf16_block_count);
  TEXT(calibration_path); FLAG(reference_compat);
}

template <class V> void members(V& v, ltx_component_residency& s) {
  CHOICE(component, COMPONENT); CHOICE(residency, RESIDENCY);
}

template <class V> void members(V& v, ltx_pipeline_params& s) {
  CHOICE(kind, PIPELINE); CHOICE(quant, QUANT); CHOICE(text_quant, QUANT); CHOICE(vae_quant, QUANT);
  FLAG(measure_quantization); CHOICE(compute_dtype, COMPUTE); NESTED(quant_options);
  NESTED(text_quant_options); CHOICE(device_type, DEVICE); NUMBER(device_index); CHOICE(memory_mode, MEMORY);
  CHOICE(decoder_mode, DECODER); NUMBER(max_batch_size); NUMBER(prompt_cache_entries);
  CHOICE(gpu_priority, PRIORITY); CHOICE(log_level, LOG); FLAG(cuda_graphs); NUMBER(device_memory_limit);
  NUMBER(host_memory_limit); NESTED(models); LIST(loras, lora_count); LIST(quant_rules, quant_rule_count);
  LIST(residency, residency_count); v.pipeline("share_with", s.share_with); TEXT(weight_cache);
}

template <class V> void members(V& v, ltx_guidance& s) {
  NUMBER(skip_step); NUMBER(cfg_scale); NUMBER(stg_scale); NUMBER(rescale_scale); NUMBER(modality_scale);
  LIST(stg_blocks, stg_block_count);
}

template <class V> void members(V& v, ltx_tiling& s) {
  CHOICE(mode, TILING); NUMBER(tile_width); NUMBER(tile_height); NUMBER(tile_frames); NUMBER(overlap_width);
  NUMBER(overlap_height); NUMBER(overlap_frames);
}

template <class V> void members(V& v, ltx_video_buffer& s) {
  CHOICE(pixel_format, PIXEL); NUMBER(width); NUMBER(height); NUMBER(frame_count); NUMBER(first_frame);
  CHOICE(location, LOCATION); NUMBER(device_index); CHOICE(color_space, COLOR); NUMBER(frame_rate);
  NUMBER(row_stride); NUMBER(frame_stride); NUMBER(data_size); ADDRESS(data); ADDRESS(cuda_stream);
}

template <class V> void members(V& v, ltx_audio_buffer& s) {
  NUMBER(channels); NUMBER(sample_rate); NUMBER(sample_count); NUMBER(channel_stride); ADDRESS(data);
}

template <class V> void members(V& v, ltx_image_condition& s) {
  NUMBER(frame_index); TEXT(path); NESTED(pixels); NUMBER(strength); NUMBER(crf);
}

template <class V> void members(V& v, ltx_video_condition& s) {
  CHOICE(role, VIDEO); TEXT(path); NESTED(pixels); NUMBER(frame_rate); NUMBER(strength);
}

template <class V> void members(V& v, ltx_audio_condition& s) {
  TEXT(path); NESTED(samples); NUMBER(start_time); NUMBER(max_duration);
}

template <class V> void members(V& v, ltx_output& s) {
  FLAG(keep_frames); FLAG(stream_frames); CHOICE(pixel_format, PIXEL); CHOICE(location, LOCATION);
  NUMBER(video_crf); NUMBER(audio_bit_rate); FLAG(write_exr); FLAG(embed_metadata); TEXT(path);
}

template <class V> void members(V& v, ltx_request& s) {
  NUMBER(width); NUMBER(height); NUMBER(num_frames); TEXT(prompt); TEXT(negative_prompt); NUMBER(seed);
  NUMBER(frame_rate); NUMBER(min_seconds); NUMBER(max_seconds); NUMBER(num_inference_steps);
  CHOICE(sampler, SAMPLER); CHOICE(noise_source, NOISE); CHOICE(color_space, COLOR);
  LIST(stage_1_sigmas, stage_1_sigma_count); LIST(stage_2_sigmas, stage_2_sigma_count);
  NESTED(video_guidance); NESTED(audio_guidance); LIST(images, image_count); LIST(videos, video_count);
  NESTED(audio); LIST(keyframe_indices, keyframe_index_count); NUMBER(start_time); NUMBER(end_time);
  FLAG(regenerate_video); FLAG(regenerate_audio); FLAG(skip_stage_2); FLAG(high_quality);
  FLAG(enhance_prompt); NUMBER(temporal_upsample_rounds); NUMBER(enhance_seed); NUMBER(attention_strength);
  CHOICE(preview_mode, PREVIEW); NUMBER(preview_interval); NUMBER(preview_max_side); FLAG(reference_parity);
  TEXT(text_embeddings); NESTED(tiling); NESTED(output);
}

template <class V> void members(V& v, ltx_progress& s) {
  CHOICE(phase, PHASE); NUMBER(stage); NUMBER(stage_count); NUMBER(step); NUMBER(step_count);
  NUMBER(fraction); NUMBER(elapsed_seconds); NUMBER(remaining_seconds); NUMBER(sigma); NUMBER(bytes_done);
  NUMBER(bytes_total); NUMBER(device_bytes); NUMBER(host_bytes);
}

template <class V> void members(V& v, ltx_event& s) {
  CHOICE(type, EVENT); CHOICE(status, STATUS); CHOICE(log_level, LOG); NESTED(progress); TEXT(message);
  TEXT(source); NESTED(video); NESTED(audio); NUMBER(dropped_logs);
}

template <class V> void members(V& v, ltx_stats& s) {
  NUMBER(width); NUMBER(height); NUMBER(num_frames); NUMBER(frame_rate); NUMBER(seed); CHOICE(quant, QUANT);
  CHOICE(text_quant, QUANT); CHOICE(memory_mode, MEMORY); NUMBER(num_inference_steps); NUMBER(total_seconds);
  NUMBER(load_seconds); NUMBER(text_seconds); NUMBER(condition_seconds); NUMBER(stage_1_seconds);
  NUMBER(upsample_seconds); NUMBER(stage_2_seconds); NUMBER(decode_seconds); NUMBER(encode_seconds);
  NUMBER(peak_device_bytes); NUMBER(predicted_device_bytes); NUMBER(peak_host_bytes);
  NUMBER(predicted_host_bytes); NUMBER(disk_bytes_read); v.bytes("latent_sha256", s.latent_sha256);
}

template <class V> void members(V& v, ltx_device_info& s) {
  CHOICE(type, DEVICE); NUMBER(index); NUMBER(compute_capability); NUMBER(multiprocessor_count);
  NUMBER(total_bytes); NUMBER(free_bytes); NUMBER(native_formats); v.bytes("name", s.name);
}

template <class V> void members(V& v, ltx_component_state& s) {
  CHOICE(component, COMPONENT); CHOICE(residency, RESIDENCY); CHOICE(quant, QUANT); FLAG(on_device);
  FLAG(shared); NUMBER(device_bytes); NUMBER(host_bytes); NUMBER(file_bytes);
}

template <class V> void members(V& v, ltx_convert_params& s) {
  CHOICE(container, CONTAINER); CHOICE(quant, QUANT); CHOICE(text_quant, QUANT); CHOICE(device_type, DEVICE);
  NUMBER(device_index); FLAG(split); FLAG(overwrite); FLAG(verify); CHOICE(log_level, LOG); NESTED(models);
  NESTED(quant_options); NESTED(text_quant_options); LIST(loras, lora_count);
  LIST(quant_rules, quant_rule_count); TEXT(output_path); TEXT(calibration_path);
}

// clang-format on
#undef NUMBER
#undef FLAG
#undef CHOICE
#undef TEXT
#undef NESTED
#undef LIST
#undef ADDRESS

}  // namespace pyltx
