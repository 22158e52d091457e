// The exported library against the recipe that it runs: the same request gives the same bytes, whoever asks.
#include <doctest/doctest.h>

#include <algorithm>

#include "io/sha256.h"
#include "ltx.hpp"
#include "pipelines_fixture.h"
#include "save_targets.h"

using namespace ltx::test;

namespace {

struct Bytes {
  std::vector<uint8_t> digest, frames;
  std::vector<float> samples;
};

/// A pipeline on the tiny model and the request of pipelines_fixture.h, as a C client writes them.
struct Client {
  explicit Client(int32_t memory_mode = LTX_MEMORY_AUTO) {
    models.checkpoint = checkpoint.c_str();
    models.text_encoder = text.c_str();
    models.spatial_upsampler = upsampler.c_str();
    params.kind = LTX_PIPELINE_DISTILLED;
    params.compute_dtype = LTX_COMPUTE_F32;
    params.device_type = LTX_DEVICE_CPU;
    params.memory_mode = memory_mode;
    params.models = &models;
    request.prompt = "a fox in the snow";
    request.width = request.height = 64;
    request.num_frames = 9;
    request.seed = 3;
    request.stage_1_sigmas = sigmas_1;
    request.stage_1_sigma_count = 3;
    request.stage_2_sigmas = sigmas_2;
    request.stage_2_sigma_count = 2;
  }
  const std::string checkpoint = tiny("tiny23.safetensors"), text = tiny("gemma"),
                    upsampler = tiny("tiny23-spatial-upscaler-x2.safetensors");
  const float sigmas_1[3] = {1.0f, 0.5f, 0.0f}, sigmas_2[2] = {0.9f, 0.0f};
  ltx_model_paths models = ::ltx::make<ltx_model_paths>();
  ltx_pipeline_params params = ::ltx::make<ltx_pipeline_params>();
  ltx_request request = ::ltx::make<ltx_request>();
};

Bytes bytes_of(const ::ltx::result& clip) {
  const auto stats = clip.stats();
  const auto video = clip.video();
  const auto audio = clip.audio();
  Bytes bytes;
  bytes.digest.assign(std::begin(stats.latent_sha256), std::end(stats.latent_sha256));
  const auto* pixels = static_cast<const uint8_t*>(video.data);
  bytes.frames.assign(pixels, pixels + video.data_size);
  bytes.samples.assign(audio.data, audio.data + static_cast<size_t>(audio.channels) * audio.sample_count);
  return bytes;
}

Bytes of_recipe() {
  using namespace ltx;
  pipelines::PipelineEngine engine(tiny_params(engine::PipelineKind::Distilled));
  KeepingSink sink;
  const auto output = engine.generate(engine.resolve(small_request(engine::PipelineKind::Distilled)), sink);
  io::Sha256 hash;
  hash.update(std::as_bytes(std::span(output.video_latent.values)));
  hash.update(std::as_bytes(std::span(output.audio_latent.values)));
  const auto digest = hash.finish();
  Bytes bytes;
  bytes.digest.assign(digest.begin(), digest.end());
  const auto* pixels = reinterpret_cast<const uint8_t*>(sink.video.data());
  bytes.frames.assign(pixels, pixels + sink.video.size());
  bytes.samples = sink.samples;
  return bytes;
}

void check_equal(const Bytes& a, const Bytes& b) {
  CHECK(a.digest == b.digest);
  CHECK((a.frames == b.frames));
  CHECK((a.samples == b.samples));
}

}  // namespace

TEST_CASE("recipe, blocking call, job, repetition and every memory mode give the same bytes") {
  const Bytes recipe = of_recipe();
  REQUIRE(recipe.frames.size() == 9u * 64 * 64 * 3);
  REQUIRE(recipe.samples.size() > 1000);
  for (const int32_t mode : {LTX_MEMORY_PERSISTENT, LTX_MEMORY_COLD}) {
    const Client client(mode);
    ::ltx::pipeline pipeline(client.params);
    check_equal(recipe, bytes_of(pipeline.generate(client.request)));
    check_equal(recipe, bytes_of(pipeline.generate(client.request)));
    auto job = pipeline.start(client.request);
    job.wait();
    check_equal(recipe, bytes_of(job.result()));
  }
}

TEST_CASE("another seed gives other bytes") {
  Client client;
  ::ltx::pipeline pipeline(client.params);
  const Bytes first = bytes_of(pipeline.generate(client.request));
  client.request.seed = 4;
  const Bytes second = bytes_of(pipeline.generate(client.request));
  CHECK(first.digest != second.digest);
  CHECK((first.frames != second.frames));
}

TEST_CASE("saving: a place where nothing can be written is refused, and nothing is left there") {
  const Client client;
  ::ltx::pipeline pipeline(client.params);
  const auto clip = pipeline.generate(client.request);
  for (const char* suffix : {".mp4", ".mkv", ".safetensors"}) check_save_targets(clip.get(), suffix);
}
