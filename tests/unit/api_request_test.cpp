// Requests and parameters: what is refused before anything runs, what is filled in, what is copied.
#include <cmath>
#include <cstring>
#include <fstream>
#include <functional>
#include <limits>
#include <sstream>

#include "../api/fixture.h"
#include "save_targets.h"

using namespace ltx::toy;

namespace {

struct Fields {
  ltx_request request = ltx::toy::request();
  ltx_output output = ltx::toy::output();
  ltx_tiling tiling;
  ltx_guidance guidance;
  ltx_image_condition image;
  ltx_video_condition video;
  ltx_audio_condition audio;
  ltx_video_buffer pixels;
  ltx_audio_buffer samples;
  unsigned char bytes[4 * 4 * 3] = {};
  float values[8] = {1.0f, 0.5f, 0.0f};
  int32_t numbers[4] = {};

  Fields() {
    ltx_tiling_init(&tiling);
    ltx_guidance_init(&guidance);
    ltx_image_condition_init(&image);
    ltx_video_condition_init(&video);
    ltx_audio_condition_init(&audio);
    ltx_video_buffer_init(&pixels);
    ltx_audio_buffer_init(&samples);
    pixels.width = pixels.height = 4;
    pixels.data = bytes;
    pixels.data_size = sizeof bytes;
    image.pixels = &pixels;
  }
  void add_image() {
    request.images = &image;
    request.image_count = 1;
  }
};

struct Case {
  const char* what;
  ltx_status status;
  const char* message;
  std::function<void(Fields&)> change;
};

void check_cases(ltx_pipeline* pipeline, const std::vector<Case>& cases) {
  for (const Case& c : cases) {
    Fields f;
    c.change(f);
    CAPTURE(c.what);
    const int before = probe().runs + probe().checkpoints;
    const ltx_status status = ltx_generate(pipeline, &f.request, nullptr, nullptr, nullptr);
    CAPTURE(ltx_last_error());
    CHECK(status == c.status);
    CHECK(says(c.message));
    CHECK(probe().runs + probe().checkpoints == before);  // nothing ran
    ltx_request resolved = request();
    CHECK(ltx_pipeline_resolve(pipeline, &f.request, &resolved) == c.status);
  }
}

}  // namespace

TEST_CASE("a bad field is refused by its path, before anything runs") {
  Params p;
  const Owned<ltx_pipeline> pipeline(p.create());
  const double nan = std::numeric_limits<double>::quiet_NaN();
  check_cases(pipeline, {
                            {"no prompt", LTX_E_INVALID_ARGUMENT, "request.prompt",
                             [](Fields& f) { f.request.prompt = nullptr; }},
                            {"two prompts", LTX_E_INVALID_ARGUMENT, "text_embeddings",
                             [](Fields& f) { f.request.text_embeddings = "x"; }},
                            {"not UTF-8", LTX_E_INVALID_ARGUMENT, "request.prompt is not UTF-8",
                             [](Fields& f) { f.request.prompt = "\xC3("; }},
                            {"zero width", LTX_E_INVALID_ARGUMENT, "request.width is 0",
                             [](Fields& f) { f.request.width = 0; }},
                            {"negative", LTX_E_INVALID_ARGUMENT, "request.height is -2",
                             [](Fields& f) { f.request.height = -2; }},
                            {"frames", LTX_E_INVALID_ARGUMENT, "request.num_frames",
                             [](Fields& f) { f.request.num_frames = 1 << 20; }},
                            {"NaN rate", LTX_E_INVALID_ARGUMENT, "request.frame_rate",
                             [&](Fields& f) { f.request.frame_rate = nan; }},
                            {"clamp", LTX_E_INVALID_ARGUMENT, "request.max_seconds",
                             [](Fields& f) { f.request.min_seconds = 30; }},
                            {"recipe's rule", LTX_E_INVALID_ARGUMENT, "multiples of 32",
                             [](Fields& f) { f.request.width = 33; }},
                            {"enum", LTX_E_INVALID_ARGUMENT, "request.noise_source is 2",
                             [](Fields& f) { f.request.noise_source = 2; }},
                            {"bool", LTX_E_INVALID_ARGUMENT, "request.reference_parity is 2",
                             [](Fields& f) { f.request.reference_parity = 2; }},
                            {"reserved", LTX_E_INVALID_ARGUMENT, "reserved",
                             [](Fields& f) { f.request.reserved0 = 1; }},
                            {"sigmas end", LTX_E_INVALID_ARGUMENT, "request.stage_1_sigmas[1]",
                             [](Fields& f) {
                               f.request.stage_1_sigmas = f.values;
                               f.request.stage_1_sigma_count = 2;
                             }},
                            {"sigmas fall", LTX_E_INVALID_ARGUMENT, "noise levels fall",
                             [](Fields& f) {
                               f.values[1] = 1.0f;
                               f.request.stage_1_sigmas = f.values;
                               f.request.stage_1_sigma_count = 3;
                             }},
                            {"sigmas NULL", LTX_E_INVALID_ARGUMENT, "request.stage_2_sigmas is NULL",
                             [](Fields& f) { f.request.stage_2_sigma_count = 3; }},
                            {"image without source", LTX_E_INVALID_ARGUMENT, "request.images[0] has neither",
                             [](Fields& f) {
                               f.image.pixels = nullptr;
                               f.add_image();
                             }},
                            {"image with two sources", LTX_E_INVALID_ARGUMENT, "request.images[0] has both",
                             [](Fields& f) {
                               f.image.path = "cow.png";
                               f.add_image();
                             }},
                            {"strength", LTX_E_INVALID_ARGUMENT, "request.images[0].strength is 1.5",
                             [](Fields& f) {
                               f.image.strength = 1.5f;
                               f.add_image();
                             }},
                            {"image size", LTX_E_INVALID_ARGUMENT, "request.images[0].pixels.data_size is 48",
                             [](Fields& f) {
                               f.pixels.height = 5;
                               f.add_image();
                             }},
                            {"image stride", LTX_E_INVALID_ARGUMENT, "request.images[0].pixels.row_stride",
                             [](Fields& f) {
                               f.pixels.row_stride = 11;
                               f.add_image();
                             }},
                            {"huge stride", LTX_E_INVALID_ARGUMENT, "row_stride",
                             [](Fields& f) {
                               f.pixels.row_stride = ~uint64_t{0} / 2;
                               f.add_image();
                             }},
                            {"image data", LTX_E_INVALID_ARGUMENT, "request.images[0].pixels.data is NULL",
                             [](Fields& f) {
                               f.pixels.data = nullptr;
                               f.add_image();
                             }},
                            {"image on the device", LTX_E_NOT_BUILT, "request.images[0].pixels.location",
                             [](Fields& f) {
                               f.pixels.location = LTX_LOCATION_DEVICE;
                               f.add_image();
                             }},
                            {"image list", LTX_E_INVALID_ARGUMENT, "request.images is NULL",
                             [](Fields& f) { f.request.image_count = 1; }},
                            {"tiling without a mode", LTX_E_INVALID_ARGUMENT, "request.tiling has sizes",
                             [](Fields& f) {
                               f.tiling.tile_width = 64;
                               f.request.tiling = &f.tiling;
                             }},
                            {"gray output", LTX_E_INVALID_ARGUMENT, "request.output.pixel_format",
                             [](Fields& f) {
                               f.output.pixel_format = LTX_PIXEL_GRAY8;
                               f.request.output = &f.output;
                             }},
                            {"empty path", LTX_E_INVALID_ARGUMENT, "request.output.path is an empty text",
                             [](Fields& f) {
                               f.output.path = "";
                               f.request.output = &f.output;
                             }},
                            {"crf", LTX_E_INVALID_ARGUMENT, "request.output.video_crf is 52",
                             [](Fields& f) {
                               f.output.video_crf = 52;
                               f.request.output = &f.output;
                             }},
                        });
}

TEST_CASE("a field that the recipe does not use names both; one that is not built names the feature") {
  Params p;
  const Owned<ltx_pipeline> distilled(p.create());
  check_cases(
      distilled,
      {
          {"negative prompt", LTX_E_INVALID_ARGUMENT,
           "request.negative_prompt is set, but the recipe distilled",
           [](Fields& f) { f.request.negative_prompt = "x"; }},
          {"steps", LTX_E_INVALID_ARGUMENT, "request.num_inference_steps",
           [](Fields& f) { f.request.num_inference_steps = 4; }},
          {"sampler", LTX_E_INVALID_ARGUMENT, "request.sampler",
           [](Fields& f) { f.request.sampler = LTX_SAMPLER_EULER; }},
          {"guidance", LTX_E_INVALID_ARGUMENT, "request.video_guidance",
           [](Fields& f) { f.request.video_guidance = &f.guidance; }},
          {"start time", LTX_E_INVALID_ARGUMENT, "request.start_time",
           [](Fields& f) { f.request.start_time = 0; }},
          {"skip", LTX_E_INVALID_ARGUMENT, "request.skip_stage_2",
           [](Fields& f) { f.request.skip_stage_2 = 1; }},
          {"quality", LTX_E_INVALID_ARGUMENT, "used by: hdr", [](Fields& f) { f.request.high_quality = 1; }},
          {"retake", LTX_E_INVALID_ARGUMENT, "request.regenerate_audio",
           [](Fields& f) { f.request.regenerate_audio = 0; }},
          {"rounds", LTX_E_INVALID_ARGUMENT, "dfr",
           [](Fields& f) { f.request.temporal_upsample_rounds = 1; }},
          {"attention", LTX_E_INVALID_ARGUMENT, "ic-lora",
           [](Fields& f) { f.request.attention_strength = 0.5f; }},
          {"videos", LTX_E_INVALID_ARGUMENT, "request.videos",
           [](Fields& f) {
             f.video.role = LTX_VIDEO_REFERENCE;
             f.video.path = "clip.mp4";
             f.request.videos = &f.video;
             f.request.video_count = 1;
           }},
          {"audio", LTX_E_INVALID_ARGUMENT, "audio-to-video",
           [](Fields& f) {
             f.audio.path = "a.wav";
             f.request.audio = &f.audio;
           }},
          {"HDR", LTX_E_NOT_BUILT, "request.color_space",
           [](Fields& f) { f.request.color_space = LTX_COLOR_ACESCG; }},
          {"clamp", LTX_E_NOT_BUILT, "request.max_seconds", [](Fields& f) { f.request.max_seconds = 10; }},
          {"seed", LTX_E_INVALID_ARGUMENT, "request.enhance_seed is -2",
           [](Fields& f) { f.request.enhance_seed = -2; }},
          {"preview", LTX_E_NOT_BUILT, "request.preview_mode",
           [](Fields& f) { f.request.preview_mode = LTX_PREVIEW_LINEAR; }},
          {"device frames", LTX_E_NOT_BUILT, "request.output.location",
           [](Fields& f) {
             f.output.location = LTX_LOCATION_DEVICE;
             f.request.output = &f.output;
           }},
          {"EXR", LTX_E_NOT_BUILT, "request.output.write_exr",
           [](Fields& f) {
             f.output.write_exr = 1;
             f.request.output = &f.output;
           }},
      });
  Params q(LTX_PIPELINE_ONE_STAGE);
  const Owned<ltx_pipeline> one_stage(q.create());
  check_cases(one_stage, {
                             {"stage 2", LTX_E_INVALID_ARGUMENT, "the recipe one-stage does not use it",
                              [](Fields& f) {
                                f.request.stage_2_sigmas = f.values;
                                f.request.stage_2_sigma_count = 3;
                              }},
                             {"scale", LTX_E_INVALID_ARGUMENT, "request.video_guidance.cfg_scale is -3",
                              [](Fields& f) {
                                f.guidance.cfg_scale = -3;
                                f.request.video_guidance = &f.guidance;
                              }},
                             {"block", LTX_E_INVALID_ARGUMENT, "request.audio_guidance.stg_blocks[]",
                              [](Fields& f) {
                                f.numbers[0] = -5;
                                f.guidance.stg_blocks = f.numbers;
                                f.guidance.stg_block_count = 1;
                                f.request.audio_guidance = &f.guidance;
                              }},
                         });
}

TEST_CASE("parameters: ranges, and what is not built") {
  const struct {
    const char* message;
    ltx_status status;
    std::function<void(Params&)> change;
  } cases[] = {
      {"params.kind is 0", LTX_E_INVALID_ARGUMENT, [](Params& p) { p.params.kind = 0; }},
      {"params.kind is 13", LTX_E_INVALID_ARGUMENT, [](Params& p) { p.params.kind = 13; }},
      {"params.kind is dfr", LTX_E_NOT_BUILT, [](Params& p) { p.params.kind = LTX_PIPELINE_DFR; }},
      {"params.quant is 9", LTX_E_INVALID_ARGUMENT, [](Params& p) { p.params.quant = 9; }},
      {"params.text_quant is 9", LTX_E_INVALID_ARGUMENT, [](Params& p) { p.params.text_quant = 9; }},
      {"params.vae_quant is 9", LTX_E_INVALID_ARGUMENT, [](Params& p) { p.params.vae_quant = 9; }},
      {"params.measure_quantization", LTX_E_INVALID_ARGUMENT,
       [](Params& p) { p.params.measure_quantization = 2; }},
      {"params.memory_mode", LTX_E_NOT_BUILT,
       [](Params& p) { p.params.memory_mode = LTX_MEMORY_OFFLOAD_DISK; }},
      {"params.decoder_mode", LTX_E_NOT_BUILT, [](Params& p) { p.params.decoder_mode = LTX_DECODER_FAST; }},
      {"params.gpu_priority", LTX_E_NOT_BUILT, [](Params& p) { p.params.gpu_priority = LTX_PRIORITY_LOW; }},
      {"params.cuda_graphs", LTX_E_NOT_BUILT, [](Params& p) { p.params.cuda_graphs = 1; }},
      {"params.device_memory_limit", LTX_E_NOT_BUILT, [](Params& p) { p.params.device_memory_limit = 1; }},
      {"params.host_memory_limit", LTX_E_NOT_BUILT, [](Params& p) { p.params.host_memory_limit = 1; }},
      {"params.weight_cache is an empty text", LTX_E_INVALID_ARGUMENT,
       [](Params& p) { p.params.weight_cache = ""; }},
      {"params.max_batch_size is 5", LTX_E_INVALID_ARGUMENT, [](Params& p) { p.params.max_batch_size = 5; }},
      {"params.log_level is 0", LTX_E_INVALID_ARGUMENT, [](Params& p) { p.params.log_level = 0; }},
      {"params.models is NULL", LTX_E_INVALID_ARGUMENT, [](Params& p) { p.params.models = nullptr; }},
      {"params.models.root", LTX_E_INVALID_ARGUMENT, [](Params& p) { p.models.root = "\xff"; }},
      {"Set params.models.checkpoint", LTX_E_COMPONENT_MISSING,
       [](Params& p) { p.models.checkpoint = nullptr; }},
  };
  for (const auto& c : cases) {
    Params p;
    c.change(p);
    CAPTURE(c.message);
    Owned<ltx_pipeline> pipeline;
    const ltx_status status = ltx_pipeline_create(&p.params, pipeline.out());
    CAPTURE(ltx_last_error());
    CHECK(status == c.status);
    CHECK(says(c.message));
  }
  Params p;
  ltx_quant_options options;
  ltx_quant_options_init(&options);
  p.params.quant_options = &options;
  { const Owned<ltx_pipeline> pipeline(p.create()); }  // defaults are not a choice
  options.granularity = LTX_GRANULARITY_PER_ROW;
  { const Owned<ltx_pipeline> pipeline(p.create()); }
  options.granularity = 9;
  Owned<ltx_pipeline> pipeline;
  CHECK(ltx_pipeline_create(&p.params, pipeline.out()) == LTX_E_INVALID_ARGUMENT);
  CHECK(says("params.quant_options.granularity is 9"));
  CHECK(probe().engines == 0);
}

TEST_CASE("resolve fills the defaults of the fields that the recipe uses") {
  Params p(LTX_PIPELINE_ONE_STAGE);
  const Owned<ltx_pipeline> pipeline(p.create());
  Fields f;
  ltx_image_condition images[2] = {f.image, f.image};
  images[1].pixels = nullptr;
  images[1].path = "cow.png";
  images[1].frame_index = 8;
  images[1].crf = 0;
  f.request.images = images;
  f.request.image_count = 2;
  ltx_request out = request();
  REQUIRE(ltx_pipeline_resolve(pipeline, &f.request, &out) == LTX_OK);
  CHECK(out.struct_size == sizeof out);
  CHECK(out.width == 64);
  CHECK(out.num_frames == 9);
  CHECK(out.frame_rate == 24);
  CHECK(std::string(out.prompt) == "rain");
  CHECK(std::string(out.negative_prompt) == "ugly");
  REQUIRE(out.video_guidance);
  CHECK(out.video_guidance->cfg_scale == 3);
  CHECK(out.video_guidance->stg_block_count == 1);
  CHECK(out.video_guidance->stg_blocks[0] == 28);
  CHECK(out.audio_guidance == nullptr);
  CHECK(out.output->keep_frames == 1);
  REQUIRE(out.image_count == 2);
  CHECK(out.images[0].crf == 33);
  CHECK(out.images[0].pixels->width == 4);
  CHECK(std::string(out.images[1].path) == "cow.png");
  CHECK(out.images[1].crf == 0);
  CHECK(out.stage_1_sigma_count == 3);

  ltx_request again = request();
  REQUIRE(ltx_pipeline_resolve(pipeline, &out, &again) == LTX_OK);  // and to itself
  CHECK(again.width == 64);
  CHECK(ltx_pipeline_resolve(pipeline, &f.request, &f.request) == LTX_E_INVALID_ARGUMENT);
}

TEST_CASE("an empty list of STG blocks is a choice") {
  Params p(LTX_PIPELINE_ONE_STAGE);
  const Owned<ltx_pipeline> pipeline(p.create());
  Fields f;
  f.guidance.stg_blocks = f.numbers;
  f.request.video_guidance = &f.guidance;
  ltx_request out = request();
  REQUIRE(ltx_pipeline_resolve(pipeline, &f.request, &out) == LTX_OK);
  CHECK(out.video_guidance->stg_block_count == 0);
  CHECK(out.video_guidance->stg_blocks != nullptr);
}

TEST_CASE("what a request points to is copied before start returns") {
  Params p;
  const Owned<ltx_pipeline> pipeline(p.create());
  Owned<ltx_job> job;
  {
    auto prompt = std::make_unique<std::string>("delay=5 chunks=2");
    auto fields = std::make_unique<Fields>();
    fields->request.prompt = prompt->c_str();
    fields->add_image();
    REQUIRE(ltx_generate_start(pipeline, &fields->request, job.out()) == LTX_OK);
    std::memset(prompt->data(), 'x', prompt->size());
    std::memset(&fields->request, 0xEE, sizeof fields->request);
    std::memset(&fields->image, 0xEE, sizeof fields->image);
  }
  CHECK(ltx_job_wait(job, -1) == LTX_OK);
}

TEST_CASE("frames are converted and copied within their bounds") {
  Params p;
  const Owned<ltx_pipeline> pipeline(p.create());
  ltx_request r = request("chunks=3");
  r.width = r.height = 32;
  Owned<ltx_result> result;
  REQUIRE(ltx_generate(pipeline, &r, nullptr, nullptr, result.out()) == LTX_OK);
  ltx_video_buffer video;
  ltx_video_buffer_init(&video);
  REQUIRE(ltx_result_video(result, &video) == LTX_OK);
  CHECK(video.frame_count == 3);
  CHECK(video.data_size == 3 * 32 * 32 * 3);
  const auto* pixels = static_cast<const unsigned char*>(video.data);
  CHECK(pixels[0] == 10);
  CHECK(pixels[32 * 32 * 3] == 11);

  std::vector<unsigned char> memory(2 * 32 * 200 + 8, 0xAB);
  ltx_video_buffer target;
  ltx_video_buffer_init(&target);
  target.pixel_format = LTX_PIXEL_RGBA8;
  target.row_stride = 200;
  target.data = memory.data();
  target.data_size = memory.size() - 8;
  REQUIRE(ltx_result_copy_frames(result, 1, 2, &target) == LTX_OK);
  CHECK(memory[0] == pixels[32 * 32 * 3]);
  CHECK(memory[3] == 255);
  CHECK(memory[4] == pixels[32 * 32 * 3 + 3]);
  CHECK(memory[128] == 0xAB);  // between the rows
  CHECK(memory[200] == pixels[32 * 32 * 3 + 96]);
  CHECK(memory[memory.size() - 8] == 0xAB);

  target.data_size = 100;
  CHECK(ltx_result_copy_frames(result, 1, 2, &target) == LTX_E_INVALID_ARGUMENT);
  CHECK(says("target.data_size"));
  target.data_size = memory.size();
  CHECK(ltx_result_copy_frames(result, 2, 2, &target) == LTX_E_INVALID_ARGUMENT);
  CHECK(ltx_result_copy_frames(result, -1, 1, &target) == LTX_E_INVALID_ARGUMENT);
  CHECK(ltx_result_copy_frames(result, std::numeric_limits<int32_t>::max(), 1, &target) ==
        LTX_E_INVALID_ARGUMENT);
  target.width = 31;
  CHECK(ltx_result_copy_frames(result, 0, 1, &target) == LTX_E_INVALID_ARGUMENT);
  target.width = 0;
  target.pixel_format = LTX_PIXEL_GRAY8;
  CHECK(ltx_result_copy_frames(result, 0, 1, &target) == LTX_E_INVALID_ARGUMENT);

  std::vector<float> floats(32 * 32 * 3);
  ltx_video_buffer_init(&target);
  target.pixel_format = LTX_PIXEL_RGB_F32;
  target.data = floats.data();
  target.data_size = floats.size() * sizeof(float);
  REQUIRE(ltx_result_copy_frames(result, 0, 1, &target) == LTX_OK);
  CHECK(floats[0] == 10.0f / 255.0f);

  ltx_audio_buffer audio;
  ltx_audio_buffer_init(&audio);
  REQUIRE(ltx_result_audio(result, &audio) == LTX_OK);
  CHECK(audio.sample_count == 8);
  CHECK(audio.channels == 2);
  CHECK(audio.data[4] == 10.0f);  // the second part follows the first within a channel
  CHECK(audio.data[8] == 4.0f);
}

TEST_CASE("half precision output agrees with the numbers") {
  Params p;
  const Owned<ltx_pipeline> pipeline(p.create());
  ltx_request r = request("chunks=1");
  ltx_output o = output();
  o.keep_frames = 1;
  o.pixel_format = LTX_PIXEL_RGB_F16;
  r.output = &o;
  Owned<ltx_result> result;
  REQUIRE(ltx_generate(pipeline, &r, nullptr, nullptr, result.out()) == LTX_OK);
  ltx_video_buffer video;
  ltx_video_buffer_init(&video);
  REQUIRE(ltx_result_video(result, &video) == LTX_OK);
  const auto* halves = static_cast<const uint16_t*>(video.data);
  CHECK(halves[0] == 0);
  CHECK(halves[1] == 0x1C00);    // 1/256
  CHECK(halves[128] == 0x3800);  // 0.5
  CHECK(halves[255] == 0x3BF8);  // 255/256
  std::vector<float> floats(static_cast<size_t>(video.width * video.height) * 3);
  ltx_video_buffer target;
  ltx_video_buffer_init(&target);
  target.pixel_format = LTX_PIXEL_RGB_F32;
  target.data = floats.data();
  target.data_size = floats.size() * sizeof(float);
  REQUIRE(ltx_result_copy_frames(result, 0, 1, &target) == LTX_OK);
  for (size_t k = 0; k < 256; ++k) CHECK(floats[k] == static_cast<float>(k) / 256.0f);
}

TEST_CASE("statistics, saving, and results that keep nothing") {
  Params p;
  Owned<ltx_pipeline> pipeline(p.create());
  Owned<ltx_result> result;
  const ltx_request r = request("chunks=2");
  REQUIRE(ltx_generate(pipeline, &r, nullptr, nullptr, result.out()) == LTX_OK);
  ltx_stats stats;
  ltx_stats_init(&stats);
  REQUIRE(ltx_result_stats(result, &stats) == LTX_OK);
  CHECK(stats.width == 64);
  CHECK(stats.num_inference_steps == 2);
  CHECK(stats.total_seconds >= stats.stage_1_seconds);
  CHECK(stats.disk_bytes_read == 64);
  bool digest = false;
  for (const uint8_t byte : stats.latent_sha256) digest |= byte != 0;
  CHECK(digest);

  const std::string path = std::string(LTX_BINARY_DIR) + "/api-save.mp4";
  ltx_output o = output();
  CHECK(ltx_result_save(result, &o, nullptr, nullptr) == LTX_E_INVALID_ARGUMENT);
  CHECK(says("output.path"));
  o.path = path.c_str();
  o.keep_frames = 1;
  CHECK(ltx_result_save(result, &o, nullptr, nullptr) == LTX_E_INVALID_ARGUMENT);
  o.keep_frames = 0;
  REQUIRE(ltx_result_save(result, &o, nullptr, nullptr) == LTX_OK);
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  CHECK(text.str() == "2 8");

  ltx_request quiet = request("chunks=2");
  quiet.output = &o;
  Owned<ltx_result> nothing;
  REQUIRE(ltx_generate(pipeline, &quiet, nullptr, nullptr, nothing.out()) == LTX_OK);
  ltx_video_buffer video;
  ltx_video_buffer_init(&video);
  CHECK(ltx_result_video(nothing, &video) == LTX_E_UNSUPPORTED);
  CHECK(ltx_result_save(nothing, &o, nullptr, nullptr) == LTX_E_UNSUPPORTED);
}

TEST_CASE("a place where nothing can be saved is refused by its name, and nothing is left there") {
  Params p;
  const Owned<ltx_pipeline> pipeline(p.create());
  ltx_request r = request("chunks=2");
  ltx_output o = output();
  o.keep_frames = 1;
  r.output = &o;
  Owned<ltx_result> result;
  REQUIRE(ltx_generate(pipeline, &r, nullptr, nullptr, result.out()) == LTX_OK);
  for (const char* suffix : {".mp4", ".safetensors"}) ltx::test::check_save_targets(result, suffix);
}

TEST_CASE("components, preloading, embeddings") {
  Params p;
  const Owned<ltx_pipeline> pipeline(p.create());
  ltx_component_state state;
  ltx_component_state_init(&state);
  REQUIRE(ltx_pipeline_component(pipeline, LTX_COMPONENT_TRANSFORMER, &state) == LTX_OK);
  CHECK(state.on_device == 0);
  REQUIRE(ltx_pipeline_preload(pipeline, LTX_COMPONENT_ALL, nullptr, nullptr) == LTX_OK);
  REQUIRE(ltx_pipeline_component(pipeline, LTX_COMPONENT_TRANSFORMER, &state) == LTX_OK);
  CHECK(state.on_device == 1);
  REQUIRE(ltx_pipeline_evict(pipeline, LTX_COMPONENT_ALL) == LTX_OK);
  Owned<ltx_job> job;
  REQUIRE(ltx_pipeline_preload_start(pipeline, LTX_COMPONENT_TRANSFORMER, job.out()) == LTX_OK);
  CHECK(ltx_job_wait(job, -1) == LTX_OK);
  Owned<ltx_result> result;
  CHECK(ltx_job_result(job, result.out()) == LTX_E_UNSUPPORTED);
  CHECK(ltx_pipeline_component(pipeline, 99, &state) == LTX_E_INVALID_ARGUMENT);
  CHECK(ltx_pipeline_component(pipeline, LTX_COMPONENT_DURATION_HEAD, &state) == LTX_E_UNSUPPORTED);
  CHECK(ltx_pipeline_evict(pipeline, -1) == LTX_E_INVALID_ARGUMENT);

  const std::string path = std::string(LTX_BINARY_DIR) + "/api-embeddings.safetensors";
  const ltx_request r = request("snow");
  CHECK(ltx_encode_text(pipeline, &r, nullptr, nullptr, nullptr) == LTX_E_INVALID_ARGUMENT);
  REQUIRE(ltx_encode_text(pipeline, &r, path.c_str(), nullptr, nullptr) == LTX_OK);
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  CHECK(text.str() == "snow");
  ltx_request embedded = request(nullptr);
  embedded.text_embeddings = path.c_str();
  CHECK(ltx_encode_text(pipeline, &embedded, path.c_str(), nullptr, nullptr) == LTX_E_INVALID_ARGUMENT);

  const std::string maxima = std::string(LTX_BINARY_DIR) + "/api-amax.json";
  const ltx_request pair[2] = {request("rain"), request("hail")};
  CHECK(ltx_calibrate(pipeline, pair, 0, maxima.c_str(), nullptr, nullptr) == LTX_E_INVALID_ARGUMENT);
  CHECK(ltx_calibrate(pipeline, pair, 2, nullptr, nullptr, nullptr) == LTX_E_INVALID_ARGUMENT);
  REQUIRE(ltx_calibrate(pipeline, pair, 2, maxima.c_str(), nullptr, nullptr) == LTX_OK);
  std::ostringstream measured;
  measured << std::ifstream(maxima).rdbuf();
  CHECK(measured.str() == "rain\nhail\n");
  Owned<ltx_info> info;
  REQUIRE(ltx_pipeline_info(pipeline, info.out()) == LTX_OK);
  CHECK(std::string(ltx_info_json(info)).find("\"schema\":1") != std::string::npos);
}
