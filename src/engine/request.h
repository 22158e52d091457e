// What one generation asks for, field by field as in ltx_request (docs/c-api.md §4). kDefault, empty and
// nullopt mean unset.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "engine/enums.h"
#include "engine/media.h"
#include "engine/params.h"

namespace ltx::engine {

struct Guidance {
  int32_t skip_step = kDefault;
  float cfg_scale = kDefault, stg_scale = kDefault, rescale_scale = kDefault, modality_scale = kDefault;
  std::optional<std::vector<int32_t>> stg_blocks;  // an empty list is a choice, too
};

struct Tiling {
  TilingMode mode = TilingMode::Auto;
  int32_t tile_width = kDefault, tile_height = kDefault, tile_frames = kDefault;  // pixels, frames
  int32_t overlap_width = kDefault, overlap_height = kDefault, overlap_frames = kDefault;
};

struct ImageCondition {
  int32_t frame_index = 0;
  std::string path;              // or
  std::optional<Pixels> pixels;  // one frame; exactly one of both is given
  float strength = 1.0f;
  int32_t crf = kDefault;  // H.264 re-compression; 0: none
};

struct VideoCondition {
  VideoRole role = VideoRole::None;
  std::string path;
  std::optional<Pixels> pixels;
  double frame_rate = kDefault;
  float strength = 1.0f;
};

struct AudioCondition {
  std::string path;
  std::optional<Samples> samples;
  double start_time = 0, max_duration = kDefault;  // seconds
};

struct OutputOptions {
  bool keep_frames = false;    // the C API collects what the sink receives
  bool stream_frames = false;  // and passes it on as events
  PixelFormat pixel_format = PixelFormat::Rgb8;
  Location location = Location::Host;
  int32_t video_crf = kDefault, audio_bit_rate = kDefault;
  int32_t write_exr = kDefault;
  bool embed_metadata = true;
  std::string path;  // written by the engine while it decodes; "" is none
};

struct Request {
  int32_t width = kDefault, height = kDefault, num_frames = kDefault;
  std::string prompt;
  std::optional<std::string> negative_prompt;  // nullopt: the library's own text
  uint64_t seed = 10;
  double frame_rate = kDefault;
  double min_seconds = 1, max_seconds = 20;
  int32_t num_inference_steps = kDefault;
  Sampler sampler = Sampler::Auto;
  NoiseSource noise_source = NoiseSource::Device;
  ColorSpace color_space = ColorSpace::Sdr;
  std::vector<float> stage_1_sigmas, stage_2_sigmas;  // empty: the recipe's schedule
  std::optional<Guidance> video_guidance, audio_guidance;
  std::vector<ImageCondition> images;
  std::vector<VideoCondition> videos;
  std::optional<AudioCondition> audio;
  int32_t keyframe_count = 0;             // generated keyframe slots …
  std::vector<int32_t> keyframe_indices;  // … at these frames; empty: evenly spaced
  double start_time = kDefault, end_time = kDefault;
  bool regenerate_video = true, regenerate_audio = true;
  bool skip_stage_2 = false, high_quality = false, enhance_prompt = false;
  int32_t temporal_upsample_rounds = 0;
  int64_t enhance_seed = kDefault;
  float attention_strength = 1.0f;
  PreviewMode preview_mode = PreviewMode::None;
  int32_t preview_interval = 1, preview_max_side = 512;
  bool reference_parity = false;
  std::string text_embeddings;
  Tiling tiling;
  OutputOptions output;
};

}  // namespace ltx::engine
