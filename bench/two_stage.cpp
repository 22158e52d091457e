// A two-stage generation, from prompt to frames, against the sum of its parts: each network called on its
// own, as often as the recipe calls it, with random inputs of the same sizes. What the pipeline adds
// (sampling, guidance, residency, delivery) is what the ratio shows. Usage: two_stage [rounds] [threads]
#include <ATen/Parallel.h>
#include <fmt/format.h>

#include <array>
#include <chrono>
#include <cstdlib>
#include <filesystem>

#include "bench/timing.h"
#include "device/device.h"
#include "diffusion/model.h"
#include "latents/geometry.h"
#include "latents/state.h"
#include "pipelines/encode_text.h"
#include "pipelines/factory.h"
#include "pipelines/tiling.h"
#include "weights/view.h"

using namespace ltx;

namespace {

using Clock = std::chrono::steady_clock;

struct Receiver : engine::Sink {
  bool wants_frames() const override { return true; }
  bool wants_audio() const override { return true; }
  void frames(const engine::Pixels& pixels) override { bytes += pixels.size(); }
  void audio(const engine::Samples& samples) override { bytes += samples.sample_count; }
  uint64_t bytes = 0;
};

/// A low-rank update of every self-attention, so that the stages have different weights.
void write_lora(const std::string& path, const transformer::Config& config) {
  constexpr int64_t kRank = 8;
  std::map<std::string, at::Tensor> tensors;
  const int64_t width = config.video->width();
  for (int64_t block = 0; block < config.num_layers; ++block)
    for (const char* layer : {"to_q", "to_k", "to_v"}) {
      const auto name = fmt::format("diffusion_model.transformer_blocks.{}.attn1.{}", block, layer);
      tensors[name + ".lora_A.weight"] = (at::randn({kRank, width}) * 0.02).to(at::kBFloat16);
      tensors[name + ".lora_B.weight"] = (at::randn({width, kRank}) * 0.02).to(at::kBFloat16);
    }
  weights::save_tensors(path, tensors);
}

/// The parts of the recipe, in its order.
class Parts {
 public:
  Parts(const engine::PipelineParams& params, const engine::Request& resolved)
      : request_(resolved), components_(params) {}

  /// Seconds of text, loading, stage 1, upsampling, stage 2 and decoding.
  std::array<double, 6> run() {
    const auto timed = [&](double& sum, const auto& work) {
      const auto start = Clock::now();
      auto result = work();
      sum += std::chrono::duration<double>(Clock::now() - start).count();
      return result;
    };
    std::array<double, 6> seconds{};
    double &text = seconds[0], &load = seconds[1], &first = seconds[2], &upsample = seconds[3],
           &second = seconds[4], &decode = seconds[5];
    auto& silent = Monitor::silent();
    const auto contexts = timed(text, [&] {
      return pipelines::encode_texts({request_.prompt, *request_.negative_prompt}, components_, silent,
                                     nullptr);
    });
    const auto network = [&](int32_t stage) {
      return timed(load, [&] { return components_.transformer(silent, components_.stage_loras(stage)); });
    };
    const auto steps = [](const std::vector<float>& sigmas) { return sigmas.size() - 1; };

    const auto video =
        latents::video_latent_shape(1, request_.num_frames, request_.height / 2, request_.width / 2);
    timed(first, [&, transformer = network(1)] {
      return evaluate(*transformer, video, contexts, true, steps(request_.stage_1_sigmas));
    });
    const auto small = at::randn(video.sizes()).to(components_.compute());
    const auto latent = timed(upsample, [&] {
      return components_.spatial_upsampler(silent)->upsample(small, components_.video_statistics());
    });
    auto large = video;
    large.height *= 2;
    large.width *= 2;
    timed(second, [&, transformer = network(2)] {
      return evaluate(*transformer, large, contexts, false, steps(request_.stage_2_sigmas));
    });
    timed(decode, [&] {
      const auto audio = components_.audio_decoder(silent);
      const auto shape =
          latents::audio_latent_shape_of_clip(1, request_.num_frames, request_.frame_rate).sizes();
      audio->vocoder.forward(audio->decoder.forward(at::randn(shape).to(components_.compute()), silent),
                             silent);
      int64_t frames = 0;
      components_.video_decoder(silent)->decode_tiled(
          latent, pipelines::decode_tiling(request_), silent,
          [&](const at::Tensor& chunk) { frames += chunk.size(0); },
          [](at::IntArrayRef size, const at::TensorOptions& options) { return at::randn(size, options); });
      return frames;
    });
    return seconds;
  }

 private:
  /// The bare network, all passes of a step at once.
  bool evaluate(const transformer::Transformer& network, const latents::VideoShape& video,
                const std::vector<pipelines::PromptContext>& contexts, bool guided, size_t steps) const {
    const auto random = [&](latents::State state) {
      state.latent = at::randn_like(state.latent);
      return state;
    };
    const auto dtype = components_.compute();
    const auto audio = latents::audio_latent_shape_of_clip(1, request_.num_frames, request_.frame_rate);
    const auto video_state = random(latents::initial_state(latents::VideoTarget{video, request_.frame_rate},
                                                           dtype, components_.device()));
    const auto audio_state =
        random(latents::initial_state(latents::AudioTarget{audio}, dtype, components_.device()));
    auto v = diffusion::modality_of(video_state, contexts[0].video, 0.7, at::kFloat);
    auto a = diffusion::modality_of(audio_state, contexts[0].audio, 0.7, at::kFloat);
    std::vector<transformer::Pass> passes = {{&v, &a}};
    auto negative_v = v, negative_a = a;
    negative_v.context = contexts[1].video;
    negative_a.context = contexts[1].audio;
    using enum latents::PerturbationType;
    const auto& blocks = *request_.video_guidance->stg_blocks;
    const std::vector<int64_t> stg(blocks.begin(), blocks.end());
    const latents::Perturbations perturbed = {{{SkipVideoSelf, stg}, {SkipAudioSelf, stg}}},
                                 isolated = {{{SkipAudioToVideo, {}}, {SkipVideoToAudio, {}}}};
    if (guided)
      passes.insert(passes.end(), {{&negative_v, &negative_a}, {&v, &a, &perturbed}, {&v, &a, &isolated}});
    const auto session = network.prepare(passes);
    for (size_t i = 0; i < steps; ++i) session->evaluate(passes, Monitor::silent());
    return true;
  }

  engine::Request request_;
  pipelines::Components components_;
};

void measure(int rounds, const std::string& lora) {
  engine::PipelineParams params;
  params.kind = engine::PipelineKind::OneStage;  // needs no LoRA to say how deep the model is
  params.models.root = LTX_DEFAULT_MODEL;
  params.device_type = engine::DeviceType::Cpu;
  params.memory_mode = engine::MemoryMode::Persistent;
  params.prompt_cache_entries = 0;  // every call encodes its prompts
  const auto config = pipelines::Components(params).transformer_config();
  write_lora(lora, config);
  params.kind = engine::PipelineKind::TwoStage;
  params.loras = {{.role = engine::LoraRole::Distilled, .path = lora}};

  engine::Request request;
  request.prompt = "A red fox runs through a snowy forest at dawn; soft wind, crunching snow.";
  request.negative_prompt = "blurred, noisy";
  request.width = request.height = 512;
  request.num_frames = 49;
  request.num_inference_steps = 12;
  // In proportion to 28 of 48.
  for (auto* guidance : {&request.video_guidance, &request.audio_guidance})
    guidance->emplace().stg_blocks = {static_cast<int32_t>(config.num_layers * 7 / 12)};
  const auto engine = pipelines::make_engine(params);
  const auto resolved = engine->resolve(request);
  Parts parts(params, resolved);

  std::vector<std::array<double, 6>> all;
  const auto sum = [](const std::array<double, 6>& seconds) {
    double total = 0;
    for (const double part : seconds) total += part;
    return total;
  };
  std::vector<double> subjects, references, ratios;
  for (int round = -1; round < rounds; ++round) {  // the first round loads the networks
    Receiver receiver;
    const double whole = bench::seconds_of([&] { engine->generate(resolved, receiver); });
    const auto separate = parts.run();
    if (round < 0) continue;
    subjects.push_back(whole);
    references.push_back(sum(separate));
    ratios.push_back(whole / references.back());
    all.push_back(separate);
  }
  const auto part = [&](size_t i) {
    std::vector<double> values;
    for (const auto& seconds : all) values.push_back(seconds[i]);
    return bench::median(values);
  };
  bench::report("two_stage_end_to_end",
                {bench::median(subjects), bench::median(references), bench::median(ratios)},
                "the sum of its parts",
                fmt::format(", \"target\": 1.1, \"text\": {:.3f}, \"load\": {:.3f}, \"stage_1\": {:.3f}, "
                            "\"upsample\": {:.3f}, \"stage_2\": {:.3f}, \"decode\": {:.3f}, \"frames\": {}, "
                            "\"size\": [{}, {}], \"steps\": [{}, {}], \"threads\": {}",
                            part(0), part(1), part(2), part(3), part(4), part(5), resolved.num_frames,
                            resolved.width, resolved.height, resolved.stage_1_sigmas.size() - 1,
                            resolved.stage_2_sigmas.size() - 1, at::get_num_threads()));
}

}  // namespace

int main(int argc, char** argv) {
  const int rounds = argc > 1 ? std::atoi(argv[1]) : 5, threads = argc > 2 ? std::atoi(argv[2]) : 2;
  at::set_num_threads(threads);
  const device::NoGrad no_grad;
  const auto lora = std::filesystem::temp_directory_path() /
                    fmt::format("ltx-two-stage-{}.safetensors", Clock::now().time_since_epoch().count());
  measure(rounds, lora.string());
  std::filesystem::remove(lora);
}
