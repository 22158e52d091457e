// Many generations of all recipes in one process, through the C interface: what they leave is nothing.
#include <doctest/doctest.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <thread>

#include "live_bytes.h"
#include "ltx.hpp"
#include "pipelines_fixture.h"

using namespace ltx::test;

namespace {

/// A recipe on the tiny model and its smallest request, as a C client writes them.
struct Client {
  Client(int32_t kind, int32_t memory_mode) {
    models.checkpoint = checkpoint.c_str();
    models.text_encoder = text.c_str();
    const bool two_stages =
        kind != LTX_PIPELINE_RETAKE && kind != LTX_PIPELINE_TEXT_TO_AUDIO && kind != LTX_PIPELINE_ONE_STAGE;
    if (two_stages) models.spatial_upsampler = upsampler.c_str();
    params.kind = kind;
    params.compute_dtype = LTX_COMPUTE_F32;
    params.device_type = LTX_DEVICE_CPU;
    params.memory_mode = memory_mode;
    params.models = &models;
    const bool ic = kind == LTX_PIPELINE_IC_LORA;
    lora.path = ic ? ic_path.c_str() : lora_path.c_str();
    lora.role = ic ? LTX_LORA_USER : LTX_LORA_DISTILLED;
    if (two_stages && kind != LTX_PIPELINE_DISTILLED) {
      params.loras = &lora;
      params.lora_count = 1;
    }
    request.prompt = "a fox in the snow";
    request.stage_1_sigmas = sigmas;
    request.stage_1_sigma_count = 3;
    request.num_frames = 9;
    if (two_stages) {
      request.stage_2_sigmas = sigmas + 1;
      request.stage_2_sigma_count = 2;
    }
    if (kind != LTX_PIPELINE_TEXT_TO_AUDIO) request.width = request.height = ic ? 128 : 64;
    if (kind == LTX_PIPELINE_RETAKE) {
      request.width = request.height = request.num_frames = LTX_DEFAULT;
      request.start_time = 0.4;
      request.end_time = 0.6;
    }
    if (ic || kind == LTX_PIPELINE_RETAKE) {
      video.path = ic ? reference.c_str() : source.c_str();
      video.role = ic ? LTX_VIDEO_REFERENCE : LTX_VIDEO_SOURCE;
      request.videos = &video;
      request.video_count = 1;
    }
    if (kind == LTX_PIPELINE_AUDIO_TO_VIDEO) {
      audio.path = voice.c_str();
      request.audio = &audio;
    }
    if (kind == LTX_PIPELINE_KEYFRAMES) {
      std::fill(std::begin(pixels), std::end(pixels), uint8_t{90});
      buffer.width = buffer.height = 64;
      buffer.frame_count = 1;
      buffer.data = pixels;
      buffer.data_size = sizeof pixels;
      image.pixels = &buffer;
      image.crf = 0;
      request.images = &image;
      request.image_count = 1;
    }
    output.keep_frames = 1;
    request.output = &output;
  }
  Client(const Client&) = delete;

  const std::string checkpoint = tiny("tiny23.safetensors"), text = tiny("gemma"),
                    upsampler = tiny("tiny23-spatial-upscaler-x2.safetensors"),
                    lora_path = tiny("tiny23-distilled-lora-4.safetensors"),
                    ic_path = tiny("tiny23-ic-lora.safetensors"), reference = sample("ic_lora/clip.mov"),
                    source = sample("retake/clip.mov"), voice = sample("a2v/in.wav");
  const float sigmas[3] = {1.0f, 0.5f, 0.0f};
  uint8_t pixels[64 * 64 * 3] = {};
  ltx_model_paths models = ::ltx::make<ltx_model_paths>();
  ltx_lora lora = ::ltx::make<ltx_lora>();
  ltx_pipeline_params params = ::ltx::make<ltx_pipeline_params>();
  ltx_video_buffer buffer = ::ltx::make<ltx_video_buffer>();
  ltx_image_condition image = ::ltx::make<ltx_image_condition>();
  ltx_video_condition video = ::ltx::make<ltx_video_condition>();
  ltx_audio_condition audio = ::ltx::make<ltx_audio_condition>();
  ltx_output output = ::ltx::make<ltx_output>();
  ltx_request request = ::ltx::make<ltx_request>();
};

struct Resident {
  Resident(int32_t kind, int32_t mode) : client(kind, mode), pipeline(client.params) {}
  Client client;
  ::ltx::pipeline pipeline;
};

int64_t resident_set() {
  std::ifstream file("/proc/self/statm");
  int64_t total = 0, resident = 0;
  file >> total >> resident;
  return resident * sysconf(_SC_PAGESIZE);
}

/// What is still there when it no longer changes: a call's thread may outlive the call by a moment.
int64_t settled(const LiveBytes& tracker) {
  int64_t live = tracker.current();
  for (int calm = 0, tries = 0; calm < 10 && tries < 200; ++tries) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
    const int64_t now = tracker.current();
    calm = now == live ? calm + 1 : 0;
    live = now;
  }
  return live;
}

}  // namespace

TEST_CASE("soak: mixed recipes, resident and passing pipelines, both memory modes") {
  const char* asked = std::getenv("LTX_SOAK_GENERATIONS");
  const int generations = std::max(asked ? std::atoi(asked) : 0, 10);
  // Five pipelines stay, and every other generation makes one of its own and frees it.
  constexpr std::pair<int32_t, int32_t> kStay[] = {{LTX_PIPELINE_DISTILLED, LTX_MEMORY_PERSISTENT},
                                                   {LTX_PIPELINE_TWO_STAGE, LTX_MEMORY_COLD},
                                                   {LTX_PIPELINE_RETAKE, LTX_MEMORY_PERSISTENT},
                                                   {LTX_PIPELINE_IC_LORA, LTX_MEMORY_COLD},
                                                   {LTX_PIPELINE_AUDIO_TO_VIDEO, LTX_MEMORY_PERSISTENT}};
  constexpr int32_t kPass[] = {LTX_PIPELINE_ONE_STAGE, LTX_PIPELINE_TWO_STAGE_HQ, LTX_PIPELINE_KEYFRAMES,
                               LTX_PIPELINE_TEXT_TO_AUDIO, LTX_PIPELINE_TWO_STAGE};
  const LiveBytes tracker;
  std::vector<std::unique_ptr<Resident>> stay;
  std::vector<std::vector<uint8_t>> first;
  int64_t live_after_five = 0, rss_then = 0;
  for (int i = 0; i < generations; ++i) {
    const auto slot = static_cast<size_t>(i % 5);
    const bool passing = i / 5 % 2 == 1;
    if (i < 5) stay.push_back(std::make_unique<Resident>(kStay[slot].first, kStay[slot].second));
    std::unique_ptr<Resident> guest;
    if (passing)
      guest =
          std::make_unique<Resident>(kPass[slot], i / 10 % 2 == 0 ? LTX_MEMORY_COLD : LTX_MEMORY_PERSISTENT);
    auto& chosen = passing ? *guest : *stay[slot];
    {
      const auto made = chosen.pipeline.generate(chosen.client.request);
      const auto stats = made.stats();
      CHECK(stats.peak_host_bytes > 0);
      std::vector<uint8_t> digest(std::begin(stats.latent_sha256), std::end(stats.latent_sha256));
      if (i < 5) first.push_back(digest);
      if (!passing) CHECK(digest == first[slot]);
    }
    guest.reset();
    const int64_t live = settled(tracker), rss = resident_set();
    if (i == 4) live_after_five = live;
    if (i == 4) rss_then = rss;
    std::printf("soak %2d  live %9lld bytes  resident set %7.1f MiB\n", i + 1, static_cast<long long>(live),
                static_cast<double>(rss) / (1 << 20));
    if (i >= 5) {
      CHECK(live == live_after_five);
      CHECK(static_cast<double>(rss) < 1.05 * static_cast<double>(rss_then));
    }
  }
  CHECK(live_after_five > 0);
}
