#include "pipelines/pipeline_engine.h"

#include <c10/core/DeviceGuard.h>
#include <c10/util/Exception.h>

#include <nlohmann/json.hpp>

#include "base/error.h"
#include "device/device.h"
#include "device/idle_memory.h"
#include "device/memory_peak.h"
#include "engine/rules.h"
#include "io/atomic_file.h"
#include "latents/geometry.h"
#include "models/text/default_prompts.h"
#include "pipelines/calibrate.h"
#include "pipelines/enhance.h"
#include "pipelines/factory.h"
#include "pipelines/recipes.h"

namespace ltx::pipelines {
namespace {

using engine::Component;
using nlohmann::json;

engine::Latent latent_of(const at::Tensor& latent) {
  if (!latent.defined()) return {};
  const auto values = latent.to(at::kCPU, at::kFloat).contiguous();
  return {values.sizes().vec(), {values.data_ptr<float>(), values.data_ptr<float>() + values.numel()}};
}

/// What a file of the clip says about its making. Prompts stay out of it.
std::string metadata_json(const engine::Request& r, const std::optional<FrameSize>& size,
                          const engine::PipelineParams& params, const weights::ModelFiles& files) {
  const auto& metadata = files.metadata(weights::Component::Transformer);
  json about = {{"generator", "libltx"},
                {"pipeline", engine::name_of(params.kind)},
                {"model_version", metadata.raw("model_version")},
                {"num_frames", r.num_frames},
                {"frame_rate", r.frame_rate},
                {"seed", r.seed},
                {"num_inference_steps", r.stage_1_sigmas.size() - 1}};
  if (r.enhance_prompt) about["enhance_seed"] = enhancement_seed(params.kind, r);
  if (size) {
    about["width"] = size->width;
    about["height"] = size->height;
  }
  return about.dump();
}

/// Of the frames that a latent decodes to; none without a picture.
std::optional<FrameSize> frame_size(const at::Tensor& video) {
  if (!video.defined()) return std::nullopt;
  const auto pixels =
      latents::video_pixel_shape({video.size(0), video.size(1), video.size(2), video.size(3), video.size(4)});
  return FrameSize{static_cast<int32_t>(pixels[4]), static_cast<int32_t>(pixels[3])};
}

bool same_loras(const std::vector<weights::Lora>& a, const std::vector<weights::Lora>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const auto& x, const auto& y) {
    return x.file == y.file && x.strength == y.strength;
  });
}

/// The report, and the blocks whose measured weight errors stand out: candidates for keep_bf16_blocks.
json quantization_json(const quant::Report& report) {
  auto result = report.json();
  if (const auto blocks = quant::sensitivity_of(report.layers()).keep_bf16_blocks(); !blocks.empty())
    result["suggested_keep_bf16_blocks"] = blocks;
  return result;
}

std::string policy_name(engine::QuantPolicy policy) {
  return std::string(quant::name_of(static_cast<quant::Kind>(policy)));
}

}  // namespace

/// Of the last generation; sampled on its thread.
struct PipelineEngine::Memory {
  device::HostPeak host;
  device::DevicePeak device;
};

PipelineEngine::~PipelineEngine() = default;

PipelineEngine::PipelineEngine(const engine::PipelineParams& params)
    : params_(params),
      traits_(traits_of(params.kind)),
      components_(params),
      prompts_(static_cast<size_t>(std::max(params.prompt_cache_entries, 0))) {
  const auto& files = components_.files();
  facts_.defaults = params.kind == engine::PipelineKind::TwoStageHq
                        ? diffusion::hq_defaults()
                        : diffusion::generation_defaults(weights::parse_generation_version(
                              files.metadata(weights::Component::Transformer).model_version()));
  facts_.reference_image_crf = files.defaults().image_crf;
  // A video VAE in a file of its own may not say of which version it is; the transformer's file knows (spec
  // 07 §2).
  const auto version_of = [&](weights::Component part) { return files.metadata(part).model_version(); };
  const auto vae_version = version_of(weights::Component::VideoEncoder);
  facts_.image_crf = weights::version_defaults(
                         vae_version.empty() ? version_of(weights::Component::Transformer) : vae_version)
                         .image_crf;
  facts_.keyframe_slots = components_.keyframe_slots();
  const auto& config = components_.transformer_config();
  facts_.blocks = config.num_layers;
  // With a caption projection of its own, the transformer reads text of one width for both streams.
  const auto context_width = [&](const std::optional<transformer::StreamConfig>& stream) {
    return !stream ? 0 : config.caption_channels ? config.caption_channels : stream->width();
  };
  facts_.video_context = context_width(config.video);
  facts_.audio_context = context_width(config.audio);
  if (params.kind == engine::PipelineKind::IcLora) facts_.reference = components_.reference_scale();
  // What AUTO came to.
  for (const auto& [part, policy] : {std::pair{Component::Transformer, &params_.quant},
                                     {Component::TextEncoder, &params_.text_quant},
                                     {Component::VideoDecoder, &params_.vae_quant}})
    *policy = components_.has(part) ? components_.state(part).quant : engine::QuantPolicy::None;
  params_.compute_dtype =
      components_.compute() == at::kFloat ? engine::ComputeDtype::F32 : engine::ComputeDtype::Bf16;
  params_.memory_mode = components_.persistent() ? engine::MemoryMode::Persistent : engine::MemoryMode::Cold;
  const auto device = components_.device();
  params_.device_type = device.is_cuda() ? engine::DeviceType::Cuda : engine::DeviceType::Cpu;
  params_.device_index = device.is_cuda() ? device.index() : 0;
  params_.cuda_graphs = 0;
}

std::string PipelineEngine::info_json() const {
  const auto& paths = components_.files().paths();
  json files = json::object();
  for (const auto& [slot, path] : std::initializer_list<std::pair<const char*, const std::string&>>{
           {"checkpoint", paths.checkpoint},
           {"transformer", paths.transformer},
           {"text_encoder", paths.text_encoder},
           {"video_vae", paths.video_vae},
           {"audio_vae", paths.audio_vae},
           {"spatial_upsampler", paths.spatial_upsampler},
           {"prompt_enhancer", paths.prompt_enhancer}})
    if (!path.empty()) files[slot] = path;
  json components = json::array();
  for (const auto part : components_.all_parts()) {
    const auto state = components_.state(part);
    components.push_back({{"component", engine::name_of(part)},
                          {"file_bytes", state.file_bytes},
                          {"policy", policy_name(state.quant)}});
  }
  return json{
      {"pipeline", engine::name_of(params_.kind)},
      {"model_version", components_.files().metadata(weights::Component::Transformer).raw("model_version")},
      {"device", device::describe(components_.device())},
      {"compute_dtype", components_.compute() == at::kFloat ? "f32" : "bf16"},
      {"memory_mode", components_.persistent() ? "persistent" : "cold"},
      {"files", files},
      {"components", components},
      {"quantization", quantization_json(components_.quantization().report())},
      {"warnings", components_.warnings()}}
      .dump();
}

engine::Request PipelineEngine::resolve(const engine::Request& request) const {
  if (request.enhance_prompt) components_.enhancer_files().require(!request.images.empty());
  return pipelines::resolve(request, traits_, facts_);
}

std::vector<engine::PlannedWork> PipelineEngine::plan_enhancement(const engine::Request& r) const {
  std::vector<engine::PlannedWork> work;
  const auto load = [&](Component part) {
    const auto state = components_.state(part);
    if (!state.on_device) work.push_back({Phase::Load, 0, static_cast<double>(state.file_bytes) / 1e9});
  };
  const bool separate = components_.enhancer_files().separate(), image = !r.images.empty();
  if (separate || image) load(Component::PromptEnhancer);
  if (image) work.push_back({Phase::Enhance, 0, 0.2});
  if (!separate) load(Component::TextEncoder);
  work.push_back({Phase::Enhance, 0, 10});
  return work;
}

std::vector<engine::PlannedWork> PipelineEngine::plan(const engine::Request& r) const {
  std::vector<engine::PlannedWork> work;
  const auto load = [&](Component part) {
    const auto state = components_.state(part);
    if (!state.on_device) work.push_back({Phase::Load, 0, static_cast<double>(state.file_bytes) / 1e9});
  };
  // Weights in units of about a second of a large model; only their ratios matter.
  const double tokens =
      traits_.video ? r.width / 32.0 * r.height / 32.0 * ((r.num_frames - 1) / 8 + 1) / 1000.0 : 0.1;
  const auto text = [&] {
    if (r.enhance_prompt) {
      const auto before = plan_enhancement(r);
      work.insert(work.end(), before.begin(), before.end());
    }
    if (!r.enhance_prompt || components_.enhancer_files().separate()) load(Component::TextEncoder);
    work.push_back({Phase::Text, 0, 1});
    load(Component::TextConnector);
    work.push_back({Phase::Text, 0, 0.2});
  };
  const auto sound = [&] {
    load(Component::AudioEncoder);
    work.push_back({Phase::Condition, 1, 0.1});
  };
  const auto condition = [&](int32_t stage, double share) {
    const auto pictures = static_cast<double>(r.images.size()) +
                          (stage == 1 ? static_cast<double>(r.videos.size()) * r.num_frames / 8.0 : 0.0);
    if (pictures == 0) return;
    load(Component::VideoEncoder);
    work.push_back({Phase::Condition, stage, 0.05 * share * pictures});
  };
  const auto denoise = [&](int32_t stage, const std::vector<float>& sigmas, double passes, double share) {
    work.push_back({Phase::Denoise, stage,
                    static_cast<double>(sigmas.size() - 1) * passes * share * std::max(tokens, 0.1)});
  };
  if (params_.kind == engine::PipelineKind::Retake) {  // the source comes before the text
    condition(1, 1);
    sound();
    text();
  } else {
    text();
    if (params_.kind == engine::PipelineKind::AudioToVideo) sound();
    condition(1, 1);
  }
  const auto first = components_.stage_loras(1);
  const auto load_transformer = [&] {
    work.push_back(
        {Phase::Load, 0, static_cast<double>(components_.state(Component::Transformer).file_bytes) / 1e9});
  };
  if (!components_.holds(first)) load_transformer();
  denoise(1, r.stage_1_sigmas, is_guided(params_.kind, r) ? 4 : 1, traits_.two_stages ? 0.25 : 1);
  if (traits_.two_stages && !r.skip_stage_2) {
    load(Component::SpatialUpsampler);
    work.push_back({Phase::Upsample, 0, 0.1 * tokens});
    condition(2, 4);
    const auto second = components_.stage_loras(2);
    const bool both = same_loras(first, second) || (components_.holds(first) && components_.holds(second));
    if (!components_.persistent() || !both) load_transformer();
    denoise(2, r.stage_2_sigmas, 1, 1);
  }
  if (params_.kind != engine::PipelineKind::AudioToVideo) {
    load(Component::AudioDecoder);
    work.push_back({Phase::Decode, 1, 0.5});
  }
  if (!traits_.video) return work;
  load(Component::VideoDecoder);
  work.push_back({Phase::Decode, 2, tokens});
  return work;
}

engine::Output PipelineEngine::generate(const engine::Request& resolved, engine::Sink& sink) {
  const auto device =
      resolved.noise_source == engine::NoiseSource::Host ? at::Device(at::kCPU) : components_.device();
  diffusion::GeneratorNoise noise(device, resolved.seed);
  return generate_with(resolved, noise, sink, nullptr);
}

engine::Output PipelineEngine::generate_with(const engine::Request& resolved, diffusion::NoiseSource& noise,
                                             engine::Sink& sink, Observer* observer) {
  const device::GiveBackHostMemory afterwards;
  const device::NoGrad no_grad;
  const c10::OptionalDeviceGuard guard(components_.device());
  memory_.reset(new Memory{device::HostPeak(), device::DevicePeak(components_.device())});
  sink.plan(plan(resolved));
  const uint64_t read_before = components_.bytes_read();
  Run run(resolved, components_, noise, prompts_, sink, observer);
  Finished finished = [&] {
    try {
      return run_recipe(params_.kind, run);
    } catch (const c10::OutOfMemoryError&) {
      components_.keep_one_set();
      throw;
    } catch (const std::bad_alloc&) {
      components_.keep_one_set();
      throw;
    }
  }();
  const auto& [video, audio] = finished.latents;
  const auto size = frame_size(video);

  engine::Output output;
  output.video_latent = latent_of(video);
  output.audio_latent = latent_of(audio);
  if (size) {
    output.width = size->width;
    output.height = size->height;
  }
  output.metadata = metadata_json(resolved, size, params_, components_.files());
  if (!resolved.output.path.empty() || sink.wants_frames() || sink.wants_audio() || observer) {
    // Nothing is decoded for nobody. The sound comes first: a file holds it before the first frame.
    ClipOutput clip(resolved, size, finished.sound ? std::move(*finished.sound) : run.decode_audio(audio),
                    output.metadata, sink);
    if (size) run.decode_video(video, [&](const at::Tensor& chunk) { clip.write(chunk); });
    clip.finish();
  }
  components_.tell_warnings(sink);
  output.disk_bytes_read = components_.bytes_read() - read_before;
  output.peak_host_bytes = memory_->host.bytes();
  output.peak_device_bytes = memory_->device.bytes();
  return output;
}

void PipelineEngine::encode_text(const engine::Request& request, const std::string& path,
                                 engine::Sink& sink) {
  const device::NoGrad no_grad;
  const c10::OptionalDeviceGuard guard(components_.device());
  if (request.prompt.empty())
    fail(Status::InvalidArgument, "request.prompt is empty. Give the text to encode.");
  check_enhancement(request);
  check_image_sources(request);
  io::AtomicFile::probe(path);  // a path that cannot be written is an error now, not after the encoding
  engine::Request wanted = request;
  wanted.text_embeddings.clear();
  const bool guided = is_guided(params_.kind, wanted);
  if (guided && !wanted.negative_prompt) wanted.negative_prompt = default_negative_prompt(params_.kind);
  diffusion::GeneratorNoise unused(at::kCPU, 0);
  Run run(wanted, components_, unused, prompts_, sink);
  write_text_embeddings(path, run.encode_prompts(guided),
                        components_.files().metadata(weights::Component::Transformer).raw("model_version"));
}

engine::EnhancedPrompt PipelineEngine::enhance_prompt(const engine::Request& request, engine::Sink& sink) {
  const device::NoGrad no_grad;
  const c10::OptionalDeviceGuard guard(components_.device());
  if (request.prompt.empty())
    fail(Status::InvalidArgument, "request.prompt is empty. Give the text to enhance.");
  check_image_sources(request);
  components_.enhancer_files().require(!request.images.empty());
  sink.plan(plan_enhancement(request));
  return enhance(request, components_, sink).prompt;
}

void PipelineEngine::calibrate(const std::vector<engine::Request>& resolved, const std::string& path,
                               engine::Sink& sink) {
  io::AtomicFile::probe(path);
  std::vector<engine::PlannedWork> work;
  for (size_t i = 0; i < resolved.size(); ++i)
    work.push_back({Phase::Calibrate, static_cast<int32_t>(i) + 1, 1});
  sink.plan(work);
  TransformerMaxima maxima;
  for (size_t i = 0; i < resolved.size(); ++i) {
    auto request = resolved[i];
    request.output.path.clear();  // nothing is decoded for nobody
    CalibrationSink quiet(sink, static_cast<int32_t>(i), static_cast<int32_t>(resolved.size()));
    const quant::ObserveLinears watching(maxima);
    generate(request, quiet);
  }
  maxima.result().write(path);
}

void PipelineEngine::preload(Component component, engine::Sink& sink) {
  const device::NoGrad no_grad;
  const c10::OptionalDeviceGuard guard(components_.device());
  components_.preload(component, sink);
}

void PipelineEngine::evict(Component component) {
  const device::GiveBackHostMemory afterwards;
  const c10::OptionalDeviceGuard guard(components_.device());
  components_.evict(component);
  if (component == Component::All || component == Component::TextEncoder) prompts_.clear();
  device::release_cached_memory(components_.device());
}

engine::MemoryUse PipelineEngine::memory_use() const {
  if (memory_) {
    memory_->host.sample();
    memory_->device.sample();
  }
  engine::MemoryUse use;
  for (const auto part : components_.all_parts()) {
    const auto state = components_.state(part);
    use.device_bytes += state.device_bytes;
    use.host_bytes += state.host_bytes;
  }
  return use;
}

std::unique_ptr<engine::Engine> make_engine(const engine::PipelineParams& params) {
  return std::make_unique<PipelineEngine>(params);
}

}  // namespace ltx::pipelines
