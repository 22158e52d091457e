// Recipes that begin with a clip or a sound: what they keep, what they ship, and what they refuse.
#include <doctest/doctest.h>

#include <fstream>
#include <functional>

#include "base/error.h"
#include "engine/rules.h"
#include "latents/frames.h"
#include "latents/geometry.h"
#include "media/audio_reader.h"
#include "media/video_reader.h"
#include "media/wav.h"
#include "pipelines/run.h"
#include "pipelines_fixture.h"
#include "weights/store.h"

using namespace ltx;
using namespace ltx::test;
using engine::PipelineKind;

namespace {

struct Watch : pipelines::Observer {
  void tensor(const std::string& name, const at::Tensor& value) override { seen[name] = value.clone(); }
  std::map<std::string, at::Tensor> seen;
};

struct Generated {
  engine::Output output;
  KeepingSink sink;
  Watch watch;
};

Generated generate(pipelines::PipelineEngine& engine, const engine::Request& request) {
  Generated out;
  const auto resolved = engine.resolve(request);
  diffusion::GeneratorNoise noise(at::kCPU, resolved.seed);
  out.output = engine.generate_with(resolved, noise, out.sink, &out.watch);
  return out;
}

void expect(PipelineKind kind, Status status, const std::vector<std::string>& texts,
            const std::function<void(engine::Request&)>& change) {
  const pipelines::PipelineEngine engine(tiny_params(kind));
  auto request = small_request(kind);
  change(request);
  try {
    engine::check_fields(kind, request);
    engine::check_built(request);
    engine.resolve(request);
    FAIL("accepted: " << texts.front());
  } catch (const Error& error) {
    const std::string message = error.what();
    INFO(message);
    CHECK(error.status() == status);
    for (const auto& text : texts) CHECK(message.find(text) != std::string::npos);
  }
}

/// A tone of each channel's own.
engine::Samples samples(int32_t channels, int32_t rate, double seconds) {
  engine::Samples s{channels, rate, static_cast<uint64_t>(seconds * rate), nullptr};
  auto data = std::shared_ptr<float[]>(new float[static_cast<uint64_t>(channels) * s.sample_count]);
  for (uint64_t i = 0; i < static_cast<uint64_t>(channels) * s.sample_count; ++i)
    data[i] = 0.4f * std::sin(0.05f * static_cast<float>(i % 997) + static_cast<float>(i / s.sample_count));
  s.data = data;
  return s;
}

/// A file's frames as a caller's memory.
engine::Pixels frames_of(const std::string& path) {
  auto bytes = std::make_shared<std::vector<std::byte>>();
  engine::Pixels pixels;
  media::read_video(path, media::IndexWindow{}, [&](const media::FrameView& frame) {
    const auto* data = reinterpret_cast<const std::byte*>(frame.rgb.data());
    bytes->insert(bytes->end(), data, data + frame.rgb.size());
    pixels.width = frame.width;
    pixels.height = frame.height;
    ++pixels.frame_count;
  });
  pixels.frame_rate = media::probe_video(path).frame_rate;
  pixels.data = {bytes, bytes->data()};
  return pixels;
}

engine::VideoCondition mask(uint8_t value, int32_t frames = 9) {
  engine::VideoCondition video;
  video.role = engine::VideoRole::Mask;
  engine::Pixels pixels;
  pixels.format = engine::PixelFormat::Gray8;
  pixels.width = pixels.height = 64;
  pixels.frame_count = frames;
  auto bytes = std::shared_ptr<std::byte[]>(new std::byte[pixels.size()]);
  std::fill_n(bytes.get(), pixels.size(), std::byte{value});
  pixels.data = bytes;
  video.pixels = pixels;
  return video;
}

}  // namespace

TEST_CASE("audio-to-video ships the samples that it was given") {
  pipelines::PipelineEngine engine(tiny_params(PipelineKind::AudioToVideo));
  auto request = small_request(PipelineKind::AudioToVideo);
  request.audio->start_time = 0.1;
  const auto made = generate(engine, request);
  const auto given = *media::read_audio(request.audio->path, {.start_time = 0.1, .max_duration = 9 / 24.0});
  CHECK(made.sink.sample_rate == 22050);
  CHECK((made.sink.samples == given.data));
  const double video = made.sink.frame_count / 24.0;
  CHECK(std::abs(static_cast<double>(given.samples) / 22050 - video) < 1 / 24.0);
  // What both stages hear is the encoded sound, untouched.
  const auto& heard = made.watch.seen.at("stage1.audio.initial");
  for (const char* name : {"stage1.audio", "stage2.audio.initial", "stage2.audio"})
    CHECK(at::equal(heard, made.watch.seen.at(name)));
  CHECK_FALSE(made.watch.seen.contains("audio.mel"));
}

TEST_CASE("audio-to-video: the picture listens; mono and eight channels become stereo") {
  pipelines::PipelineEngine engine(tiny_params(PipelineKind::AudioToVideo));
  auto request = small_request(PipelineKind::AudioToVideo);
  const auto file = generate(engine, request);
  request.audio->path.clear();
  for (const int32_t channels : {1, 8}) {
    request.audio->samples = samples(channels, 16000, 0.5);
    const auto made = generate(engine, request);
    CHECK(made.output.video_latent.values != file.output.video_latent.values);
    REQUIRE(made.sink.samples.size() == 2u * 6000);
    if (channels == 1)
      CHECK(std::equal(made.sink.samples.begin(), made.sink.samples.begin() + 6000,
                       made.sink.samples.begin() + 6000));
  }
}

TEST_CASE("audio-to-video refuses sounds that do not fill the clip") {
  const auto bad = [](Status status, const std::vector<std::string>& texts, auto&& change) {
    expect(PipelineKind::AudioToVideo, status, texts, change);
  };
  bad(Status::InvalidArgument, {"request.audio is not set", "audio-to-video"},
      [](auto& r) { r.audio.reset(); });
  bad(Status::InvalidArgument, {"0.6", "17 frames", "9 frames"}, [](auto& r) { r.num_frames = 17; });
  bad(Status::InvalidArgument, {"no sound", "0.7 s"}, [](auto& r) { r.audio->start_time = 0.7; });
  bad(Status::InvalidArgument, {"path and samples", "neither"}, [](auto& r) { r.audio->path.clear(); });
  bad(Status::InvalidArgument, {"no sound"}, [](auto& r) { r.audio->path = sample("ic_lora/clip.mov"); });
  bad(Status::FileNotFound, {"/nowhere.wav"}, [](auto& r) { r.audio->path = "/nowhere.wav"; });
  bad(Status::InvalidArgument, {"audio_guidance", "audio-to-video"},
      [](auto& r) { r.audio_guidance.emplace(); });
  const TemporaryFolder folder;
  const std::vector<float> none;
  std::ofstream(folder / "empty.wav").close();
  bad(Status::FileFormat, {"empty.wav"}, [&](auto& r) { r.audio->path = folder / "empty.wav"; });
}

TEST_CASE("retake: tokens outside the window are those of the source") {
  pipelines::PipelineEngine engine(tiny_params(PipelineKind::Retake));
  const auto request = small_request(PipelineKind::Retake);
  const auto resolved = engine.resolve(request);
  CHECK(resolved.width == 64);
  CHECK(resolved.height == 32);
  CHECK(resolved.num_frames == 17);
  CHECK(resolved.frame_rate == 24.0);
  CHECK_FALSE(resolved.video_guidance);
  const auto made = generate(engine, request);
  CHECK(made.sink.frame_count == 17);
  // Latent frames are frame 0, 1–8 and 9–16; the window from 0.4 s to 0.6 s lies in the last.
  const auto &before = made.watch.seen.at("stage1.video.initial"),
             &after = made.watch.seen.at("stage1.video");
  CHECK(at::equal(before.narrow(2, 0, 2), after.narrow(2, 0, 2)));
  CHECK_FALSE(at::equal(before.narrow(2, 2, 1), after.narrow(2, 2, 1)));
  const auto &sound = made.watch.seen.at("stage1.audio.initial"), &heard = made.watch.seen.at("stage1.audio");
  CHECK(at::equal(sound.narrow(2, 0, 9), heard.narrow(2, 0, 9)));  // 25 Hz
  CHECK_FALSE(at::equal(sound, heard));
}

TEST_CASE("retake: a preserved stream stays; its partner sees noise in it only with reference_parity") {
  pipelines::PipelineEngine engine(tiny_params(PipelineKind::Retake));
  auto request = small_request(PipelineKind::Retake);
  request.regenerate_video = false;
  const auto mended = generate(engine, request);
  request.reference_parity = true;
  const auto quirk = generate(engine, request);
  const auto& source = mended.watch.seen.at("stage1.video.initial");
  CHECK(at::equal(source, mended.watch.seen.at("stage1.video")));
  CHECK(at::allclose(source, quirk.watch.seen.at("stage1.video"), 1e-5, 1e-5));
  CHECK_FALSE(at::equal(mended.watch.seen.at("stage1.audio"), quirk.watch.seen.at("stage1.audio")));
  request.reference_parity = false;
  request.regenerate_video = true;
  request.regenerate_audio = false;
  const auto silent = generate(engine, request);
  CHECK(at::equal(silent.watch.seen.at("stage1.audio.initial"), silent.watch.seen.at("stage1.audio")));
}

TEST_CASE("retake: a source in memory, with and without its sound") {
  pipelines::PipelineEngine engine(tiny_params(PipelineKind::Retake));
  auto request = small_request(PipelineKind::Retake);
  const auto file = generate(engine, request);
  request.videos[0].path.clear();
  request.videos[0].pixels = frames_of(sample("retake/clip.mov"));
  const auto mute = generate(engine, request);
  CHECK_FALSE(mute.watch.seen.contains("stage1.audio.initial"));
  CHECK(at::equal(file.watch.seen.at("stage1.video.initial"), mute.watch.seen.at("stage1.video.initial")));
  request.audio.emplace();
  request.audio->path = sample("retake/clip.mov");
  const auto both = generate(engine, request);
  CHECK(both.output.video_latent.values == file.output.video_latent.values);
  CHECK(both.output.audio_latent.values == file.output.audio_latent.values);
  // A sound that ends early is continued by what latents call silence.
  request.audio->max_duration = 0.3;
  const auto cut = generate(engine, request).watch.seen.at("stage1.audio.initial");
  CHECK(cut.size(2) == 18);
  CHECK(cut.narrow(2, 10, 8).abs().max().item<float>() == 0);
}

TEST_CASE("retake runs on the full model if a guided field is set") {
  const pipelines::PipelineEngine engine(tiny_params(PipelineKind::Retake));
  auto request = small_request(PipelineKind::Retake);
  request.stage_1_sigmas.clear();
  const auto distilled = engine.resolve(request);
  CHECK(distilled.stage_1_sigmas.size() == 9);
  CHECK_FALSE(distilled.negative_prompt);
  request.num_inference_steps = 3;
  const auto full = engine.resolve(request);
  CHECK(full.stage_1_sigmas.size() == 4);
  CHECK(full.video_guidance->cfg_scale == 3.0f);
  CHECK(full.audio_guidance->cfg_scale == 7.0f);
  CHECK(full.negative_prompt);
  pipelines::PipelineEngine runs(tiny_params(PipelineKind::Retake));
  const auto made = generate(runs, request);
  CHECK(made.watch.seen.contains("context.audio.negative"));
}

TEST_CASE("retake refuses windows and sources that do not fit") {
  const auto bad = [](const std::vector<std::string>& texts, auto&& change) {
    expect(PipelineKind::Retake, Status::InvalidArgument, texts, change);
  };
  bad({"end_time", "-1"}, [](auto& r) { r.end_time = engine::kDefault; });
  bad({"start_time is 0.6", "0.4"}, [](auto& r) { std::swap(r.start_time, r.end_time); });
  bad({"start_time is 3", "0.708"}, [](auto& r) { r.start_time = 3, r.end_time = 4; });
  bad({"request.width is 128", "64"}, [](auto& r) { r.width = 128; });
  bad({"request.num_frames is 9", "17"}, [](auto& r) { r.num_frames = 9; });
  bad({"role source"}, [](auto& r) { r.videos[0].role = engine::VideoRole::Reference; });
  bad({"0 elements"}, [](auto& r) { r.videos.clear(); });
  bad({"2 elements"}, [](auto& r) { r.videos.push_back(r.videos[0]); });
  bad({"56x40", "32x32"}, [](auto& r) { r.videos[0].path = sample("ic_lora/clip.mov"); });
  bad({"frame_rate is 24", "rate of its own"}, [](auto& r) { r.videos[0].frame_rate = 24; });
  bad({"no sound"}, [](auto& r) {
    r.audio.emplace();
    r.audio->path = sample("ic_lora/clip.mov");
  });
  bad({"attention_strength", "retake"}, [](auto& r) { r.attention_strength = 0.5f; });
  const auto clip = frames_of(sample("retake/clip.mov"));
  bad({"16 frames", "9 frames"}, [&](auto& r) {
    r.videos[0].path.clear();
    r.videos[0].pixels = clip;
    r.videos[0].pixels->frame_count = 16;
  });
  bad({"rate of 0"}, [&](auto& r) {
    r.videos[0].path.clear();
    r.videos[0].pixels = clip;
    r.videos[0].pixels->frame_rate = -1;
  });
  expect(PipelineKind::Retake, Status::FileFormat, {"in.wav"},
         [](auto& r) { r.videos[0].path = sample("a2v/in.wav"); });
}

TEST_CASE("a truncated clip is a status, and the pipeline lives on") {
  const TemporaryFolder folder;
  std::ifstream whole(sample("retake/clip.mov"), std::ios::binary);
  std::string bytes((std::istreambuf_iterator<char>(whole)), {});
  pipelines::PipelineEngine engine(tiny_params(PipelineKind::Retake));
  auto request = small_request(PipelineKind::Retake);
  const auto before = generate(engine, request);
  for (const size_t part : {2u, 3u, 10u}) {
    const auto path = folder / ("cut" + std::to_string(part) + ".mov");
    std::ofstream(path, std::ios::binary)
        .write(bytes.data(), static_cast<std::streamsize>(bytes.size() / part));
    request.videos[0].path = path;
    CHECK_THROWS_AS(generate(engine, request), Error);
  }
  request = small_request(PipelineKind::Retake);
  CHECK(generate(engine, request).output.video_latent.values == before.output.video_latent.values);
}

TEST_CASE("ic-lora: references steer stage 1, how strongly they are seen matters, stage 2 has no LoRA") {
  pipelines::PipelineEngine engine(tiny_params(PipelineKind::IcLora));
  auto request = small_request(PipelineKind::IcLora);
  request.skip_stage_2 = true;
  const auto plain = generate(engine, request);
  CHECK(plain.watch.seen.at("stage1.video.condition0").sizes() == at::IntArrayRef({1, 128, 2, 1, 1}));
  CHECK(plain.sink.frame_count == 9);
  CHECK(plain.output.width == 64);
  CHECK(plain.sink.video.size() == 9u * 64 * 64 * 3);  // half size
  request.attention_strength = 0.5f;
  const auto weak = generate(engine, request);
  CHECK(weak.output.video_latent.values != plain.output.video_latent.values);
  // An even mask is a number, whichever of the two strengths says it.
  request.attention_strength = 1;
  request.videos.push_back(mask(255));
  request.videos.back().strength = 0.5f;
  const auto masked = generate(engine, request);
  CHECK(masked.output.video_latent.values == weak.output.video_latent.values);
  request.videos.back() = mask(0);
  CHECK(generate(engine, request).output.video_latent.values != weak.output.video_latent.values);

  const pipelines::Components components(tiny_params(PipelineKind::IcLora));
  CHECK(components.stage_loras(1).size() == 1);
  CHECK(components.stage_loras(2).empty());
  CHECK(components.reference_scale().down == 2);
  auto both = tiny_params(PipelineKind::IcLora);
  both.loras[0].stages = 3;
  CHECK(pipelines::Components(both).stage_loras(2).size() == 1);
}

TEST_CASE("ic-lora: a reference in memory is the same as the file; two of them are two conditions") {
  pipelines::PipelineEngine engine(tiny_params(PipelineKind::IcLora));
  auto request = small_request(PipelineKind::IcLora);
  const auto file = generate(engine, request);
  CHECK(file.output.width == 128);
  request.videos[0].path.clear();
  request.videos[0].pixels = frames_of(sample("ic_lora/clip.mov"));
  const auto memory = generate(engine, request);
  CHECK(memory.output.video_latent.values == file.output.video_latent.values);
  request.skip_stage_2 = true;
  request.videos.push_back(request.videos[0]);
  request.videos[1].strength = 0.3f;
  const auto two = generate(engine, request);
  CHECK(
      at::equal(two.watch.seen.at("stage1.video.condition0"), two.watch.seen.at("stage1.video.condition1")));
}

TEST_CASE("ic-lora refuses what does not fit") {
  const auto bad = [](const std::vector<std::string>& texts, auto&& change) {
    expect(PipelineKind::IcLora, Status::InvalidArgument, texts, change);
  };
  bad({"no reference"}, [](auto& r) { r.videos.clear(); });
  bad({"role is source"}, [](auto& r) { r.videos[0].role = engine::VideoRole::Source; });
  bad({"mask for a second time"}, [](auto& r) { r.videos.insert(r.videos.end(), {mask(0), mask(0)}); });
  bad({"64x64", "1/2", "128"}, [](auto& r) { r.width = r.height = 64; });
  bad({"videos[0].strength", "1.5"}, [](auto& r) { r.videos[0].strength = 1.5f; });
  bad({"4 mask frames", "mask frames as"}, [](auto& r) {
    r.num_frames = 17;
    r.videos[0].pixels = engine::Pixels{};
    r.videos[0].path.clear();
    r.videos[0].pixels->width = r.videos[0].pixels->height = 32;
    r.videos[0].pixels->frame_count = 17;
    r.videos[0].pixels->data = std::shared_ptr<const std::byte[]>(new std::byte[17 * 32 * 32 * 3]{});
    r.videos.push_back(mask(9, 4));
  });
  bad({"attention_strength", "2"}, [](auto& r) { r.attention_strength = 2; });
  bad({"negative_prompt", "ic-lora"}, [](auto& r) { r.negative_prompt = "x"; });
  expect(PipelineKind::IcLora, Status::FileNotFound, {"/nowhere.mp4"},
         [](auto& r) { r.videos[0].path = "/nowhere.mp4"; });

  const auto refused = [](Status status, const char* text, const engine::PipelineParams& params) {
    try {
      pipelines::PipelineEngine engine(params);
      FAIL("accepted: " << text);
    } catch (const Error& error) {
      INFO(error.what());
      CHECK(error.status() == status);
      CHECK(std::string(error.what()).find(text) != std::string::npos);
    }
  };
  auto params = tiny_params(PipelineKind::IcLora);
  const auto lora = params.loras[0];
  params.loras.clear();
  refused(Status::ComponentMissing, "needs an IC-LoRA", params);
  // The same factors under another statement about their references.
  const TemporaryFolder folder;
  const weights::FileStore store(std::vector<std::string>{lora.path});
  std::map<std::string, at::Tensor> tensors;
  for (const auto& name : store.names()) tensors[name] = store.read(name);
  const auto stating = [&](const char* factor) {
    auto other = lora;
    other.path = folder / (std::string(factor) + ".safetensors");
    weights::save_tensors(other.path, tensors, {{"reference_downscale_factor", factor}});
    return other;
  };
  params.loras = {lora, stating("1")};
  CHECK_NOTHROW(pipelines::PipelineEngine{params});
  params.loras = {lora, stating("4")};
  refused(Status::LoraMismatch, "reference_downscale_factor", params);
  params.loras = {stating("2.0")};
  refused(Status::ModelConfig, "2.0", params);
}

TEST_CASE("text-to-audio reads the audio stream alone and writes sound") {
  const TemporaryFolder folder;
  pipelines::PipelineEngine engine(tiny_params(PipelineKind::TextToAudio));
  auto request = small_request(PipelineKind::TextToAudio);
  request.num_frames = 12;  // a sound has no grid of frames
  request.output.path = folder / "sound.wav";
  const auto made = generate(engine, request);
  CHECK(made.sink.frame_count == 0);
  CHECK(made.output.video_latent.values.empty());
  CHECK(made.output.audio_latent.shape ==
        std::vector<int64_t>{1, 8, latents::audio_latent_shape_of_clip(1, 12, 24).frames, 16});
  const auto file = *media::read_audio(request.output.path);
  CHECK(file.channels == 2);
  CHECK(file.sample_rate == made.sink.sample_rate);
  CHECK(static_cast<size_t>(2 * file.samples) == made.sink.samples.size());

  const pipelines::PipelineEngine film(tiny_params(PipelineKind::OneStage));
  CHECK(engine.component(engine::Component::Transformer).file_bytes <
        film.component(engine::Component::Transformer).file_bytes / 2);
  CHECK_THROWS_AS(engine.component(engine::Component::VideoDecoder), Error);
  CHECK(engine.info_json().find("'transformer_blocks") == std::string::npos);  // none of it is unused

  // Without a video there is nothing to be isolated from.
  request.output.path.clear();
  request.audio_guidance.emplace();
  request.audio_guidance->modality_scale = 3;
  CHECK(generate(engine, request).output.audio_latent.values == made.output.audio_latent.values);
  request.audio_guidance->cfg_scale = 2;
  CHECK(generate(engine, request).output.audio_latent.values != made.output.audio_latent.values);

  expect(PipelineKind::TextToAudio, Status::InvalidArgument, {"width", "text-to-audio"},
         [](auto& r) { r.width = 64; });
  expect(PipelineKind::TextToAudio, Status::InvalidArgument, {"video_guidance"},
         [](auto& r) { r.video_guidance.emplace(); });
}

TEST_CASE("each recipe with media: a resolved request resolves to itself, COLD gives the same") {
  for (const auto kind :
       {PipelineKind::AudioToVideo, PipelineKind::IcLora, PipelineKind::Retake, PipelineKind::TextToAudio}) {
    CAPTURE(engine::name_of(kind));
    auto params = tiny_params(kind);
    params.memory_mode = engine::MemoryMode::Cold;
    pipelines::PipelineEngine cold(params);
    params.memory_mode = engine::MemoryMode::Persistent;
    pipelines::PipelineEngine engine(params);
    const auto request = engine.resolve(small_request(kind));
    engine::check_fields(kind, request);
    const auto again = engine.resolve(request);
    CHECK(again.width == request.width);
    CHECK(again.num_frames == request.num_frames);
    CHECK(again.stage_1_sigmas == request.stage_1_sigmas);
    CHECK(again.num_inference_steps == request.num_inference_steps);
    CHECK(again.audio_guidance.has_value() == request.audio_guidance.has_value());

    const auto whole = generate(engine, request);
    const auto frugal = generate(cold, request);
    CHECK((frugal.sink.video == whole.sink.video));
    CHECK(frugal.sink.samples == whole.sink.samples);
    CHECK(cold.memory_use().host_bytes == 0);
  }
}
