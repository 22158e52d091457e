// All recipes on the tiny model, and media that the ffmpeg program makes for them.
#pragma once
#include <doctest/doctest.h>

#include <cstdlib>
#include <fstream>
#include <map>

#include "engine/rules.h"
#include "io/sha256.h"
#include "pipelines/run.h"
#include "pipelines_fixture.h"

namespace ltx::test {

inline constexpr engine::PipelineKind kRecipes[] = {
    engine::PipelineKind::Distilled,  engine::PipelineKind::OneStage,  engine::PipelineKind::TwoStage,
    engine::PipelineKind::TwoStageHq, engine::PipelineKind::Keyframes, engine::PipelineKind::AudioToVideo,
    engine::PipelineKind::IcLora,     engine::PipelineKind::Retake,    engine::PipelineKind::TextToAudio};

/// A picture in memory; no H.264 pass.
inline engine::ImageCondition gradient(int32_t frame_index, float strength) {
  engine::ImageCondition image;
  engine::Pixels pixels;
  pixels.width = pixels.height = 64;
  pixels.frame_count = 1;
  auto bytes = std::shared_ptr<std::byte[]>(new std::byte[64 * 64 * 3]);
  for (int i = 0; i < 64 * 64 * 3; ++i) bytes[i] = static_cast<std::byte>(i * 7 / 3);
  pixels.data = bytes;
  image.pixels = pixels;
  image.frame_index = frame_index;
  image.strength = strength;
  image.crf = 0;
  return image;
}

inline engine::PipelineParams recipe_params(engine::PipelineKind kind) {
  auto params = tiny_params(kind);
  using enum engine::PipelineKind;
  if (kind == TwoStage || kind == TwoStageHq || kind == Keyframes)
    params.loras = {
        {.role = engine::LoraRole::Distilled, .path = tiny("tiny23-distilled-lora-4.safetensors")}};
  return params;
}

/// One or two steps of each stage.
inline engine::Request recipe_request(engine::PipelineKind kind) {
  auto request = small_request(kind);
  using enum engine::PipelineKind;
  if (kind == TwoStage || kind == TwoStageHq || kind == Keyframes) request.stage_2_sigmas = {0.9f, 0.0f};
  if (kind == Keyframes) request.images = {gradient(8, 1)};
  return request;
}

/// Wants neither frames nor samples: nothing is decoded.
class QuietSink : public engine::Sink {};

/// Keeps intermediate values.
struct Watcher : pipelines::Observer {
  void tensor(const std::string& name, const at::Tensor& value) override { seen[name] = value.clone(); }
  const at::Tensor& operator[](const std::string& name) const { return seen.at(name); }
  std::map<std::string, at::Tensor> seen;
};

inline std::string digest(const engine::Output& output) {
  io::Sha256 hash;
  hash.update(std::as_bytes(std::span(output.video_latent.values)));
  hash.update(std::as_bytes(std::span(output.audio_latent.values)));
  std::string text;
  for (const auto byte : hash.finish()) text += fmt::format("{:02x}", std::to_integer<int>(std::byte{byte}));
  return text;
}

/// Latents of a run without decoding.
inline std::string latents_of(pipelines::PipelineEngine& engine, const engine::Request& request) {
  QuietSink sink;
  return digest(engine.generate(engine.resolve(request), sink));
}

/// A media file from the arguments of the ffmpeg program. `PLAIN` and the like may stand for files made
/// before.
inline std::string make_media(const std::string& path, const std::string& arguments) {
  const std::string command = "ffmpeg -v error -nostdin -y " + arguments + " '" + path + "'";
  INFO(command);
  REQUIRE(std::system(command.c_str()) == 0);
  return path;
}

inline std::string bytes_of_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

inline std::string write_file(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary).write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  return path;
}

/// The first `part` of a file.
inline std::string cut_file(const std::string& from, const std::string& to, double part) {
  const auto bytes = bytes_of_file(from);
  return write_file(to, bytes.substr(0, static_cast<size_t>(part * static_cast<double>(bytes.size()))));
}

/// Writes the display matrix of a QuickTime or MP4 file's first track, as a phone does that was held upright:
/// x' = a x + c y, y' = b x + d y.
inline std::string turn_film(const std::string& from, const std::string& to, int a, int b, int c, int d) {
  auto bytes = bytes_of_file(from);
  const auto header = bytes.find("tkhd");
  REQUIRE(header != std::string::npos);
  const size_t matrix = header + 4 + 40;  // version 0
  const auto put = [&](size_t index, int value) {
    const auto fixed = static_cast<uint32_t>(value * 65536);
    for (size_t i = 0; i < 4; ++i)
      bytes[matrix + 4 * index + i] = static_cast<char>(fixed >> (24 - 8 * i) & 0xff);
  };
  put(0, a), put(1, b), put(3, c), put(4, d);
  return write_file(to, bytes);
}

}  // namespace ltx::test
