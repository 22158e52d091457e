// Whole stages with the guidance of every recipe: the transformer that shares work between the passes of a
// step against the one that does everything anew, bit for bit.
#include <doctest/doctest.h>

#include "diffusion/schedule.h"
#include "diffusion/stage.h"
#include "pipelines/velocity.h"
#include "quant/context.h"
#include "quant/observe.h"
#include "transformer_inputs.h"

using namespace ltx;
using namespace ltx::diffusion;
using namespace ltx::testing;
using transformer::Transformer;

namespace {

constexpr int64_t kBlocks = 4;

struct Networks {
  std::shared_ptr<Transformer> sharing, alone;
};

/// Heads of `head_dim` channels; `kind`: what the layers become.
Networks networks(at::ScalarType dtype, int64_t head_dim = 8, bool prompt_adaln = true,
                  quant::Kind kind = quant::Kind::None, quant::Options options = {}) {
  const auto config = config_of(small({{"num_layers", kBlocks},
                                       {"attention_head_dim", head_dim},
                                       {"cross_attention_dim", 2 * head_dim},
                                       {"audio_attention_head_dim", head_dim},
                                       {"audio_cross_attention_dim", 2 * head_dim},
                                       {"in_channels", 128},
                                       {"out_channels", 128},
                                       {"audio_in_channels", 128},
                                       {"audio_out_channels", 128},
                                       {"use_prompt_adaln_single", prompt_adaln}}));
  const auto store =
      std::make_shared<weights::MemoryStore>(TransformerWeights(config, at::kBFloat16).tensors);
  quant::Context wanted;
  wanted.policy = quant::Policy(quant::Target::Transformer, kind, std::move(options));
  wanted.ability = quant::ability_of(at::kCPU);
  const auto context = quant::make_context(wanted, *store);
  const quant::Source source(weights::View(store), at::kCPU, dtype, context);
  return {std::make_shared<Transformer>(source, config),
          std::make_shared<Transformer>(
              source, config, transformer::TransformerOptions{.share = false, .kept_text_bytes = 0})};
}

struct Recipe {
  std::string name;
  std::optional<GuiderParams> video = {}, audio = {};
  bool with_video = true, with_audio = true, frozen_audio = false, strengths = false;
  Loop loop = EulerLoop{};
  std::vector<float> sigmas = {0.9F, 0.6F, 0.3F, 0.0F};
};

GuiderParams guided(std::vector<int64_t> stg_blocks, double stg = 1, double modality = 3) {
  return {.cfg_scale = 3,
          .stg_scale = stg,
          .rescale_scale = 0.7,
          .modality_scale = modality,
          .skip_step = 0,
          .stg_blocks = std::move(stg_blocks)};
}

std::vector<Recipe> recipes() {
  auto skipping = guided({2});
  skipping.skip_step = 1;
  const Res2sLoop second_order;
  return {
      {.name = "distilled", .video = {}, .audio = {}},
      {.name = "one-stage", .video = guided({2}), .audio = guided({2})},
      {.name = "several blocks", .video = guided({3, 1}), .audio = guided({2, 3})},
      {.name = "blocks that do not exist", .video = guided({9}), .audio = guided({})},
      {.name = "video alone is perturbed", .video = guided({3}), .audio = guided({3}, 0)},
      {.name = "hq", .video = guided({}, 0), .audio = guided({}, 0), .loop = second_order},
      {.name = "perturbed, second order", .video = guided({2}), .audio = guided({3}), .loop = second_order},
      {.name = "audio-to-video", .video = guided({2}), .audio = GuiderParams{}, .frozen_audio = true},
      {.name = "retake with strengths", .video = guided({2}), .audio = guided({2}), .strengths = true},
      {.name = "text-to-audio", .audio = guided({2}, 1, 1), .with_video = false},
      {.name = "skipped steps", .video = skipping, .audio = guided({2})}};
}

at::Tensor context(int64_t width, uint64_t seed, at::ScalarType dtype) {
  return random({1, 3, width}, seed).to(dtype);
}

StageResult run(const Recipe& recipe, const Transformer& network, at::ScalarType dtype,
                int64_t max_batch_size) {
  StageSpec spec;
  spec.frames = 9;
  spec.height = 32;
  spec.width = 64;
  spec.sigmas = at::tensor(recipe.sigmas);
  spec.loop = recipe.loop;
  spec.dtype = dtype;
  spec.max_batch_size = max_batch_size;
  if (recipe.with_video) {
    spec.video.emplace();
    const auto frame = random({1, 128, 1, 1, 2}, 31).to(dtype);
    spec.video->conditionings.push_back(ReplaceFrames{frame, 0.8, 0});
    if (recipe.strengths)
      spec.video->conditionings.push_back(with_attention_strength(KeyframeGuidance{frame, 8, 0.9, 1}, 0.5));
  }
  if (recipe.with_audio) {
    spec.audio.emplace();
    if (recipe.frozen_audio) {
      spec.audio->initial = random({1, 8, 9, 16}, 32).to(dtype);
      spec.audio->frozen = true;
      spec.audio->noise_scale = 0;
    }
  }
  const int64_t width = network.config().video->width();
  const auto guidance = [&](const std::optional<GuiderParams>& params, uint64_t seed) {
    return params ? std::optional(StreamGuidance{*params, context(width, seed, dtype)}) : std::nullopt;
  };
  GuidedDenoiser denoiser({context(width, 41, dtype), context(width, 42, dtype)}, guidance(recipe.video, 43),
                          guidance(recipe.audio, 44));
  pipelines::TransformerVelocity velocity(network, false, Monitor::silent());
  GeneratorNoise noise(at::kCPU, 7);
  return run_stage(spec, velocity, denoiser, {.noise = noise});
}

void check_equal(const StageResult& a, const StageResult& b) {
  REQUIRE(a.video.has_value() == b.video.has_value());
  REQUIRE(a.audio.has_value() == b.audio.has_value());
  if (a.video) CHECK(at::equal(*a.video, *b.video));
  if (a.audio) CHECK(at::equal(*a.audio, *b.audio));
  for (const auto& result : {a.video, a.audio})
    if (result) CHECK(result->isfinite().all().item<bool>());
}

struct Count : quant::LinearObserver {
  void ran(const std::string& layer, const at::Tensor&, const at::Tensor&) override {
    blocks += layer.ends_with(".ff.net.2");
    texts += layer.ends_with(".attn2.to_k");
  }
  int64_t blocks = 0, texts = 0;
};

}  // namespace

TEST_CASE("shared work changes no bit of any recipe's guidance, whatever the batches") {
  const auto compare = [](const Networks& both, const Recipe& recipe, at::ScalarType dtype,
                          std::initializer_list<int64_t> batch_sizes) {
    for (const auto max_batch_size : batch_sizes) {
      CAPTURE(at::toString(dtype));
      CAPTURE(recipe.name);
      CAPTURE(max_batch_size);
      check_equal(run(recipe, *both.sharing, dtype, max_batch_size),
                  run(recipe, *both.alone, dtype, max_batch_size));
    }
  };
  const auto all = recipes();
  const auto fp32 = networks(at::kFloat), bf16 = networks(at::kBFloat16);
  for (const auto& recipe : all) compare(fp32, recipe, at::kFloat, {1, 4});
  compare(fp32, all[1], at::kFloat, {2, 3});
  compare(bf16, all[1], at::kBFloat16, {1, 2, 3, 4});
  compare(bf16, all[5], at::kBFloat16, {1});
  compare(bf16, all[7], at::kBFloat16, {1});
  compare(networks(at::kFloat, 8, false), all[1], at::kFloat, {1, 4});
}

TEST_CASE("shared work changes no bit of quantized layers, whose scales may couple the samples of a batch") {
  auto recipe = recipes()[1];
  recipe.sigmas = {0.9F, 0.4F, 0.0F};
  using quant::Kind;
  for (const auto kind : quant::all_kinds()) {
    if (kind == Kind::None || kind == Kind::Gguf || kind == Kind::Nvfp4Prequant) continue;  // only read
    // The definition of every scheme, and what a CPU multiplies itself.
    for (const auto arithmetic : {quant::Arithmetic::Emulate, quant::Arithmetic::Auto}) {
      if (arithmetic == quant::Arithmetic::Auto && kind != Kind::Int8Dynamic && kind != Kind::Int4) continue;
      quant::Options options;
      options.arithmetic = arithmetic;
      const auto both = networks(at::kBFloat16, 64, true, kind, options);
      for (const int64_t max_batch_size : {1, 3}) {
        if (max_batch_size == 1 && kind != Kind::Fp8ScaledMm && kind != Kind::Int8Dynamic) continue;
        CAPTURE(quant::name_of(kind));
        CAPTURE(static_cast<int>(arithmetic));
        CAPTURE(max_batch_size);
        check_equal(run(recipe, *both.sharing, at::kBFloat16, max_batch_size),
                    run(recipe, *both.alone, at::kBFloat16, max_batch_size));
      }
    }
  }
}

TEST_CASE("the perturbed pass begins at its first perturbed block, in batches of any size") {
  const auto both = networks(at::kFloat);
  const auto count = [](const Recipe& recipe, const Transformer& network, int64_t max_batch_size) {
    Count result;
    const quant::ObserveLinears watching(result);
    run(recipe, network, at::kFloat, max_batch_size);
    return result;
  };
  constexpr int64_t kSteps = 3;
  const auto recipe = recipes()[1];  // perturbed from block 2 on
  for (const int64_t max_batch_size : {1, 2, 4}) {
    CAPTURE(max_batch_size);
    const int64_t batches = max_batch_size == 1 ? 3 : 2;  // without the perturbed one
    const auto shared = count(recipe, *both.sharing, max_batch_size),
               alone = count(recipe, *both.alone, max_batch_size);
    CHECK(alone.blocks == kSteps * (batches + 1) * kBlocks);
    CHECK(shared.blocks == kSteps * (batches * kBlocks + 2));
    CHECK(shared.texts == kSteps * 2 * kBlocks);
  }
  // A perturbed pass that leaves out nothing is the conditional one.
  CHECK(count(recipes()[3], *both.sharing, 1).blocks == kSteps * 3 * kBlocks);
}
