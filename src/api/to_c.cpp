#include "api/to_c.h"

#include <cstring>

#include "api/pixels.h"
#include "api/structs.h"

namespace ltx::api {
namespace {

const char* text_or_null(const std::string& text) {
  return text.empty() ? nullptr : text.c_str();
}

ltx_guidance guidance_to(const engine::Guidance& g) {
  ltx_guidance c = make<ltx_guidance>();
  c.skip_step = g.skip_step;
  c.cfg_scale = g.cfg_scale;
  c.stg_scale = g.stg_scale;
  c.rescale_scale = g.rescale_scale;
  c.modality_scale = g.modality_scale;
  static const int32_t none = 0;
  if (g.stg_blocks) {
    c.stg_blocks = g.stg_blocks->empty() ? &none : g.stg_blocks->data();
    c.stg_block_count = g.stg_blocks->size();
  }
  return c;
}

/// Appends a struct as a client of the given struct_size knows it.
template <class T>
void append(std::vector<std::byte>& array, T item, uint32_t stride) {
  item.struct_size = stride;
  const std::byte* bytes = reinterpret_cast<const std::byte*>(&item);
  array.insert(array.end(), bytes, bytes + stride);
}

template <class T>
uint32_t stride_of(const T* array) {
  uint32_t stride = sizeof(T);
  if (array != nullptr) std::memcpy(&stride, array, sizeof stride);
  return stride;
}

template <class T>
const T* list_or_null(const std::vector<T>& list) {
  return list.empty() ? nullptr : list.data();
}

}  // namespace

ResolvedRequest::ResolvedRequest(engine::Request resolved, const ltx_request& client)
    : value_(std::move(resolved)),
      request_(make<ltx_request>()),
      video_guidance_(make<ltx_guidance>()),
      audio_guidance_(make<ltx_guidance>()),
      tiling_(make<ltx_tiling>()),
      output_(make<ltx_output>()),
      audio_(make<ltx_audio_condition>()),
      samples_(make<ltx_audio_buffer>()) {
  const engine::Request& r = value_;
  ltx_request& c = request_;
  c.width = r.width;
  c.height = r.height;
  c.num_frames = r.num_frames;
  c.prompt = client.prompt ? r.prompt.c_str() : nullptr;
  c.negative_prompt = r.negative_prompt ? r.negative_prompt->c_str() : nullptr;
  c.seed = r.seed;
  c.frame_rate = r.frame_rate;
  c.min_seconds = r.min_seconds;
  c.max_seconds = r.max_seconds;
  c.num_inference_steps = r.num_inference_steps;
  c.sampler = static_cast<ltx_sampler>(r.sampler);
  c.noise_source = static_cast<ltx_noise_source>(r.noise_source);
  c.color_space = static_cast<ltx_color_space>(r.color_space);
  c.stage_1_sigmas = list_or_null(r.stage_1_sigmas);
  c.stage_1_sigma_count = r.stage_1_sigmas.size();
  c.stage_2_sigmas = list_or_null(r.stage_2_sigmas);
  c.stage_2_sigma_count = r.stage_2_sigmas.size();
  if (r.video_guidance) c.video_guidance = &(video_guidance_ = guidance_to(*r.video_guidance));
  if (r.audio_guidance) c.audio_guidance = &(audio_guidance_ = guidance_to(*r.audio_guidance));

  pixels_.reserve(r.images.size() + r.videos.size());  // addresses stay
  const auto view = [this](const engine::Pixels& pixels) { return &pixels_.emplace_back(view_of(pixels)); };
  const uint32_t image_stride = stride_of(client.images);
  for (const engine::ImageCondition& image : r.images) {
    ltx_image_condition item = make<ltx_image_condition>();
    item.frame_index = image.frame_index;
    item.path = text_or_null(image.path);
    if (image.pixels) item.pixels = view(*image.pixels);
    item.strength = image.strength;
    item.crf = image.crf;
    append(images_, item, image_stride);
  }
  const uint32_t video_stride = stride_of(client.videos);
  for (const engine::VideoCondition& video : r.videos) {
    ltx_video_condition item = make<ltx_video_condition>();
    item.role = static_cast<ltx_video_role>(video.role);
    item.path = text_or_null(video.path);
    if (video.pixels) item.pixels = view(*video.pixels);
    item.frame_rate = video.frame_rate;
    item.strength = video.strength;
    append(videos_, item, video_stride);
  }
  c.images = reinterpret_cast<const ltx_image_condition*>(list_or_null(images_));
  c.image_count = r.images.size();
  c.videos = reinterpret_cast<const ltx_video_condition*>(list_or_null(videos_));
  c.video_count = r.videos.size();
  if (r.audio) {
    audio_.path = text_or_null(r.audio->path);
    if (r.audio->samples) audio_.samples = &(samples_ = view_of(*r.audio->samples));
    audio_.start_time = r.audio->start_time;
    audio_.max_duration = r.audio->max_duration;
    c.audio = &audio_;
  }
  c.keyframe_indices = list_or_null(r.keyframe_indices);
  c.keyframe_index_count = static_cast<size_t>(r.keyframe_count);
  c.start_time = r.start_time;
  c.end_time = r.end_time;
  c.regenerate_video = r.regenerate_video;
  c.regenerate_audio = r.regenerate_audio;
  c.skip_stage_2 = r.skip_stage_2;
  c.high_quality = r.high_quality;
  c.enhance_prompt = r.enhance_prompt;
  c.temporal_upsample_rounds = r.temporal_upsample_rounds;
  c.enhance_seed = r.enhance_seed;
  c.attention_strength = r.attention_strength;
  c.preview_mode = static_cast<ltx_preview_mode>(r.preview_mode);
  c.preview_interval = r.preview_interval;
  c.preview_max_side = r.preview_max_side;
  c.reference_parity = r.reference_parity;
  c.text_embeddings = text_or_null(r.text_embeddings);

  tiling_.mode = static_cast<ltx_tiling_mode>(r.tiling.mode);
  tiling_.tile_width = r.tiling.tile_width;
  tiling_.tile_height = r.tiling.tile_height;
  tiling_.tile_frames = r.tiling.tile_frames;
  tiling_.overlap_width = r.tiling.overlap_width;
  tiling_.overlap_height = r.tiling.overlap_height;
  tiling_.overlap_frames = r.tiling.overlap_frames;
  c.tiling = &tiling_;
  output_.keep_frames = r.output.keep_frames;
  output_.stream_frames = r.output.stream_frames;
  output_.pixel_format = static_cast<ltx_pixel_format>(r.output.pixel_format);
  output_.location = static_cast<ltx_location>(r.output.location);
  output_.video_crf = r.output.video_crf;
  output_.audio_bit_rate = r.output.audio_bit_rate;
  output_.write_exr = r.output.write_exr;
  output_.embed_metadata = r.output.embed_metadata;
  output_.path = text_or_null(r.output.path);
  c.output = &output_;
}

}  // namespace ltx::api
