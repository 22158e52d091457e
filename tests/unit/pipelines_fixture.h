// A pipeline on the tiny model of the golden vectors, and a sink that keeps everything.
#pragma once
#include <cstring>
#include <filesystem>
#include <string>
#include <vector>

#include "pipelines/pipeline_engine.h"

namespace ltx::test {

inline std::string tiny(const std::string& file = {}) {
  const std::string folder = LTX_SOURCE_DIR "/tests/golden/models/tiny23";
  return file.empty() ? folder : folder + "/" + file;
}

inline engine::PipelineParams tiny_params(engine::PipelineKind kind) {
  engine::PipelineParams params;
  params.kind = kind;
  params.compute_dtype = engine::ComputeDtype::F32;
  params.device_type = engine::DeviceType::Cpu;
  params.models.checkpoint = tiny("tiny23.safetensors");
  params.models.text_encoder = tiny("gemma");
  using enum engine::PipelineKind;
  if (kind != OneStage && kind != Retake && kind != TextToAudio)
    params.models.spatial_upsampler = tiny("tiny23-spatial-upscaler-x2.safetensors");
  if (kind == AudioToVideo)
    params.loras = {
        {.role = engine::LoraRole::Distilled, .path = tiny("tiny23-distilled-lora-4.safetensors")}};
  if (kind == IcLora) params.loras = {{.path = tiny("tiny23-ic-lora.safetensors")}};
  return params;
}

/// A file of the golden vectors of pipelines: "a2v/in.wav" (0.6 s), "retake/clip.mov" (17 frames of 64 × 32
/// with sound), "ic_lora/clip.mov" (11 frames of 56 × 40 without).
inline std::string sample(const std::string& file) {
  return LTX_SOURCE_DIR "/tests/golden/pipelines/" + file;
}

/// The smallest clip of each recipe: 9 frames of 64 × 64 pixels, two or three steps.
inline engine::Request small_request(engine::PipelineKind kind) {
  engine::Request r;
  r.prompt = "a fox in the snow";
  r.width = r.height = 64;
  r.num_frames = 9;
  r.seed = 3;
  r.stage_1_sigmas = {1.0f, 0.5f, 0.0f};
  using enum engine::PipelineKind;
  if (kind == Distilled || kind == AudioToVideo || kind == IcLora) r.stage_2_sigmas = {0.9f, 0.0f};
  switch (kind) {
    case AudioToVideo:
      r.audio.emplace();
      r.audio->path = sample("a2v/in.wav");
      break;
    case IcLora:
      r.width = r.height = 128;  // the references are half as large as the first stage
      r.videos.emplace_back();
      r.videos[0].role = engine::VideoRole::Reference;
      r.videos[0].path = sample("ic_lora/clip.mov");
      break;
    case Retake:
      r.width = r.height = r.num_frames = engine::kDefault;
      r.videos.emplace_back();
      r.videos[0].role = engine::VideoRole::Source;
      r.videos[0].path = sample("retake/clip.mov");
      r.start_time = 0.4;
      r.end_time = 0.6;
      break;
    case TextToAudio:
      r.width = r.height = engine::kDefault;
      break;
    default:
      break;
  }
  return r;
}

/// Keeps what a call delivers; can ask to stop at the n-th question whether to go on.
class KeepingSink : public engine::Sink {
 public:
  bool wants_frames() const override { return true; }
  bool wants_audio() const override { return true; }
  void frames(const engine::Pixels& p) override {
    const auto* bytes = p.data.get();
    video.insert(video.end(), bytes, bytes + p.size());
    frame_count += p.frame_count;
  }
  void audio(const engine::Samples& s) override {
    samples.assign(s.data.get(), s.data.get() + static_cast<uint64_t>(s.channels) * s.sample_count);
    sample_rate = s.sample_rate;
  }
  void progress(const Progress& p) override {
    if (phases.empty() || phases.back() != p.phase) phases.push_back(p.phase);
    reports.push_back(p);
  }
  bool cancelled() const override {
    if (stop_in != Phase::None && !phases.empty() && phases.back() == stop_in) return true;
    return stop_at >= 0 && questions++ >= stop_at;
  }

  std::vector<std::byte> video;
  std::vector<float> samples;
  std::vector<Phase> phases;
  std::vector<Progress> reports;
  int frame_count = 0, sample_rate = 0;
  int stop_at = -1;             // number of the question
  Phase stop_in = Phase::None;  // or the first question of a phase
  mutable int questions = 0;
};

/// A folder of its own, removed at the end.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "ltx-test-XXXXXX").string();
    if (!::mkdtemp(name.data())) throw std::runtime_error("no temporary folder");
    path_ = name;
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  std::string operator/(const std::string& file) const { return (path_ / file).string(); }
  size_t entries() const {
    return static_cast<size_t>(std::distance(std::filesystem::directory_iterator(path_), {}));
  }

 private:
  std::filesystem::path path_;
};

}  // namespace ltx::test
