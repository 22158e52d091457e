// The C++ side of the comparison between languages: the same request through ltx.hpp, blocking, with a
// handler.
//
// usage: client LANGUAGE MODELS FOLDER; writes FOLDER/LANGUAGE.mp4 and FOLDER/LANGUAGE.rgb, prints the digest
// of the latents
#include <cstdio>
#include <fstream>
#include <iostream>
#include <string>

#include "ltx.hpp"

int main(int argc, char** argv) try {
  if (argc != 4) return 2;
  const std::string stem = std::string(argv[3]) + "/" + argv[1];
  const std::string film = stem + ".mp4";
  auto models = ltx::make<ltx_model_paths>();
  models.root = argv[2];
  auto params = ltx::make<ltx_pipeline_params>();
  params.kind = LTX_PIPELINE_DISTILLED;
  params.models = &models;
  ltx::pipeline pipeline(params);
  auto output = ltx::make<ltx_output>();
  output.keep_frames = 1;
  output.path = film.c_str();
  auto request = ltx::make<ltx_request>();
  request.prompt = "rain on a pasture";
  request.width = request.height = 64;
  request.num_frames = 9;
  request.output = &output;
  const ltx::result clip = pipeline.generate(request, [](const ltx_event&) {});
  const ltx_video_buffer video = clip.video();
  std::ofstream(stem + ".rgb", std::ios::binary)
      .write(static_cast<const char*>(video.data), static_cast<std::streamsize>(video.data_size));
  std::printf("latents ");
  for (const unsigned char byte : clip.stats().latent_sha256) std::printf("%02x", byte);
  std::printf("\n");
  return 0;
} catch (const ltx::error& error) {
  std::cerr << error.name() << ": " << error.what() << '\n';
  return 1;
}
