// Prompt enhancement through the exported library: the report's text is the one that a generation encodes.
#include <doctest/doctest.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "ltx.hpp"
#include "pipelines_fixture.h"

using namespace ltx::test;

namespace {

std::vector<uint8_t> digest(::ltx::pipeline& pipeline, const ltx_request& request) {
  const auto stats = pipeline.generate(request).stats();
  return {std::begin(stats.latent_sha256), std::end(stats.latent_sha256)};
}

}  // namespace

TEST_CASE("generating with enhancement gives the latents of the enhanced text in every memory mode") {
  const std::string checkpoint = tiny("tiny23.safetensors"), text = tiny("gemma"),
                    upsampler = tiny("tiny23-spatial-upscaler-x2.safetensors");
  auto models = ::ltx::make<ltx_model_paths>();
  models.checkpoint = checkpoint.c_str();
  models.text_encoder = text.c_str();
  models.spatial_upsampler = upsampler.c_str();
  auto params = ::ltx::make<ltx_pipeline_params>();
  params.kind = LTX_PIPELINE_DISTILLED;
  params.compute_dtype = LTX_COMPUTE_F32;
  params.device_type = LTX_DEVICE_CPU;
  params.models = &models;
  std::vector<uint8_t> pixels(48 * 32 * 3);
  for (size_t i = 0; i < pixels.size(); ++i) pixels[i] = static_cast<uint8_t>(i * 5 / 7);
  auto frame = ::ltx::make<ltx_video_buffer>();
  frame.width = 48;
  frame.height = 32;
  frame.data = pixels.data();
  frame.data_size = pixels.size();
  auto image = ::ltx::make<ltx_image_condition>();
  image.pixels = &frame;
  const float sigmas[] = {0.9f, 0.0f};
  std::string known[2];
  std::vector<uint8_t> latents[2];
  for (const int32_t mode : {LTX_MEMORY_PERSISTENT, LTX_MEMORY_COLD}) {
    params.memory_mode = mode;
    ::ltx::pipeline pipeline(params);
    for (const size_t with_image : {0u, 1u}) {
      CAPTURE(mode);
      CAPTURE(with_image);
      auto request = ::ltx::make<ltx_request>();
      request.prompt = "a fox in the snow";
      request.width = request.height = 64;
      request.num_frames = 9;
      request.stage_1_sigmas = request.stage_2_sigmas = sigmas;
      request.stage_1_sigma_count = request.stage_2_sigma_count = 2;
      request.images = with_image ? &image : nullptr;
      request.image_count = with_image;
      request.enhance_prompt = 1;
      const auto report = nlohmann::json::parse(pipeline.enhance_prompt(request).json());
      CHECK(report.at("schema") == 1);
      CHECK(report.at("seed") == 42);  // the recipe's
      CHECK(report.at("from_image") == (with_image == 1));
      const auto better = report.at("prompt").get<std::string>();
      const auto enhanced = digest(pipeline, request);
      auto plain = request;
      plain.enhance_prompt = 0;
      CHECK(digest(pipeline, plain) != enhanced);
      plain.prompt = better.c_str();
      CHECK(digest(pipeline, plain) == enhanced);
      if (!known[with_image].empty()) {
        CHECK(better == known[with_image]);
        CHECK(enhanced == latents[with_image]);
      }
      known[with_image] = better;
      latents[with_image] = enhanced;
    }
  }
  CHECK(known[0] != known[1]);
}
