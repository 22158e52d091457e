// The exported library on recipes that begin with media: files in, files out, and the statuses of wrong ones.
#include <doctest/doctest.h>

#include <cmath>
#include <cstring>

#include "ltx.hpp"
#include "media/audio_reader.h"
#include "media/video_reader.h"
#include "pipelines_fixture.h"

using namespace ltx::test;

namespace {

/// A pipeline and a request as a C client writes them.
struct Client {
  explicit Client(int32_t kind) {
    models.checkpoint = checkpoint.c_str();
    models.text_encoder = text.c_str();
    if (kind != LTX_PIPELINE_RETAKE && kind != LTX_PIPELINE_TEXT_TO_AUDIO)
      models.spatial_upsampler = upsampler.c_str();
    params.kind = kind;
    params.compute_dtype = LTX_COMPUTE_F32;
    params.device_type = LTX_DEVICE_CPU;
    params.models = &models;
    lora.path = lora_path.c_str();
    lora.role = LTX_LORA_DISTILLED;
    if (kind == LTX_PIPELINE_IC_LORA) {
      lora.path = ic_lora_path.c_str();
      lora.role = LTX_LORA_USER;
    }
    if (kind == LTX_PIPELINE_AUDIO_TO_VIDEO || kind == LTX_PIPELINE_IC_LORA) {
      params.loras = &lora;
      params.lora_count = 1;
    }
    request.prompt = "a fox in the snow";
    request.seed = 3;
    request.stage_1_sigmas = sigmas;
    request.stage_1_sigma_count = 3;
    output.keep_frames = 1;
    request.output = &output;
  }
  void size(int32_t side) {
    request.width = request.height = side;
    request.num_frames = 9;
    request.stage_2_sigmas = sigmas + 1;
    request.stage_2_sigma_count = 2;
  }
  void clip(const std::string& path, int32_t role) {
    clip_path = path;
    video.path = clip_path.c_str();
    video.role = role;
    request.videos = &video;
    request.video_count = 1;
  }
  void sound(const std::string& path) {
    sound_path = path;
    audio.path = sound_path.c_str();
    request.audio = &audio;
  }
  void write(const std::string& path) {
    output_path = path;
    output.path = output_path.c_str();
  }

  const std::string checkpoint = tiny("tiny23.safetensors"), text = tiny("gemma"),
                    upsampler = tiny("tiny23-spatial-upscaler-x2.safetensors"),
                    lora_path = tiny("tiny23-distilled-lora-4.safetensors"),
                    ic_lora_path = tiny("tiny23-ic-lora.safetensors");
  const float sigmas[3] = {1.0f, 0.5f, 0.0f};
  std::string clip_path, sound_path, output_path;
  ltx_model_paths models = ::ltx::make<ltx_model_paths>();
  ltx_lora lora = ::ltx::make<ltx_lora>();
  ltx_pipeline_params params = ::ltx::make<ltx_pipeline_params>();
  ltx_video_condition video = ::ltx::make<ltx_video_condition>();
  ltx_audio_condition audio = ::ltx::make<ltx_audio_condition>();
  ltx_output output = ::ltx::make<ltx_output>();
  ltx_request request = ::ltx::make<ltx_request>();
};

ltx_status status_of(const Client& client, std::string& message) {
  ltx_pipeline* pipeline = nullptr;
  ltx_status status = ltx_pipeline_create(&client.params, &pipeline);
  if (status == LTX_OK) status = ltx_generate(pipeline, &client.request, nullptr, nullptr, nullptr);
  message = ltx_last_error();
  ltx_free(pipeline);
  return status;
}

}  // namespace

TEST_CASE("audio-to-video: a WAV in, its samples out, and an MP4 that begins and ends with the picture") {
  const TemporaryFolder folder;
  Client client(LTX_PIPELINE_AUDIO_TO_VIDEO);
  client.size(64);
  client.sound(sample("a2v/in.wav"));
  client.write(folder / "talk.mp4");
  ::ltx::pipeline pipeline(client.params);
  const auto made = pipeline.generate(client.request);
  const auto audio = made.audio();
  const auto given = *ltx::media::read_audio(client.sound_path, {.start_time = 0, .max_duration = 9 / 24.0});
  REQUIRE(audio.sample_count == static_cast<uint64_t>(given.samples));
  CHECK(audio.sample_rate == given.sample_rate);
  CHECK(std::memcmp(audio.data, given.data.data(), given.data.size() * sizeof(float)) == 0);

  const auto film = ltx::media::probe_video(client.output_path);
  CHECK(film.frame_count == 9);
  CHECK(film.frame_rate == doctest::Approx(24));
  const auto heard = *ltx::media::read_audio(client.output_path);
  CHECK(heard.sample_rate == 22050);
  // AAC fills its last block of 1024 samples.
  CHECK(std::abs(heard.samples - given.samples) <= 1024);
  double error = 0, power = 0;
  for (int64_t i = 0; i < std::min(heard.samples, given.samples); ++i) {
    error += std::pow(heard.data[static_cast<size_t>(i)] - given.data[static_cast<size_t>(i)], 2);
    power += std::pow(given.data[static_cast<size_t>(i)], 2);
  }
  CHECK(error < 0.05 * power);  // a shift by a few samples would be more than that
}

TEST_CASE("retake: what the library resolved is accepted again, and says what the source has") {
  const TemporaryFolder folder;
  Client client(LTX_PIPELINE_RETAKE);
  client.clip(sample("retake/clip.mov"), LTX_VIDEO_SOURCE);
  client.request.start_time = 0.2;
  client.request.end_time = 0.45;
  client.write(folder / "again.mp4");
  ::ltx::pipeline pipeline(client.params);
  const auto resolved = pipeline.resolve(client.request);
  CHECK(resolved.width == 64);
  CHECK(resolved.num_frames == 17);
  CHECK(resolved.frame_rate == 24.0);
  CHECK(resolved.video_guidance == nullptr);
  const auto once = pipeline.generate(client.request), twice = pipeline.generate(resolved);
  CHECK(std::memcmp(once.stats().latent_sha256, twice.stats().latent_sha256, 32) == 0);
  CHECK(once.stats().width == 64);
  CHECK(once.stats().height == 32);
  CHECK(ltx::media::probe_video(client.output_path).frame_count == 17);
}

TEST_CASE("ic-lora: skip_stage_2 is half the size, in the statistics and in the file") {
  const TemporaryFolder folder;
  Client client(LTX_PIPELINE_IC_LORA);
  client.size(128);
  client.clip(sample("ic_lora/clip.mov"), LTX_VIDEO_REFERENCE);
  client.request.skip_stage_2 = 1;
  client.write(folder / "half.mp4");
  ::ltx::pipeline pipeline(client.params);
  const auto made = pipeline.generate(client.request);
  CHECK(made.stats().width == 64);
  CHECK(made.video().width == 64);
  CHECK(ltx::media::probe_video(client.output_path).width == 64);
  client.request.skip_stage_2 = 0;
  client.output.path = nullptr;
  CHECK(pipeline.generate(client.request).stats().width == 128);
}

TEST_CASE("text-to-audio: a WAV, a result without frames, and an MP4 of sound alone saved later") {
  const TemporaryFolder folder;
  Client client(LTX_PIPELINE_TEXT_TO_AUDIO);
  client.request.num_frames = 9;
  client.write(folder / "rain.wav");
  ::ltx::pipeline pipeline(client.params);
  const auto made = pipeline.generate(client.request);
  CHECK(made.stats().width == 0);
  CHECK(made.audio().channels == 2);
  auto video = ::ltx::make<ltx_video_buffer>();
  CHECK(ltx_result_video(made.get(), &video) == LTX_E_UNSUPPORTED);
  const auto file = *ltx::media::read_audio(client.output_path);
  CHECK(static_cast<uint64_t>(file.samples) == made.audio().sample_count);
  auto later = ::ltx::make<ltx_output>();
  const std::string path = folder / "rain.mp4";
  later.path = path.c_str();
  made.save(later);
  CHECK(ltx::media::read_audio(path).has_value());
}

TEST_CASE("media that do not fit are statuses with their facts, before anything is loaded") {
  std::string message;
  const auto check = [&](const Client& client, ltx_status status, const std::vector<std::string>& texts) {
    const auto found = status_of(client, message);
    INFO(message);
    CHECK(found == status);
    for (const auto& text : texts) CHECK(message.find(text) != std::string::npos);
  };
  Client talk(LTX_PIPELINE_AUDIO_TO_VIDEO);
  talk.size(64);
  check(talk, LTX_E_INVALID_ARGUMENT, {"request.audio", "audio-to-video"});
  talk.sound("/nowhere/voice.wav");
  check(talk, LTX_E_FILE_NOT_FOUND, {"/nowhere/voice.wav"});
  talk.sound(tiny("gemma/config.json"));
  check(talk, LTX_E_FILE_FORMAT, {"config.json"});
  talk.sound(sample("a2v/in.wav"));
  talk.request.num_frames = 121;
  check(talk, LTX_E_INVALID_ARGUMENT, {"0.6", "121 frames"});
  talk.params.lora_count = 0;
  check(talk, LTX_E_COMPONENT_MISSING, {"distilled LoRA", "audio-to-video"});

  Client retake(LTX_PIPELINE_RETAKE);
  check(retake, LTX_E_INVALID_ARGUMENT, {"videos", "source"});
  retake.clip(sample("retake/clip.mov"), LTX_VIDEO_SOURCE);
  check(retake, LTX_E_INVALID_ARGUMENT, {"start_time", "end_time"});
  retake.request.start_time = 0.1;
  retake.request.end_time = 0.2;
  retake.request.width = 128;
  check(retake, LTX_E_INVALID_ARGUMENT, {"request.width is 128", "64"});

  Client steer(LTX_PIPELINE_IC_LORA);
  steer.size(128);
  steer.clip(sample("a2v/in.wav"), LTX_VIDEO_REFERENCE);
  check(steer, LTX_E_FILE_FORMAT, {"in.wav"});
  steer.params.lora_count = 0;
  check(steer, LTX_E_COMPONENT_MISSING, {"IC-LoRA"});

  for (const int32_t kind :
       {LTX_PIPELINE_AUDIO_TO_VIDEO, LTX_PIPELINE_RETAKE, LTX_PIPELINE_IC_LORA, LTX_PIPELINE_TEXT_TO_AUDIO})
    CHECK(ltx_supports(LTX_CAPABILITY_PIPELINE, kind, LTX_DEVICE_CPU, 0) == LTX_OK);
}
