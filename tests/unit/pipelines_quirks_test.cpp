// What the public reference does by accident (spec 07), reproduced with reference_parity and mended without;
// docs/pipelines.md lists it. A stream that retake preserves is in pipelines_media_test.cpp, a film's display
// matrix in pipelines_bad_media_test.cpp.
#include "base/error.h"
#include "latents/geometry.h"
#include "media/tensors.h"
#include "pipelines/recipes.h"
#include "pipelines_recipes.h"
#include "weights/store.h"

using namespace ltx;
using namespace ltx::test;
using engine::PipelineKind;

namespace {

Watcher watch(pipelines::PipelineEngine& engine, const engine::Request& request) {
  Watcher watcher;
  QuietSink sink;
  const auto resolved = engine.resolve(request);
  diffusion::GeneratorNoise noise(at::kCPU, resolved.seed);
  engine.generate_with(resolved, noise, sink, &watcher);
  return watcher;
}

/// Draws like a generator and keeps the seeds of the sequences that samplers ask for.
class ForkRecorder : public diffusion::NoiseSource {
 public:
  explicit ForkRecorder(uint64_t seed) : noise_(at::kCPU, seed) {}
  at::Tensor normal(const diffusion::NoiseRequest& request) override { return noise_.normal(request); }
  std::unique_ptr<NoiseSource> fork(const at::Device& device, uint64_t seed) const override {
    seeds.push_back(seed);
    return noise_.fork(device, seed);
  }
  mutable std::vector<uint64_t> seeds;

 private:
  diffusion::GeneratorNoise noise_;
};

/// The JPEG with an EXIF segment that says how it is held.
std::string held(const std::string& jpeg, char orientation) {
  const std::string tiff = std::string("II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0", 18) + orientation +
                           std::string("\0\0\0\0\0\0\0", 7);
  const std::string body = std::string("Exif\0\0", 6) + tiff;
  const size_t length = body.size() + 2;
  return jpeg.substr(0, 2) + "\xff\xe1" + static_cast<char>(length >> 8) + static_cast<char>(length) + body +
         jpeg.substr(2);
}

}  // namespace

TEST_CASE("a frame count beside the grid is floored with reference_parity and refused without") {
  pipelines::PipelineEngine engine(recipe_params(PipelineKind::Distilled));
  auto request = recipe_request(PipelineKind::Distilled);
  request.num_frames = 12;
  CHECK_THROWS_AS(engine.resolve(request), Error);
  request.reference_parity = true;
  auto seen = watch(engine, request);
  CHECK(seen["stage2.video"].size(2) == 2);   // 9 frames
  CHECK(seen["stage2.audio"].size(2) == 12);  // of 12 frames: 12.5 to even
}

TEST_CASE("two-stage-hq: the sampler's own noise follows the seed, or is always the same") {
  pipelines::PipelineEngine engine(recipe_params(PipelineKind::TwoStageHq));
  auto request = recipe_request(PipelineKind::TwoStageHq);
  const auto seeds = [&](uint64_t seed, bool parity) {
    request.seed = seed;
    request.reference_parity = parity;
    ForkRecorder noise(seed);
    QuietSink sink;
    engine.generate_with(engine.resolve(request), noise, sink, nullptr);
    return noise.seeds;
  };
  const std::vector<uint64_t> fixed = {~uint64_t{0}, 9999, ~uint64_t{0}, 9999};
  CHECK(seeds(3, true) == fixed);
  CHECK(seeds(4, true) == fixed);
  const auto three = seeds(3, false), four = seeds(4, false);
  CHECK(three.size() == 4);
  for (size_t i = 0; i < three.size(); ++i) {
    CHECK(three[i] != fixed[i]);
    CHECK(three[i] != four[i]);
  }
}

TEST_CASE("audio-to-video: unsigned 8-bit samples lose their offset, and keep it with reference_parity") {
  const TemporaryFolder folder;
  const auto wav = make_media(folder / "bytes.wav",
                              "-f lavfi -i sine=frequency=330:sample_rate=22050 -t 1 -ac 2 -c:a pcm_u8");
  pipelines::PipelineEngine engine(recipe_params(PipelineKind::AudioToVideo));
  auto request = recipe_request(PipelineKind::AudioToVideo);
  request.audio->path = wav;
  const auto samples = [&](bool parity) {
    request.reference_parity = parity;
    KeepingSink sink;
    engine.generate(engine.resolve(request), sink);
    return at::tensor(sink.samples);
  };
  const auto mended = samples(false), quirk = samples(true);
  CHECK(std::abs(mended.mean().item<double>()) < 0.02);
  CHECK(at::allclose(quirk, mended + 1.0));
}

TEST_CASE("a film's rate is exact, and cut to a whole number with reference_parity; so are its codes") {
  const TemporaryFolder folder;
  pipelines::PipelineEngine engine(recipe_params(PipelineKind::OneStage));
  auto request = recipe_request(PipelineKind::OneStage);
  request.frame_rate = 30000.0 / 1001;
  request.output.path = folder / "clip.mp4";
  const auto made = [&](bool parity, engine::PixelFormat format) {
    request.reference_parity = parity;
    request.output.pixel_format = format;
    KeepingSink sink;
    engine.generate(engine.resolve(request), sink);
    return sink.video;
  };
  const auto cut = made(true, engine::PixelFormat::Rgb8);
  CHECK(media::probe_video(request.output.path).frame_rate == doctest::Approx(29));
  const auto rounded = made(false, engine::PixelFormat::Rgb8);
  CHECK(media::probe_video(request.output.path).frame_rate == doctest::Approx(30000.0 / 1001).epsilon(1e-6));
  request.output.path.clear();
  const auto bytes = made(false, engine::PixelFormat::RgbF32);
  const auto* values = reinterpret_cast<const float*>(bytes.data());
  size_t other = 0, wrong = 0;
  for (size_t i = 0; i < cut.size(); ++i) {
    const float code = std::clamp(values[i], 0.0f, 1.0f) * 255;
    wrong += std::to_integer<int>(cut[i]) != static_cast<int>(code);
    wrong += std::abs(static_cast<float>(rounded[i]) - code) > 0.5001f;
    other += cut[i] != rounded[i];
  }
  CHECK(wrong == 0);
  CHECK(other > cut.size() / 10);
}

TEST_CASE("a mirrored still is mirrored back, and left alone with reference_parity") {
  const TemporaryFolder folder;
  const auto plain = make_media(folder / "plain.jpg", "-f lavfi -i testsrc2=size=64x64 -frames:v 1");
  const auto condition = [&](pipelines::PipelineEngine& engine, char orientation, bool parity) {
    auto request = recipe_request(PipelineKind::Distilled);
    request.reference_parity = parity;
    request.images.resize(1);
    request.images[0].path = write_file(folder / "held.jpg", held(bytes_of_file(plain), orientation));
    request.images[0].crf = 0;
    return watch(engine, request)["stage1.video.condition0"];
  };
  pipelines::PipelineEngine engine(recipe_params(PipelineKind::Distilled));
  const auto upright = condition(engine, 1, false);
  CHECK(at::equal(condition(engine, 2, true), upright));
  CHECK_FALSE(at::equal(condition(engine, 2, false), upright));
  CHECK_FALSE(at::equal(condition(engine, 3, true), upright));
  CHECK(at::equal(condition(engine, 3, true), condition(engine, 3, false)));
}

TEST_CASE(
    "a video VAE that does not say its version: the CRF of the transformer's, or that of unknown ones") {
  const TemporaryFolder folder;
  const weights::FileStore store(std::vector<std::string>{tiny("tiny23.safetensors")});
  std::map<std::string, at::Tensor> tensors;
  for (const auto& name : store.names()) tensors[name] = store.read(name);
  weights::ModelPaths paths;
  paths.checkpoint = tiny("tiny23.safetensors");
  const weights::ModelFiles files(paths, true);
  std::map<std::string, std::string> metadata;
  for (const auto& [key, value] : files.metadata(weights::Component::Transformer).raw())
    metadata[key] = value;
  auto params = recipe_params(PipelineKind::Distilled);
  metadata["model_version"] = "2.4.0";
  weights::save_tensors(params.models.checkpoint = folder / "model.safetensors", tensors, metadata);
  metadata.erase("model_version");
  weights::save_tensors(params.models.video_vae = folder / "vae.safetensors", tensors, metadata);
  const pipelines::PipelineEngine engine(params);
  auto request = recipe_request(PipelineKind::Distilled);
  request.images = {gradient(0, 1)};
  request.images[0].crf = engine::kDefault;
  CHECK(engine.resolve(request).images[0].crf == 18);
  request.reference_parity = true;
  CHECK(engine.resolve(request).images[0].crf == 33);
  request.images[0].crf = 0;  // an explicit one is kept
  CHECK(engine.resolve(request).images[0].crf == 0);
}

TEST_CASE("ic-lora: a factor that is no number is an error, and 1 for a reader like the reference") {
  const TemporaryFolder folder;
  auto params = recipe_params(PipelineKind::IcLora);
  const weights::FileStore store(std::vector<std::string>{params.loras[0].path});
  std::map<std::string, at::Tensor> tensors;
  for (const auto& name : store.names()) tensors[name] = store.read(name);
  weights::save_tensors(params.loras[0].path = folder / "lora.safetensors", tensors,
                        {{"reference_downscale_factor", "2.0"}});
  CHECK_THROWS_AS(pipelines::PipelineEngine{params}, Error);
  params.quant_options.reference_compat = true;
  const pipelines::PipelineEngine engine(params);
  CHECK(pipelines::Components(params).reference_scale().down == 1);
  CHECK(engine.info_json().find("It counts as 1") != std::string::npos);
}

TEST_CASE("retake: frames are those of the clip, and those of its first seconds with reference_parity") {
  const TemporaryFolder folder;
  const auto plain = make_media(folder / "plain.mov",
                                "-f lavfi -i testsrc2=size=64x32:rate=24 -frames:v 17 "
                                "-c:v png -pix_fmt rgb24");
  const auto late = make_media(folder / "late.mkv", "-i '" + plain + "' -c copy -output_ts_offset 0.4");
  pipelines::PipelineEngine engine(recipe_params(PipelineKind::Retake));
  auto request = recipe_request(PipelineKind::Retake);
  const auto initial = [&](const std::string& path, bool parity) {
    request.videos[0].path = path;
    request.reference_parity = parity;
    return watch(engine, request)["stage1.video.initial"];
  };
  const auto whole = initial(plain, false);
  CHECK(at::equal(initial(plain, true), whole));
  CHECK(at::equal(initial(late, false), whole));
  const auto lost = initial(late, true);  // 8 of 17 frames: the rest is zeros of the latent space
  CHECK(at::allclose(lost.narrow(2, 0, 1), whole.narrow(2, 0, 1), 1e-4, 1e-4));
  CHECK(lost.narrow(2, 2, 1).abs().max().item<float>() == 0);
  // A window behind the clip's end makes nothing anew; only the reference lets it pass.
  request.videos[0].path = plain;
  request.start_time = 3, request.end_time = 4;
  request.reference_parity = false;
  CHECK_THROWS_AS(engine.resolve(request), Error);
  auto nothing = initial(plain, true);
  CHECK(at::equal(nothing, whole));
}

TEST_CASE("a guided retake has the specification's defaults: 40 steps, no negative text") {
  const pipelines::PipelineEngine engine(recipe_params(PipelineKind::Retake));
  auto request = recipe_request(PipelineKind::Retake);
  request.stage_1_sigmas.clear();
  request.video_guidance.emplace();
  for (const bool parity : {false, true}) {
    request.reference_parity = parity;
    const auto resolved = engine.resolve(request);
    CHECK(resolved.num_inference_steps == 40);
    CHECK(resolved.stage_1_sigmas.size() == 41);
    CHECK(resolved.negative_prompt == "");
    CHECK(engine.resolve(resolved).negative_prompt == "");
  }
  request.video_guidance.reset();
  request.negative_prompt = "blur";
  CHECK(engine.resolve(request).negative_prompt == "blur");
  request.negative_prompt.reset();
  CHECK_FALSE(engine.resolve(request).negative_prompt);  // distilled
}

TEST_CASE("fields that a recipe would not use are refused") {
  const auto refused = [](PipelineKind kind, const char* text, auto&& change) {
    const pipelines::PipelineEngine engine(recipe_params(kind));
    auto request = recipe_request(kind);
    change(request);
    try {
      engine.resolve(request);
      FAIL("accepted: " << text);
    } catch (const Error& error) {
      INFO(error.what());
      CHECK(error.status() == Status::InvalidArgument);
      CHECK(std::string(error.what()).find(text) != std::string::npos);
    }
  };
  refused(PipelineKind::Retake, "videos[0].strength is 0.5",
          [](engine::Request& r) { r.videos[0].strength = 0.5f; });
  refused(PipelineKind::IcLora, "videos[0].frame_rate is 12", [](engine::Request& r) {
    r.videos[0].path.clear();
    r.videos[0].pixels = gradient(0, 1).pixels;
    r.videos[0].frame_rate = 12;
  });
}
