// Group `pipelines`: whole runs with recorded noise (tests/golden/pipelines/README.md).
#include <cstring>

#include "engine/rules.h"
#include "golden.h"
#include "media/video_reader.h"
#include "pipelines/pipeline_engine.h"
#include "pipelines/run.h"

namespace ltx::golden {
namespace {

using nlohmann::json;

/// Yields the draws that the case recorded.
class RecordedNoise final : public diffusion::NoiseSource {
 public:
  explicit RecordedNoise(const Case& c) : case_(c) {}

  at::Tensor normal(const diffusion::NoiseRequest& r) override {
    const std::string stream = latents::name(r.stream), stage = "stage" + std::to_string(r.stage);
    std::string name = "noise." + stage + "." + stream;
    if (r.purpose != diffusion::Purpose::Initial)
      name = "sde." + stage + "." + std::to_string(r.step) +
             (r.purpose == diffusion::Purpose::Substep ? ".substep." : ".step.") + stream;
    const auto& noise = case_.input(name);
    if (noise.sizes() != r.shape)
      throw std::runtime_error("draw '" + name + "' was asked for in another shape");
    return noise.to(r.device, r.dtype);
  }
  std::unique_ptr<NoiseSource> fork(const at::Device&, uint64_t) const override {
    return std::make_unique<RecordedNoise>(case_);
  }

 private:
  const Case& case_;
};

/// Keeps frames and samples.
class Collector final : public engine::Sink {
 public:
  bool wants_frames() const override { return true; }
  bool wants_audio() const override { return true; }
  void frames(const engine::Pixels& p) override {
    auto chunk = at::empty({p.frame_count, p.height, p.width, 3}, at::kFloat);
    std::memcpy(chunk.data_ptr(), p.data.get(), p.size());
    chunks.push_back(chunk);
  }
  void audio(const engine::Samples& s) override {
    waveform = at::empty({s.channels, static_cast<int64_t>(s.sample_count)}, at::kFloat);
    std::memcpy(waveform.data_ptr(), s.data.get(), waveform.nbytes());
    rate = s.sample_rate;
  }

  std::vector<at::Tensor> chunks;
  at::Tensor waveform;
  int64_t rate = 0;
};

/// Intermediate values under the names of the group's outputs.
class Taps final : public pipelines::Observer {
 public:
  void tensor(const std::string& name, const at::Tensor& value) override {
    if (name.starts_with("context.")) {
      results.tensors[name + ".head"] = value.narrow(1, 0, 40);
      results.tensors[name + ".tail"] = value.narrow(1, value.size(1) - 8, 8);
    } else if (name.starts_with("gemma.last.")) {
      const auto count = std::min<int64_t>(value.size(1), 16);
      results.tensors[name] = value.narrow(1, value.size(1) - count, count);
    } else {
      results.tensors[name] = value;
    }
  }
  Results results;
};

engine::Guidance guidance(const json& params, const char* name) {
  const json given = params.value(name, json::object());
  engine::Guidance g;
  g.cfg_scale = given.value("cfg", 1.0f);
  g.stg_scale = given.value("stg", 0.0f);
  g.rescale_scale = given.value("rescale", 0.0f);
  g.modality_scale = given.value("modality", 1.0f);
  g.skip_step = given.value("skip_step", 0);
  g.stg_blocks = given.value("stg_blocks", std::vector<int32_t>{});
  return g;
}

engine::Tiling tiling(const json& params) {
  engine::Tiling t;
  if (!params.contains("tiling")) return t;
  t.mode = engine::TilingMode::Explicit;
  const auto axis = [&](const char* name, int32_t& tile, int32_t& overlap) {
    const json value = params["tiling"].value(name, json());
    tile = value.is_null() ? 0 : value[0].get<int32_t>();
    overlap = value.is_null() ? 0 : value[1].get<int32_t>();
  };
  axis("frames", t.tile_frames, t.overlap_frames);
  axis("height", t.tile_height, t.overlap_height);
  axis("width", t.tile_width, t.overlap_width);
  return t;
}

/// Frames of the case as the caller's memory: codes as uint8 [F, h, w, 3], or values in [0, 1] as float32.
engine::Pixels pixels_of(const at::Tensor& frames) {
  engine::Pixels pixels;
  pixels.format =
      frames.scalar_type() == at::kFloat ? engine::PixelFormat::RgbF32 : engine::PixelFormat::Rgb8;
  pixels.frame_count = static_cast<int32_t>(frames.size(0));
  pixels.height = static_cast<int32_t>(frames.size(1));
  pixels.width = static_cast<int32_t>(frames.size(2));
  auto keep = std::make_shared<at::Tensor>(frames.contiguous());
  pixels.data = {keep, static_cast<const std::byte*>(keep->data_ptr())};
  return pixels;
}

engine::ImageCondition image(const Case& c, const json& given) {
  engine::ImageCondition condition;
  condition.frame_index = given.at("frame_idx").get<int32_t>();
  condition.strength = given.at("strength").get<float>();
  condition.crf = given.at("crf").get<int32_t>();
  condition.pixels = pixels_of(c.input("image." + given.at("image").get<std::string>()).unsqueeze(0));
  return condition;
}

/// What the audio reader returned for the window that the case asks for.
engine::AudioCondition sound(const Case& c) {
  const auto& waveform = c.input("audio.waveform");
  engine::Samples samples;
  samples.channels = static_cast<int32_t>(waveform.size(1));
  samples.sample_count = static_cast<uint64_t>(waveform.size(2));
  samples.sample_rate = c.input("audio.sampling_rate").item<int32_t>();
  auto keep = std::make_shared<at::Tensor>(waveform.contiguous());
  samples.data = {keep, keep->data_ptr<float>()};
  engine::AudioCondition condition;
  condition.samples = samples;
  condition.max_duration = static_cast<double>(samples.sample_count) / samples.sample_rate;
  return condition;
}

engine::VideoCondition clip(const Case& c, engine::VideoRole role, float strength) {
  engine::VideoCondition condition;
  condition.role = role;
  condition.pixels = pixels_of(c.input("clip.frames"));
  condition.strength = strength;
  return condition;
}

/// The clip that a retake edits; its file gives only the rate.
void add_source(const Case& c, engine::Request& r) {
  auto source = clip(c, engine::VideoRole::Source, 1);
  source.frame_rate = media::probe_video(c.folder / c.params.at("video").get<std::string>()).frame_rate;
  r.videos.push_back(source);
  if (c.has_input("audio.waveform")) r.audio = sound(c);
  r.start_time = c.params.at("start_time").get<double>();
  r.end_time = c.params.at("end_time").get<double>();
  r.regenerate_video = c.param("regenerate_video", true);
  r.regenerate_audio = c.param("regenerate_audio", true);
}

void add_references(const Case& c, engine::Request& r) {
  for (const auto& given : c.params.at("video_conditioning"))
    r.videos.push_back(clip(c, engine::VideoRole::Reference, given[1].get<float>()));
  r.attention_strength = c.param("conditioning_attention_strength", 1.0f);
  r.skip_stage_2 = c.param("skip_stage_2", false);
  if (!c.param("attention_mask", false)) return;
  engine::VideoCondition mask;
  mask.role = engine::VideoRole::Mask;
  mask.pixels =
      pixels_of(c.input("conditioning_attention_mask")[0].permute({1, 2, 3, 0}).repeat({1, 1, 1, 3}));
  r.videos.push_back(mask);
}

engine::PipelineParams pipeline_params(const Case& c, engine::PipelineKind kind) {
  engine::PipelineParams params;
  params.kind = kind;
  params.quant_options.reference_compat = true;  // LoRA files, too, are read as the reference reads them
  params.compute_dtype =
      c.compute_dtype == at::kFloat ? engine::ComputeDtype::F32 : engine::ComputeDtype::Bf16;
  params.device_type = engine::DeviceType::Cpu;
  params.max_batch_size = c.param<int32_t>("max_batch_size", 1);
  params.models.checkpoint = c.weight("checkpoint");
  params.models.text_encoder = c.weight("text_encoder");
  if (c.has_weight("spatial_upsampler")) params.models.spatial_upsampler = c.weight("spatial_upsampler");
  for (const auto& lora : c.params.value("loras", json::array()))
    params.loras.push_back({.path = c.weight(lora[0].get<std::string>()), .strength = lora[1].get<float>()});
  const auto distilled = [&](double strength, int32_t stages) {
    params.loras.push_back({.role = engine::LoraRole::Distilled,
                            .path = c.weight(c.params.at("distilled_lora")[0].get<std::string>()),
                            .strength = static_cast<float>(strength),
                            .stages = stages});
  };
  if (kind == engine::PipelineKind::TwoStageHq) {
    distilled(c.params.at("distilled_lora_strength_stage_1").get<double>(), 1);
    distilled(c.params.at("distilled_lora_strength_stage_2").get<double>(), 2);
  } else if (c.params.contains("distilled_lora")) {
    distilled(c.params.at("distilled_lora")[1].get<double>(), 0);
  }
  return params;
}

engine::Request request(const Case& c, engine::PipelineKind kind) {
  using enum engine::PipelineKind;
  engine::Request r;
  r.prompt = c.params.at("prompt").get<std::string>();
  r.seed = c.param<uint64_t>("seed", 10);
  r.width = c.param("width", engine::kDefault);
  r.height = c.param("height", engine::kDefault);
  r.num_frames = c.param("num_frames", engine::kDefault);
  r.frame_rate = c.param<double>("frame_rate", engine::kDefault);
  r.reference_parity = true;
  r.tiling = tiling(c.params);
  r.output.pixel_format = engine::PixelFormat::RgbF32;
  for (const auto& given : c.params.value("images", json::array())) r.images.push_back(image(c, given));
  if (kind == AudioToVideo) r.audio = sound(c);
  if (kind == Retake) add_source(c, r);
  if (kind == IcLora) add_references(c, r);
  // A retake is that of the full model where the case has guidance.
  if (kind == Distilled || kind == IcLora || (kind == Retake && !c.params.contains("num_inference_steps")))
    return r;
  r.negative_prompt = c.params.at("negative_prompt").get<std::string>();
  r.num_inference_steps = c.params.at("num_inference_steps").get<int32_t>();
  if (kind != TextToAudio) r.video_guidance = guidance(c.params, "video_guider");
  if (kind != AudioToVideo) r.audio_guidance = guidance(c.params, "audio_guider");
  return r;
}

Results run_recipe(const Case& c, engine::PipelineKind kind) {
  pipelines::PipelineEngine engine(pipeline_params(c, kind));
  const auto given = request(c, kind);
  engine::check_fields(kind, given);
  RecordedNoise noise(c);
  Collector sink;
  Taps taps;
  engine.generate_with(engine.resolve(given), noise, sink, &taps);

  using at::indexing::Slice;
  auto& out = taps.results.tensors;
  if (!sink.chunks.empty()) {
    const auto video = at::cat(sink.chunks);
    out["video.stride8"] = video.index({Slice(), Slice(3, {}, 8), Slice(3, {}, 8)});
    out["video.last"] = video.narrow(0, video.size(0) - 1, 1);
  }
  const auto samples = sink.waveform.size(1);
  out["waveform.head"] = sink.waveform.narrow(1, 0, std::min<int64_t>(3072, samples));
  out["waveform.tail"] =
      sink.waveform.narrow(1, std::max<int64_t>(samples - 1024, 0), std::min<int64_t>(1024, samples));
  out["waveform.shape"] = at::tensor(sink.waveform.sizes().vec(), at::kLong);
  out["sampling_rate"] = at::tensor({sink.rate}, at::kLong);
  return taps.results;
}

}  // namespace

void register_pipelines(Registry& registry) {
  registry["pipeline.distilled"] = [](const Case& c) {
    return run_recipe(c, engine::PipelineKind::Distilled);
  };
  registry["pipeline.two_stage"] = [](const Case& c) {
    return run_recipe(c, engine::PipelineKind::TwoStage);
  };
  registry["pipeline.two_stage_hq"] = [](const Case& c) {
    return run_recipe(c, engine::PipelineKind::TwoStageHq);
  };
  registry["pipeline.keyframe_interpolation"] = [](const Case& c) {
    return run_recipe(c, engine::PipelineKind::Keyframes);
  };
  registry["pipeline.one_stage"] = [](const Case& c) {
    return run_recipe(c, engine::PipelineKind::OneStage);
  };
  registry["pipeline.a2v"] = [](const Case& c) { return run_recipe(c, engine::PipelineKind::AudioToVideo); };
  registry["pipeline.retake"] = [](const Case& c) { return run_recipe(c, engine::PipelineKind::Retake); };
  registry["pipeline.ic_lora"] = [](const Case& c) { return run_recipe(c, engine::PipelineKind::IcLora); };
  registry["pipeline.t2a"] = [](const Case& c) { return run_recipe(c, engine::PipelineKind::TextToAudio); };
}

}  // namespace ltx::golden
