// A clip from a prompt and a first frame painted in memory; progress through a lambda, errors as exceptions.
//
//   generate MODELS OUTPUT.mp4 "a prompt" [WIDTH HEIGHT FRAMES]
#include <cstdlib>
#include <iostream>
#include <vector>

#include "ltx.hpp"

int main(int argc, char** argv) try {
  if (argc != 4 && argc != 7) {
    std::cerr << "usage: " << argv[0] << " MODELS OUTPUT.mp4 PROMPT [WIDTH HEIGHT FRAMES]\n";
    return 2;
  }
  auto models = ltx::make<ltx_model_paths>();
  models.root = argv[1];
  auto params = ltx::make<ltx_pipeline_params>();
  params.kind = LTX_PIPELINE_DISTILLED;
  params.models = &models;
  ltx::pipeline pipeline(params);

  // A sky that gets darker towards the ground, as the first frame.
  const int width = 96, height = 64;
  std::vector<unsigned char> sky(static_cast<std::size_t>(width) * height * 3);
  for (std::size_t i = 0; i < sky.size(); ++i) {
    const int row = static_cast<int>(i) / (3 * width);
    sky[i] = static_cast<unsigned char>((i % 3 == 2 ? 255 : 180) - row);
  }
  auto pixels = ltx::make<ltx_video_buffer>();
  pixels.width = width;
  pixels.height = height;
  pixels.data = sky.data();
  pixels.data_size = sky.size();
  auto image = ltx::make<ltx_image_condition>();
  image.pixels = &pixels;
  image.strength = 0.8f;

  auto output = ltx::make<ltx_output>();
  output.path = argv[2];
  auto request = ltx::make<ltx_request>();
  request.prompt = argv[3];
  request.images = &image;
  request.image_count = 1;
  request.output = &output;
  if (argc == 7) {
    request.width = std::atoi(argv[4]);
    request.height = std::atoi(argv[5]);
    request.num_frames = std::atoi(argv[6]);
  }

  const ltx::result clip = pipeline.generate(request, [](const ltx_event& event) {
    if (event.type == LTX_EVENT_PROGRESS)
      std::cout << ltx::name(LTX_ENUM_PHASE, event.progress->phase) << ' '
                << static_cast<int>(100 * event.progress->fraction) << " %\n";
  });
  std::cout << "wrote " << argv[2] << " in " << clip.stats().total_seconds << " s\n";
  return 0;
} catch (const ltx::error& error) {
  std::cerr << error.name() << ": " << error.what() << '\n';
  return 1;
}
