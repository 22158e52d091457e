// A guided step (conditional, unconditional, perturbed, isolated) that shares work between its passes against
// the same step that does everything anew, in turns. Beside the ratio of the times stands that of the work:
// blocks that run, and multiplications of the linear layers. Usage: guided_step [repeats] [threads]
#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <fmt/format.h>

#include <cstdlib>

#include "bench/timing.h"
#include "diffusion/denoiser.h"
#include "latents/geometry.h"
#include "models/transformer/transformer.h"
#include "pipelines/velocity.h"
#include "quant/observe.h"
#include "tests/unit/transformer_weights.h"

using namespace ltx;
using transformer::Transformer;

namespace {

// Proportions of the large model: the perturbed block lies after 7/12 of the blocks (28 of 48).
constexpr int64_t kBlocks = 12, kPerturbed = 7, kHeads = 8, kWidth = 512;
constexpr int64_t kFrames = 33, kHeight = 256, kColumns = 256, kTextTokens = 256;
constexpr double kFps = 24;

transformer::Config config() {
  return transformer::Config::parse(
      testing::transformer_section({{"num_layers", kBlocks},
                                    {"num_attention_heads", kHeads},
                                    {"attention_head_dim", kWidth / kHeads},
                                    {"cross_attention_dim", kWidth},
                                    {"audio_num_attention_heads", kHeads},
                                    {"audio_attention_head_dim", kWidth / kHeads / 2},
                                    {"audio_cross_attention_dim", kWidth / 2}}),
      transformer::ModelType::AudioVideo, "synthetic");
}

/// What the linear layers multiply, and how many blocks run.
struct Work : quant::LinearObserver {
  void ran(const std::string& layer, const at::Tensor& x, const at::Tensor& y) override {
    multiplications += static_cast<double>(x.numel()) * static_cast<double>(y.size(-1));
    blocks += layer.ends_with(".ff.net.2");
  }
  double multiplications = 0;
  int64_t blocks = 0;
};

/// A step of the guided sampler, again and again at the same place.
class Step {
 public:
  Step(const Transformer& network, at::ScalarType dtype)
      : velocity_(network, false, Monitor::silent()),
        model_(velocity_, 1, Monitor::silent()),
        denoiser_({context(kWidth, dtype), context(kWidth / 2, dtype)}, guidance(kWidth, dtype),
                  guidance(kWidth / 2, dtype)) {
    const auto video = latents::video_latent_shape(1, kFrames, kHeight, kColumns);
    streams_.video = latents::initial_state(latents::VideoTarget{video, kFps}, dtype, at::kCPU);
    streams_.audio = latents::initial_state(
        latents::AudioTarget{latents::audio_latent_shape_of_clip(1, kFrames, kFps)}, dtype, at::kCPU);
    for (auto* state : {&*streams_.video, &*streams_.audio}) state->latent = at::randn_like(state->latent);
  }

  void run() { denoiser_(model_, streams_, sigmas_, 0); }

  Work work() {
    Work work;
    const quant::ObserveLinears watching(work);
    run();
    return work;
  }
  int64_t tokens() const { return streams_.video->latent.size(1); }

 private:
  static at::Tensor context(int64_t width, at::ScalarType dtype) {
    return at::randn({1, kTextTokens, width}).to(dtype);
  }
  static diffusion::StreamGuidance guidance(int64_t width, at::ScalarType dtype) {
    return {diffusion::GuiderParams{.cfg_scale = 3,
                                    .stg_scale = 1,
                                    .rescale_scale = 0.7,
                                    .modality_scale = 3,
                                    .skip_step = 0,
                                    .stg_blocks = {kPerturbed}},
            context(width, dtype)};
  }

  pipelines::TransformerVelocity velocity_;
  diffusion::X0Model model_;
  diffusion::GuidedDenoiser denoiser_;
  diffusion::Streams streams_;
  at::Tensor sigmas_ = at::tensor({0.8F, 0.7F, 0.0F});
};

void compare(at::ScalarType dtype, int repeats) {
  const auto c = config();
  const weights::View view(
      std::make_shared<weights::MemoryStore>(testing::TransformerWeights(c, dtype).tensors));
  const quant::Source source(view, at::kCPU, dtype);
  const Transformer sharing(source, c), alone(source, c, {.share = false, .kept_text_bytes = 0});
  Step shared(sharing, dtype), separate(alone, dtype);
  const auto less = shared.work(), all = separate.work();
  const auto result = bench::compare(
      repeats, [&] { shared.run(); }, [&] { separate.run(); });
  bench::report(
      dtype == at::kFloat ? "guided_step_f32" : "guided_step_bf16", result, "the same step without sharing",
      fmt::format(
          ", \"blocks_ratio\": {:.3f}, \"multiplications_ratio\": {:.3f}, \"passes\": 4, \"blocks\": {}, "
          "\"perturbed_block\": {}, \"tokens\": [{}, {}], \"threads\": {}",
          static_cast<double>(less.blocks) / static_cast<double>(all.blocks),
          less.multiplications / all.multiplications, kBlocks, kPerturbed, shared.tokens(), kTextTokens,
          at::get_num_threads()));
}

}  // namespace

int main(int argc, char** argv) {
  const int repeats = argc > 1 ? std::atoi(argv[1]) : 9, threads = argc > 2 ? std::atoi(argv[2]) : 2;
  at::set_num_threads(threads);
  const at::NoGradGuard no_grad;
  for (const auto dtype : {at::kFloat, at::kBFloat16}) compare(dtype, repeats);
}
