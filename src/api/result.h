// What a generation made, and how it is gathered while it is made.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "engine/engine.h"
#include "ltx_c.h"

namespace ltx::api {

class Result {
 public:
  engine::Clip clip;
  engine::Latent video_latent, audio_latent;  // final; empty where the recipe has none
  ltx_stats stats{};
};

/// The latents of a result as a safetensors file: `video_latent` [1, 128, F, H, W], `audio_latent`
/// [1, 8, T, 16], F32. Throws Unsupported if it has none.
void save_latents(const Result& result, const std::string& path);

/// A report, as JSON text.
class Info {
 public:
  explicit Info(std::string text) : json(std::move(text)) {}
  const std::string json;
};

/// Collects the frames and samples of one generation in the form that the request wants. Used by the working
/// thread alone.
class ClipBuilder {
 public:
  explicit ClipBuilder(const engine::Request& request);

  /// Both return what arrived in the client's format; kept parts share their memory with the clip.
  engine::Pixels add(const engine::Pixels& chunk);
  engine::Samples add(const engine::Samples& chunk);

  engine::Clip finish();

 private:
  engine::OutputOptions options_;
  int32_t expected_frames_;
  engine::Pixels video_;
  std::shared_ptr<std::byte[]> frames_;
  int32_t capacity_ = 0;
  std::vector<engine::Samples> tracks_;
};

/// SHA-256 over both latents, fp32 in machine order, video first.
void digest(const engine::Output& output, uint8_t (&sha256)[32]);

}  // namespace ltx::api
