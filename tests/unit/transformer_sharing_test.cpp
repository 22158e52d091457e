// Passes of one step that share work: the same bits as alone, and no more work than is needed.
#include <doctest/doctest.h>

#include <algorithm>

#include "base/error.h"
#include "models/transformer/batch_splitter.h"
#include "models/transformer/tiled_model.h"
#include "models/transformer/x0_model.h"
#include "quant/observe.h"
#include "transformer_inputs.h"

using namespace ltx;
using namespace ltx::testing;
using namespace ltx::transformer;
using latents::Perturbation;
using latents::Perturbations;
using latents::PerturbationType;

namespace {

constexpr int64_t kBlocks = 4;

Config deep(bool prompt_adaln) {
  return config_of(small({{"num_layers", kBlocks},
                          {"use_prompt_adaln_single", prompt_adaln},
                          {"use_keyframes_abs_pos_embedding", true}}));
}

Perturbation skip(PerturbationType type, std::optional<std::vector<int64_t>> blocks) {
  return {type, std::move(blocks)};
}

/// The passes of a guided step, for a batch.
class Step {
 public:
  Step(int64_t batch, at::ScalarType dtype, double factor = 1) {
    auto video = video_input(batch, dtype), audio = audio_input(batch, dtype);
    video.denoise_mask = at::ones({batch, 11, 1});
    video.denoise_mask->narrow(1, 8, 2).fill_(0);
    video.denoise_mask->narrow(1, 10, 1).fill_(0.5);
    video.attention_mask = at::ones({batch, 11, 11});
    video.attention_mask->narrow(2, 9, 2).fill_(0.3);
    video.keyframes_mask = at::zeros({batch, 11, 1});
    video.keyframes_mask->narrow(1, 0, 4).fill_(1);
    for (auto* m : {&video, &audio}) {
      m->latent = m->latent * factor;
      m->sigma = m->sigma * factor;
      m->timesteps = m->timesteps * factor;
    }
    modalities_.reserve(32);
    const auto alike = [&](const std::vector<Perturbation>& left_out) {
      return Perturbations(static_cast<size_t>(batch), left_out);
    };
    add(video, audio, {});
    auto other_text = video, other_sound = audio;
    other_text.context = random(video.context.sizes(), 21).to(dtype);
    other_sound.context = random(audio.context.sizes(), 22).to(dtype);
    add(other_text, other_sound, {});
    add(video, audio,
        alike(
            {skip(PerturbationType::SkipVideoSelf, {{2}}), skip(PerturbationType::SkipAudioSelf, {{3, 1}})}));
    add(video, audio, alike({skip(PerturbationType::SkipVideoSelf, {{2, 3}})}));
    add(video, audio,
        alike({skip(PerturbationType::SkipAudioToVideo, {}), skip(PerturbationType::SkipVideoToAudio, {})}));
    add(video, audio, alike({skip(PerturbationType::SkipVideoSelf, std::vector<int64_t>{})}));  // = the first
    add(video, audio, alike({skip(PerturbationType::SkipAudioSelf, {{3}})}));
    add(other_text, audio, {});
    if (batch > 1) {
      auto uneven = Perturbations(static_cast<size_t>(batch));
      uneven.back() = {skip(PerturbationType::SkipVideoSelf, {{3}})};
      add(video, audio, uneven);
    }
    auto quieter = audio;
    quieter.sigma = audio.sigma * 0.5;
    add(video, quieter, {});
    quieter = audio;
    quieter.enabled = false;
    add(video, quieter, {});
    add(video, quieter, alike({skip(PerturbationType::SkipVideoSelf, {{1}})}));
  }

  const std::vector<Pass>& passes() const { return passes_; }

 private:
  void add(const latents::Modality& video, const latents::Modality& audio,
           const Perturbations& perturbations) {
    const auto& v = modalities_.emplace_back(video);
    const auto& a = modalities_.emplace_back(audio);
    lists_.push_back(std::make_unique<Perturbations>(perturbations));
    passes_.push_back({&v, &a, perturbations.empty() ? nullptr : lists_.back().get()});
  }

  std::vector<latents::Modality> modalities_;
  std::vector<std::unique_ptr<Perturbations>> lists_;
  std::vector<Pass> passes_;
};

std::shared_ptr<const Model> wrapped(std::shared_ptr<const Model> model, bool tiled, int64_t largest_batch) {
  if (tiled)
    model = std::make_shared<TiledModel>(
        model, TokenTiling({2, 2, 2}, {AxisTiling{}, AxisTiling{2, 0}, AxisTiling{}}));
  model = std::make_shared<X0Model>(model);
  if (largest_batch > 0) model = std::make_shared<BatchSplitter>(model, largest_batch);
  return model;
}

void check_equal(const Outputs& a, const Outputs& b) {
  CHECK(at::equal(*a.video, *b.video));
  CHECK(at::equal(*a.audio, *b.audio));
}

/// How often layers ran, by a part of their name.
struct Count : quant::LinearObserver {
  void ran(const std::string& layer, const at::Tensor&, const at::Tensor&) override {
    layers.push_back(layer);
  }
  int64_t of(std::string_view ending) const {
    return std::count_if(layers.begin(), layers.end(),
                         [&](const std::string& name) { return name.ends_with(ending); });
  }
  std::vector<std::string> layers;
};

}  // namespace

TEST_CASE("passes that share work give the bits that each gives alone") {
  const at::NoGradGuard no_grad;
  struct Variant {
    bool prompt_adaln, tiled;
    int64_t batch, largest;  // 0: not split
  };
  const Variant all[] = {{true, false, 1, 0}, {true, false, 3, 0},  {true, false, 3, 2}, {true, true, 1, 0},
                         {true, true, 3, 1},  {false, false, 1, 0}, {false, true, 3, 2}};
  const Variant some[] = {{true, false, 3, 0}, {true, true, 3, 1}, {false, false, 1, 0}};
  for (const auto dtype : {at::kFloat, at::kBFloat16})
    for (const auto& variant :
         dtype == at::kFloat ? at::ArrayRef<Variant>(all) : at::ArrayRef<Variant>(some)) {
      const bool prompt_adaln = variant.prompt_adaln, tiled = variant.tiled;
      const int64_t batch = variant.batch, largest = variant.largest;
      CAPTURE(at::toString(dtype));
      CAPTURE(prompt_adaln);
      CAPTURE(tiled);
      CAPTURE(batch);
      CAPTURE(largest);
      const auto config = deep(prompt_adaln);
      const auto weights = TransformerWeights(config, dtype).tensors;
      const auto sharing = wrapped(build(config, weights, dtype), tiled, largest);
      const auto alone =
          wrapped(build(config, weights, dtype, {.share = false, .kept_text_bytes = 0}), tiled, largest);
      const Step first(batch, dtype);
      const auto shared = sharing->prepare(first.passes()), separate = alone->prepare(first.passes());
      for (const double factor : {1.0, 0.5}) {
        const Step step(batch, dtype, factor);
        const auto a = shared->evaluate(step.passes(), Monitor::silent()),
                   b = separate->evaluate(step.passes(), Monitor::silent());
        REQUIRE(a.size() == step.passes().size());
        for (size_t i = 0; i < a.size(); ++i) {
          CAPTURE(i);
          check_equal(a[i], b[i]);
          if (tiled || batch > 1 || factor == 1.0) continue;
          const auto& [video, audio, perturbations] = step.passes()[i];
          check_equal(a[i], alone->forward(video, audio, perturbations));
        }
      }
    }
}

TEST_CASE("a step does common work once") {
  const at::NoGradGuard no_grad;
  const auto run = [](bool prompt_adaln, TransformerOptions options) {
    const auto config = deep(prompt_adaln);
    const auto model = build(config, TransformerWeights(config).tensors, at::kFloat, options);
    const Step step(1, at::kFloat);
    // Conditional, unconditional, perturbed from block 1 on (audio) and 2 on (video), isolated.
    const auto& all = step.passes();
    const std::vector<Pass> passes = {all[0], all[1], all[2], all[4]};
    const auto session = model->prepare(passes);
    Count count;
    const quant::ObserveLinears watching(count);
    session->evaluate(passes, Monitor::silent());
    session->evaluate(passes, Monitor::silent());
    return count;
  };
  constexpr int64_t kSteps = 2, kPasses = 4;
  const auto alone = run(true, {.share = false});
  CHECK(alone.of(".ff.net.2") == kSteps * kPasses * kBlocks);
  CHECK(alone.of(".attn2.to_k") == kSteps * kPasses * kBlocks);
  CHECK(alone.of("adaln_single.linear") == kSteps * kPasses * 8);
  const auto shared = run(true, {});
  CHECK(shared.of(".ff.net.2") == kSteps * (3 * kBlocks + kBlocks - 1));
  CHECK(shared.of(".audio_ff.net.2") == kSteps * (3 * kBlocks + kBlocks - 1));
  CHECK(shared.of(".attn2.to_k") == kSteps * 2 * kBlocks);        // one per text
  CHECK(shared.of(".audio_attn2.to_v") == kSteps * 2 * kBlocks);  // keys and values
  CHECK(shared.of("adaln_single.linear") == kSteps * 8);
  const auto static_text = run(false, {});
  CHECK(static_text.of(".attn2.to_k") == 0);  // made with the session
  CHECK(static_text.of(".audio_attn2.to_v") == 0);
  const auto unkept = run(false, {.kept_text_bytes = 0});
  CHECK(unkept.of(".attn2.to_k") == kSteps * 2 * kBlocks);
}

TEST_CASE("a session holds geometry once and texts as far as they fit") {
  const at::NoGradGuard no_grad;
  const auto bytes = [](bool prompt_adaln, TransformerOptions options, std::vector<size_t> chosen) {
    const auto config = deep(prompt_adaln);
    const auto model = build(config, TransformerWeights(config).tensors, at::kFloat, options);
    const Step step(1, at::kFloat);
    std::vector<Pass> passes;
    for (const auto i : chosen) passes.push_back(step.passes()[i]);
    return model->prepare(passes)->bytes();
  };
  const auto one = bytes(true, {}, {0});
  CHECK(one > 0);
  CHECK(bytes(true, {}, {0, 1, 2, 4}) == one);
  CHECK(bytes(true, {.share = false}, {0, 1, 2, 4}) == 4 * one);

  const auto config = deep(false);
  const int64_t video = text_bytes(config, *config.video, 1, 4, at::kFloat),
                audio = text_bytes(config, *config.audio, 1, 3, at::kFloat);
  CHECK(video == 2 * 4 * 24 * kBlocks * 4);
  const auto none = bytes(false, {.kept_text_bytes = 0}, {0, 1, 2, 4});
  CHECK(none == one);
  CHECK(bytes(false, {}, {0, 1, 2, 4}) == none + 2 * (video + audio));
  CHECK(bytes(false, {.kept_text_bytes = video + audio}, {0, 1, 2, 4}) == none + video + audio);
}

TEST_CASE("noise levels by the denoise mask are those that are found in the timesteps") {
  const at::NoGradGuard no_grad;
  const auto config = deep(true);
  const auto model = build(config, TransformerWeights(config).tensors);
  for (const int64_t batch : {1, 3}) {
    const Step step(batch, at::kFloat);
    const auto& pass = step.passes()[0];
    auto searched = *pass.video;
    searched.denoise_mask.reset();
    const auto known = model->forward(pass.video, pass.audio), found = model->forward(&searched, pass.audio);
    CHECK(distance(*known.video, *found.video) < 1e-6);
    if (batch == 1) check_equal(known, found);
  }
  const auto mask = at::tensor({1.0F, 0.25F, 1.0F, 0.25F, 0.25F, 0.25F}).view({2, 3, 1});
  const auto pattern = level_pattern(mask, 2, 3, at::kCPU);
  CHECK(at::equal(pattern.tokens, at::tensor({1, 0, 3}, at::kLong)));
  CHECK(at::equal(pattern.index, at::tensor({1, 0, 1, 2, 2, 2}, at::kInt)));
  CHECK_FALSE(level_pattern(at::ones({1, 5, 1}), 1, 5, at::kCPU).index.defined());
}

TEST_CASE("samples of one batch may lie at other places") {
  const at::NoGradGuard no_grad;
  const auto config = deep(true);
  const auto model = build(config, TransformerWeights(config).tensors);
  auto video = video_input(2);
  const auto audio = audio_input(2);
  video.positions = video.positions.clone();
  video.positions[1].select(0, 0).add_(1);
  const auto whole = model->forward(&video, &audio);
  const auto split =
      BatchSplitter(std::static_pointer_cast<const Model>(model), 1).forward(&video, &audio, nullptr);
  CHECK(distance(*split.video, *whole.video) < 1e-6);
  video.positions[1].copy_(video.positions[0]);
  CHECK(distance(*model->forward(&video, &audio).video, *whole.video) > 1e-4);
}

TEST_CASE("a step that does not fit its session is refused") {
  const at::NoGradGuard no_grad;
  const auto config = deep(true);
  const auto model = build(config, TransformerWeights(config).tensors);
  const Step step(1, at::kFloat);
  const auto session = model->prepare(step.passes());
  CHECK_THROWS_WITH_AS(session->evaluate(at::ArrayRef<Pass>(step.passes()).slice(0, 2), Monitor::silent()),
                       doctest::Contains("opened with 11"), Error);
  const Pass mixed[] = {step.passes()[0], {nullptr, step.passes()[0].audio}};
  CHECK_THROWS_WITH_AS(TiledModel(model, TokenTiling({2, 2, 2}, {})).prepare(mixed),
                       doctest::Contains("1 of 2 passes have a video"), Error);
}
