// diffusion.denoiser, diffusion.loop, diffusion.stage: whole evaluations on the toy model.
#include "diffusion.h"
#include "diffusion/denoiser.h"
#include "diffusion/loops.h"
#include "diffusion/stage.h"

namespace ltx::golden {
namespace {

using latents::Modality;
using nlohmann::json;

/// The toy model of the group's README. Remembers what it was given.
class ToyModel : public diffusion::VelocityModel {
 public:
  explicit ToyModel(int64_t num_blocks, bool keyframe_embedding = false)
      : num_blocks_(num_blocks), keyframe_embedding_(keyframe_embedding) {}

  diffusion::StreamTensors velocities(const std::optional<Modality>& video,
                                      const std::optional<Modality>& audio,
                                      const latents::Perturbations& perturbations) override {
    const int64_t batch = (video ? video : audio)->latent.size(0);
    const auto keep = perturbations.empty()
                          ? at::ones({4, num_blocks_, batch})
                          : latents::keep_mask(perturbations, num_blocks_, at::kFloat, at::kCPU);
    calls_.push_back({video, audio, keep});
    diffusion::StreamTensors result;
    if (video) result.video = velocity(*video, audio, gate(keep, 0), gate(keep, 2), true);
    if (audio) result.audio = velocity(*audio, video, gate(keep, 1), gate(keep, 3), false);
    return result;
  }

  bool supports_keyframe_slots() const override { return keyframe_embedding_; }

  /// The inputs since the last time, stacked over calls.
  void move_taps(const std::string& prefix, Results& results) {
    if (calls_.empty()) return;
    for (const auto& [name, stream] : {std::pair{"video", &Call::video}, std::pair{"audio", &Call::audio}}) {
      if (!(calls_[0].*stream)) continue;
      std::vector<at::Tensor> timesteps, sigma, context;
      for (const auto& call : calls_) {
        const auto& modality = *(call.*stream);
        timesteps.push_back(modality.timesteps);
        sigma.push_back(modality.sigma);
        context.push_back(modality.context);
      }
      const auto full = prefix + ".model." + name;
      results.tensors[full + ".timesteps"] = at::cat(timesteps, 0);
      results.tensors[full + ".sigma"] = at::cat(sigma, 0);
      results.tensors[full + ".context"] = at::cat(context, 0);
      results.tensors[full + ".enabled"] = integers({(calls_[0].*stream)->enabled});
    }
    std::vector<at::Tensor> keep;
    for (const auto& call : calls_) keep.push_back(call.keep);
    results.tensors[prefix + ".model.keep"] = at::cat(keep, 2);
    calls_.clear();
  }

 private:
  struct Call {
    std::optional<Modality> video, audio;
    at::Tensor keep;
  };

  /// [B, 1, 1]: the mean over the blocks, summed from block 0 upwards.
  at::Tensor gate(const at::Tensor& keep, int64_t type) const {
    auto sum = at::zeros({keep.size(2)});
    for (int64_t block = 0; block < num_blocks_; ++block) sum = sum + keep[type][block];
    return (sum / static_cast<double>(num_blocks_)).view({-1, 1, 1});
  }

  static at::Tensor velocity(const Modality& own, const std::optional<Modality>& other,
                             const at::Tensor& self_gate, const at::Tensor& cross_gate, bool is_video) {
    const auto f = [](const at::Tensor& tensor) { return tensor.to(at::kFloat); };
    const auto x = f(own.latent), p = f(own.positions), c = f(own.context);
    const int64_t tokens = x.size(1), features = x.size(2);
    const auto extent = [&](int64_t axis) {
      return (p.select(1, axis).select(-1, 0) + p.select(1, axis).select(-1, 1)).unsqueeze(-1);
    };
    auto z = x * 0.8;
    z = z + f(own.timesteps) * 0.3;
    z = z + f(own.sigma).view({-1, 1, 1}) * -0.2;
    z = z + extent(0) * 0.05;
    if (is_video) {
      z = z + extent(1) * 0.001;
      z = z + extent(2) * -0.0007;
    }
    if (own.keyframes_mask) z = z + f(*own.keyframes_mask) * 0.25;
    z = z + c.select(1, 0).unsqueeze(1) * 0.5;
    z = z + c.select(1, c.size(1) - 1).unsqueeze(1) * 0.1;
    const auto index = at::arange(tokens, at::kLong);
    const auto partner = (index + tokens / 2).remainder(tokens);
    auto n = x.index_select(1, partner);
    if (own.attention_mask)
      n = f(*own.attention_mask).index({at::indexing::Slice(), index, partner}).unsqueeze(-1) * n;
    z = z + (self_gate * n) * 0.4;
    if (other) {
      const auto y = f(other->latent);
      auto q = y.index_select(1, index.remainder(y.size(1)))
                   .index_select(2, at::arange(features, at::kLong).remainder(y.size(2)));
      q = q * (other->enabled ? 1.0 : 0.5);
      q = q + f(other->sigma).view({-1, 1, 1}) * 0.2;
      z = z + (cross_gate * q) * 0.3;
    }
    const auto s = z / (z.abs() + 1);
    return (x - s).to(own.latent.scalar_type());
  }

  int64_t num_blocks_;
  bool keyframe_embedding_;
  std::vector<Call> calls_;
};

std::optional<latents::State> state_of(const Case& c, const std::string& prefix, const json& stream) {
  if (stream.is_null()) return std::nullopt;
  const auto optional = [&](const char* name) -> std::optional<at::Tensor> {
    if (!c.has_input(prefix + name)) return std::nullopt;
    return c.input(prefix + name);
  };
  latents::State state;
  state.latent = c.input(prefix + ".latent");
  state.clean_latent = c.input(prefix + ".clean_latent");
  state.denoise_mask = c.input(prefix + ".denoise_mask");
  state.positions = c.input(prefix + ".positions");
  state.attention_mask = optional(".attention_mask");
  state.keyframes_mask = optional(".keyframes_mask");
  state.frozen = field(stream, "frozen", false);
  return state;
}

std::unique_ptr<diffusion::Denoiser> denoiser_of(const Case& c, const json& description) {
  const auto context = [&](const char* name) -> std::optional<at::Tensor> {
    if (!c.has_input(name)) return std::nullopt;
    return c.input(name);
  };
  const diffusion::Contexts contexts{context("video.context"), context("audio.context")};
  const auto kind = description.at("kind").get<std::string>();
  if (kind == "simple") return std::make_unique<diffusion::SimpleDenoiser>(contexts);
  const auto guidance = [&](const char* key,
                            const char* negative) -> std::optional<diffusion::StreamGuidance> {
    if (!description.contains(key) || description[key].is_null()) return std::nullopt;
    if (kind == "guided") return diffusion::StreamGuidance{guider_of(description[key]), context(negative)};
    std::vector<std::pair<double, diffusion::GuiderParams>> bins;
    for (const auto& bin : description[key]) bins.emplace_back(number(bin[0]), guider_of(bin[1]));
    return diffusion::StreamGuidance{diffusion::GuidanceByNoise(std::move(bins)), context(negative)};
  };
  if (kind == "guided")
    return std::make_unique<diffusion::GuidedDenoiser>(
        contexts, guidance("video_guider", "video.negative_context"),
        guidance("audio_guider", "audio.negative_context"), field(description, "force_uncond_pass", false));
  if (kind == "factory")
    return std::make_unique<diffusion::GuidedDenoiser>(
        diffusion::factory_denoiser(contexts, guidance("video_bins", "video.negative_context"),
                                    guidance("audio_bins", "audio.negative_context")));
  throw std::runtime_error("unknown denoiser '" + kind + "'");
}

diffusion::SamplerNoise noise_kind(const json& options, const char* fallback) {
  return field<std::string>(options, "noise", fallback) == "normalized" ? diffusion::SamplerNoise::Normalized
                                                                        : diffusion::SamplerNoise::Plain;
}

diffusion::Loop loop_of(const std::string& name, const json& options) {
  const auto stochastic = [&](auto loop) {
    loop.noise_seed = static_cast<uint64_t>(field(options, "noise_seed", int64_t{0}));
    loop.eta = field(options, "eta", loop.eta);
    loop.s_noise = field(options, "s_noise", loop.s_noise);
    loop.noise = noise_kind(options, "plain");
    return loop;
  };
  if (name == "euler") return diffusion::EulerLoop{};
  if (name == "gradient_estimation")
    return diffusion::GradientEstimationLoop{field(options, "ge_gamma", 2.0)};
  if (name == "euler_ancestral") return stochastic(diffusion::AncestralLoop{});
  if (name == "euler_cfg_pp") return stochastic(diffusion::CfgPlusPlusLoop{});
  if (name != "res2s") throw std::runtime_error("unknown loop '" + name + "'");
  diffusion::Res2sLoop loop;
  loop.noise_seed = field(options, "noise_seed", loop.noise_seed);
  if (options.contains("noise_seed_substep") && !options["noise_seed_substep"].is_null())
    loop.noise_seed_substep = options["noise_seed_substep"].get<int64_t>();
  loop.eta = field(options, "eta", loop.eta);
  loop.bongmath = field(options, "bongmath", loop.bongmath);
  loop.bongmath_iterations = field(options, "bongmath_max_iter", loop.bongmath_iterations);
  loop.legacy = field(options, "legacy_mode", loop.legacy);
  loop.noise = noise_kind(options, "normalized");
  return loop;
}

/// Collects what the denoiser is handed.
class Recorder : public diffusion::Observer {
 public:
  struct Entry {
    std::optional<at::Tensor> video, audio;
    double sigma;
  };
  void evaluating(const diffusion::Evaluation& evaluation) override {
    Entry entry{{}, {}, evaluation.sigma};
    if (evaluation.streams.video) entry.video = evaluation.streams.video->latent;
    if (evaluation.streams.audio) entry.audio = evaluation.streams.audio->latent;
    entries.push_back(entry);
  }
  std::vector<Entry> entries;
};

Results denoiser(const Case& c) {
  Results results;
  ToyModel toy(c.params.at("num_blocks").get<int64_t>());
  const auto denoise = denoiser_of(c, c.params.at("denoiser"));
  diffusion::X0Model model(toy, c.param("max_batch_size", int64_t{1}), Monitor::silent());
  const auto& calls = c.params.at("calls");
  for (size_t k = 0; k < calls.size(); ++k) {
    const auto id = std::to_string(k);
    const diffusion::Streams streams{state_of(c, "calls." + id + ".video", c.params.at("video")),
                                     state_of(c, "calls." + id + ".audio", c.params.at("audio"))};
    const auto denoised =
        (*denoise)(model, streams, c.input("sigmas"), calls[k].at("step_index").get<int64_t>());
    for (const auto& [name, prediction] :
         {std::pair{".video", denoised.video}, std::pair{".audio", denoised.audio}}) {
      if (!prediction) continue;
      results.tensors[id + name + ".denoised"] = prediction->denoised;
      results.tensors[id + name + ".cond"] = prediction->passes.cond;
      results.tensors[id + name + ".uncond"] = prediction->passes.uncond;
      results.tensors[id + name + ".ptb"] = prediction->passes.ptb;
      results.tensors[id + name + ".mod"] = prediction->passes.mod;
    }
    results.tensors[id + ".model_needed"] = integers({denoised.model_needed});
    toy.move_taps(id, results);
  }
  return results;
}

Results loop(const Case& c) {
  Results results;
  ToyModel toy(c.params.at("num_blocks").get<int64_t>());
  const auto denoise = denoiser_of(c, c.params.at("denoiser"));
  diffusion::X0Model model(toy, c.param("max_batch_size", int64_t{1}), Monitor::silent());
  diffusion::GeneratorNoise noise(at::kCPU, 0);
  Recorder recorder;
  const auto done = diffusion::run_loop(
      loop_of(c.params.at("loop").get<std::string>(), c.param("options", json::object())), c.input("sigmas"),
      {state_of(c, "video", c.params.at("video")), state_of(c, "audio", c.params.at("audio"))}, *denoise,
      model, {.noise = noise, .observer = &recorder});
  if (done.streams.video) results.tensors["video.latent"] = done.streams.video->latent;
  if (done.streams.audio) results.tensors["audio.latent"] = done.streams.audio->latent;
  results.tensors["evaluations"] = integers({done.evaluations});
  for (size_t k = 0; k < recorder.entries.size(); ++k) {
    const auto id = "eval" + std::to_string(k);
    const auto& entry = recorder.entries[k];
    if (entry.video) results.tensors[id + ".video.latent"] = *entry.video;
    if (entry.audio) results.tensors[id + ".audio.latent"] = *entry.audio;
    results.tensors[id + ".sigma"] = doubles({entry.sigma});
  }
  return results;
}

std::optional<diffusion::StreamSpec> stream_spec(const Case& c, const json& description,
                                                 const std::optional<at::Tensor>& previous, double sigma0) {
  if (description.is_null()) return std::nullopt;
  diffusion::StreamSpec spec;
  const auto& scale = description.at("noise_scale");
  spec.noise_scale = scale.is_string() ? sigma0 : scale.get<double>();
  spec.frozen = field(description, "frozen", false);
  for (const auto& item : description.value("conditionings", json::array()))
    spec.conditionings.push_back(conditioning_of(c, item));
  const auto initial = field<std::string>(description, "initial", "");
  if (initial == "previous")
    spec.initial = previous.value();
  else if (initial == "previous_upsampled")
    spec.initial = previous->repeat_interleave(2, 3).repeat_interleave(2, 4);
  else if (!initial.empty())
    spec.initial = c.input(initial);
  return spec;
}

Results stage(const Case& c) {
  Results results;
  ToyModel toy(c.params.at("num_blocks").get<int64_t>(), c.param("keyframe_embedding", false));
  diffusion::GeneratorNoise noise(at::kCPU, static_cast<uint64_t>(c.params.at("seed").get<int64_t>()));
  diffusion::StageResult previous;
  const auto& stages = c.params.at("stages");
  for (size_t k = 0; k < stages.size(); ++k) {
    const auto& description = stages[k];
    diffusion::StageSpec spec;
    spec.frames = c.params.at("frames").get<int64_t>();
    spec.fps = c.params.at("fps").get<double>();
    spec.height = description.at("height").get<int64_t>();
    spec.width = description.at("width").get<int64_t>();
    spec.sigmas = tensor_of(c, description, "sigmas");
    spec.loop =
        loop_of(description.at("loop").get<std::string>(), description.value("options", json::object()));
    spec.max_batch_size = field(description, "max_batch_size", int64_t{1});
    spec.dtype = dtype_named(c.params.at("dtype").get<std::string>());
    const double sigma0 = diffusion::first_sigma(spec.sigmas);
    run_item(description, [&] {
      spec.video = stream_spec(c, description.value("video", json()), previous.video, sigma0);
      spec.audio = stream_spec(c, description.value("audio", json()), previous.audio, sigma0);
      const auto denoise = denoiser_of(c, description.at("denoiser"));
      Recorder recorder;
      const auto done = diffusion::run_stage(
          spec, toy, *denoise, {.noise = noise, .observer = &recorder, .stage = static_cast<int32_t>(k + 1)});
      const auto id = "stage" + std::to_string(k);
      auto& tensors = results.tensors;
      const auto &first = recorder.entries.front(), &last = recorder.entries.back();
      if (done.video) {
        tensors[id + ".video.latent"] = *done.video;
        tensors[id + ".video.noised"] = *first.video;
        tensors[id + ".video.last_evaluation"] = *last.video;
      }
      if (done.audio) {
        tensors[id + ".audio.latent"] = *done.audio;
        tensors[id + ".audio.noised"] = *first.audio;
        tensors[id + ".audio.last_evaluation"] = *last.audio;
      }
      if (done.generated_keyframes) tensors[id + ".video.generated_keyframes"] = *done.generated_keyframes;
      tensors[id + ".evaluations"] = integers({done.evaluations});
      previous = done;
    });
  }
  diffusion::NoiseRequest request;
  const std::array<int64_t, 1> four = {4};
  request.shape = four;
  request.dtype = at::kFloat;
  results.tensors["next_draw"] = noise.normal(request);
  return results;
}

}  // namespace

void register_diffusion_run(Registry& registry) {
  registry["diffusion.denoiser"] = denoiser;
  registry["diffusion.loop"] = loop;
  registry["diffusion.stage"] = stage;
}

}  // namespace ltx::golden
