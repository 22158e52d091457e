#include <doctest/doctest.h>

#include "base/error.h"
#include "models/transformer/batch_splitter.h"
#include "models/transformer/tiled_model.h"
#include "models/transformer/x0_model.h"
#include "transformer_inputs.h"

using namespace ltx;
using namespace ltx::testing;
using namespace ltx::transformer;

namespace {

void check_message(const nlohmann::json& section, ModelType type, std::initializer_list<const char*> parts) {
  try {
    config_of(section, type);
    FAIL("accepted");
  } catch (const Error& e) {
    CHECK(e.status() == Status::ModelConfig);
    for (const char* part : parts) {
      INFO(e.what());
      CHECK(std::string(e.what()).find(part) != std::string::npos);
    }
  }
}

}  // namespace

TEST_CASE("a configuration of another family is refused with file, key, expected and found") {
  check_message(small({{"qk_norm", "layer_norm"}}), ModelType::AudioVideo,
                {"model.safetensors", "config.transformer.qk_norm", "\"rms_norm\"", "\"layer_norm\""});
  check_message(small({{"rope_type", "Split"}}), ModelType::AudioVideo,
                {"rope_type", "interleaved", "\"Split\""});
  check_message(small({{"audio_num_attention_heads", 4}, {"audio_cross_attention_dim", 24}}),
                ModelType::AudioVideo, {"audio_num_attention_heads", "expected 2", "found 4"});
  check_message(small({{"num_layers", 0}}), ModelType::AudioVideo, {"num_layers", "found 0"});
  check_message(small({{"num_layers", 2.5}}), ModelType::AudioVideo, {"num_layers", "2.5"});
  check_message(small({{"num_layers", 1e300}}), ModelType::AudioVideo, {"num_layers", "1e+300"});
  check_message(small({{"norm_eps", "x"}}), ModelType::AudioVideo, {"norm_eps", "positive number"});
  check_message(small({{"attention_head_dim", 11}, {"cross_attention_dim", 22}}), ModelType::AudioVideo,
                {"attention_head_dim", "even"});
  check_message(small({{"cross_attention_dim", 99}}), ModelType::AudioVideo,
                {"cross_attention_dim", "24", "99"});
  check_message(nlohmann::json(), ModelType::AudioVideo, {"config.transformer", "object"});
  auto section = small();
  section.erase("dropout");
  check_message(section, ModelType::AudioVideo, {"dropout", "found nothing"});
  section = small({{"caption_proj_before_connector", false}});
  check_message(section, ModelType::VideoOnly, {"caption_channels", "found nothing"});
  section = small({{"caption_proj_before_connector", false}, {"caption_channels", 7}});
  section.erase("num_attention_heads");
  check_message(section, ModelType::AudioOnly, {"num_attention_heads"});
}

TEST_CASE("numbers and booleans of the configuration compare by value, single streams read their own keys") {
  CHECK_NOTHROW(config_of(small({{"dropout", 0}, {"num_embeds_ada_norm", 1000.0}, {"attention_bias", 1}})));
  auto section = small(
      {{"positional_embedding_theta", 5000}, {"use_prompt_adaln_single", false}, {"audio_ff_bias", false}});
  section.erase("av_cross_ada_norm");
  const auto audio = config_of(section, ModelType::AudioOnly);
  CHECK(audio.theta == 10000.0);
  CHECK(audio.prompt_adaln);
  CHECK(audio.audio->ff_bias);
  const auto video = config_of(section, ModelType::VideoOnly);
  CHECK(video.theta == 5000.0);
  CHECK_FALSE(video.prompt_adaln);
  CHECK_FALSE(video.audio.has_value());
}

TEST_CASE("missing tensors are named") {
  const auto config = config_of(small());
  auto tensors = TransformerWeights(config).tensors;
  tensors.erase("transformer_blocks.1.audio_attn2.to_gate_logits.bias");
  try {
    build(config, tensors);
    FAIL("accepted");
  } catch (const Error& e) {
    CHECK(e.status() == Status::TensorMissing);
    CHECK(std::string(e.what()).find("transformer_blocks.1.audio_attn2.to_gate_logits.bias") !=
          std::string::npos);
  }
}

TEST_CASE("a session gives at every step what a forward of its own gives") {
  const at::NoGradGuard no_grad;
  for (const bool interleaved : {false, true}) {
    const auto config = config_of(small({{"rope_type", interleaved ? "interleaved" : "split"}}));
    const auto model = build(config, TransformerWeights(config).tensors);
    auto video = video_input(2), audio = audio_input(2);
    const auto session = model->open(&video, &audio);
    for (const double factor : {1.0, 0.5}) {
      for (auto* m : {&video, &audio}) {
        m->latent = m->latent * factor;
        m->sigma = m->sigma * factor;
        m->timesteps = m->timesteps * factor;
      }
      audio.enabled = factor == 1.0;
      const auto kept = session->step(&video, &audio, nullptr, Monitor::silent());
      const auto fresh = model->forward(&video, &audio);
      CHECK(at::equal(*kept.video, *fresh.video));
      CHECK(at::equal(*kept.audio, *fresh.audio));
    }
  }
}

TEST_CASE("text kept over the steps changes nothing") {
  const at::NoGradGuard no_grad;
  for (const bool adaln : {false, true}) {
    const auto config =
        config_of(small({{"cross_attention_adaln", adaln}, {"use_prompt_adaln_single", false}}));
    const auto weights = TransformerWeights(config).tensors;
    const auto video = video_input(2), audio = audio_input(2);
    const auto kept = build(config, weights)->forward(&video, &audio);
    const auto plain = build(config, weights, at::kFloat, {.kept_text_bytes = 0})->forward(&video, &audio);
    CHECK(at::equal(*kept.video, *plain.video));
    CHECK(at::equal(*kept.audio, *plain.audio));
  }
}

TEST_CASE("with and without gradients the numbers agree") {
  for (const bool interleaved : {false, true}) {
    for (const auto dtype : {at::kFloat, at::kBFloat16}) {
      const auto config = config_of(small({{"rope_type", interleaved ? "interleaved" : "split"}}));
      const auto model = build(config, TransformerWeights(config, dtype).tensors, dtype);
      const auto video = video_input(2, dtype), audio = audio_input(2, dtype);
      const latents::Perturbations mixed = {
          {{latents::PerturbationType::SkipVideoSelf, std::vector<int64_t>{1}}},
          {{latents::PerturbationType::SkipAudioToVideo, std::nullopt}}};
      for (const auto* perturbations : {static_cast<const latents::Perturbations*>(nullptr), &mixed}) {
        const auto plain = model->forward(&video, &audio, perturbations);
        const at::NoGradGuard no_grad;
        const auto fused = model->forward(&video, &audio, perturbations);
        const double bound = dtype == at::kFloat ? 2e-6 : 2e-2;
        CHECK(distance(*fused.video, *plain.video) < bound);
        CHECK(distance(*fused.audio, *plain.audio) < bound);
      }
    }
  }
}

TEST_CASE("inputs are not written to") {
  const at::NoGradGuard no_grad;
  const auto config = config_of(small());
  auto weights = TransformerWeights(config).tensors;
  std::map<std::string, at::Tensor> copies;
  for (const auto& [name, tensor] : weights) copies[name] = tensor.clone();
  const auto model = build(config, weights);
  const auto video = video_input(1), audio = audio_input(1);
  const auto latent = video.latent.clone(), context = video.context.clone();
  const auto hidden = random({1, 11, 24}, 5), before = hidden.clone();
  model->forward(&video, &audio);
  model->run_blocks(0, 1, {hidden, random({1, 5, 12}, 6)}, &video, &audio, nullptr, Monitor::silent());
  CHECK(at::equal(video.latent, latent));
  CHECK(at::equal(video.context, context));
  CHECK(at::equal(hidden, before));
  for (const auto& weight : weights) {
    INFO(weight.first);
    CHECK(at::equal(weight.second, copies[weight.first]));
  }
}

TEST_CASE("optimizer steps on a tiny transformer lower the loss, and every weight has a gradient") {
  const auto config = config_of(small({{"use_keyframes_abs_pos_embedding", true}}));
  auto parameters = TransformerWeights(config).tensors;
  for (auto& [name, tensor] : parameters) tensor.requires_grad_(true);
  const auto model = build(config, parameters);
  auto video = video_input(2);
  video.keyframes_mask = at::zeros({2, 11, 1});
  video.keyframes_mask->narrow(1, 0, 4).fill_(1);
  const auto audio = audio_input(2);
  const auto video_target = random({2, 11, 6}, 20), audio_target = random({2, 5, 5}, 21);

  double first = 0, last = 0;
  for (int step = 0; step < 12; ++step) {
    const auto out = model->forward(&video, &audio);
    const auto loss = at::mse_loss(*out.video, video_target) + at::mse_loss(*out.audio, audio_target);
    loss.backward();
    last = loss.item<double>();
    if (step == 0) first = last;
    const at::NoGradGuard no_grad;
    for (auto& parameter : parameters) {
      INFO(parameter.first);
      auto& tensor = parameter.second;
      REQUIRE(tensor.grad().defined());
      if (step == 0) CHECK(tensor.grad().abs().max().item<double>() > 0);
      tensor.sub_(0.02 * tensor.grad());
      tensor.mutable_grad().reset();
    }
  }
  INFO("loss ", first, " -> ", last);
  CHECK(last < 0.7 * first);
}

TEST_CASE("one broadcast noise level equals the same level for every token") {
  const at::NoGradGuard no_grad;
  const auto config = config_of(small());
  const auto model = build(config, TransformerWeights(config).tensors);
  auto video = video_input(2);
  const auto audio = audio_input(2);
  video.timesteps = video.sigma.view({2, 1, 1});
  const auto broadcast = model->forward(&video, &audio);
  video.timesteps = video.timesteps.expand({2, 11, 1}).contiguous();
  CHECK(distance(*model->forward(&video, &audio).video, *broadcast.video) < 1e-6);
}

TEST_CASE("a disabled stream keeps its state and still informs the other") {
  const at::NoGradGuard no_grad;
  const auto config = config_of(small());
  const auto model = build(config, TransformerWeights(config).tensors);
  const auto video = video_input(1);
  auto audio = audio_input(1);
  audio.enabled = false;
  const auto x = random({1, 11, 24}, 1), a = random({1, 5, 12}, 2);
  const auto out = model->run_blocks(0, 2, {x, a}, &video, &audio, nullptr, Monitor::silent());
  CHECK(at::equal(*out.audio, a));
  const auto other = model->run_blocks(0, 2, {x, a + 1}, &video, &audio, nullptr, Monitor::silent());
  CHECK(distance(*other.video, *out.video) > 1e-4);
}

TEST_CASE("a strength of zero removes a key; a mask of ones is no mask") {
  const at::NoGradGuard no_grad;
  const auto config = config_of(small(), ModelType::VideoOnly);
  const auto model = build(config, TransformerWeights(config).tensors);
  auto video = video_input(1);
  const auto plain = *model->forward(&video, nullptr).video;
  video.attention_mask = at::ones({1, 11, 11});
  CHECK(distance(*model->forward(&video, nullptr).video, plain) < 1e-6);
  video.attention_mask->select(2, 3).fill_(0);
  video.attention_mask->select(1, 3).fill_(1);
  const auto masked = *model->forward(&video, nullptr).video;
  video.latent.select(1, 3).add_(5);
  auto changed = *model->forward(&video, nullptr).video;
  const auto others = at::tensor({0, 1, 2, 4, 5, 6, 7, 8, 9, 10}, at::kLong);
  CHECK(distance(changed.index_select(1, others), masked.index_select(1, others)) < 1e-6);
  CHECK(distance(masked, plain) > 1e-3);
}

TEST_CASE("a batch split into single samples equals the whole; a broadcast field cannot be split") {
  const at::NoGradGuard no_grad;
  const auto config = config_of(small());
  const std::shared_ptr<const Model> model = build(config, TransformerWeights(config).tensors);
  auto video = video_input(3);
  const auto audio = audio_input(3);
  const latents::Perturbations perturbations = {{},
                                                {{latents::PerturbationType::SkipVideoSelf, std::nullopt}},
                                                {{latents::PerturbationType::SkipVideoToAudio, {}}}};
  const auto whole = model->forward(&video, &audio, &perturbations);
  const auto split = BatchSplitter(model, 1).forward(&video, &audio, &perturbations);
  CHECK(distance(*split.video, *whole.video) < 1e-6);
  CHECK(distance(*split.audio, *whole.audio) < 1e-6);
  video.attention_mask = at::ones({1, 1, 11});
  CHECK_THROWS_WITH_AS(BatchSplitter(model, 2).open(&video, &audio),
                       doctest::Contains("attention_mask has batch 1"), Error);
  CHECK_THROWS_WITH_AS(BatchSplitter(model, 0), doctest::Contains("expected at least 1"), Error);
}

TEST_CASE("one tile equals no tiling; a constant field survives cutting and blending") {
  const at::NoGradGuard no_grad;
  const auto config = config_of(small());
  const std::shared_ptr<const Model> model = build(config, TransformerWeights(config).tensors);
  const auto video = video_input(1), audio = audio_input(1);
  const auto plain = model->forward(&video, &audio);
  const auto tiled = TiledModel(model, TokenTiling({2, 2, 2}, {}, false)).forward(&video, &audio);
  CHECK(distance(*tiled.video, *plain.video) < 1e-6);
  CHECK(distance(*tiled.audio, *plain.audio) < 1e-6);

  const TokenTiling tiling({9, 1, 6}, {AxisTiling{3, 1}, AxisTiling{}, AxisTiling{2, 2}});
  auto sum = at::zeros({1, 54, 2});
  for (const auto& tile : tiling.select(at::rand({1, 3, 54, 2})))
    blend(sum, at::ones({1, tile.keep.numel(), 2}), tile);
  CHECK(at::allclose(sum, at::ones_like(sum)));
  CHECK_THROWS_WITH_AS(tile_axis(3, {4, 0}, "width"), doctest::Contains("width"), Error);
  CHECK_THROWS_AS(tile_axis(5, {2, 5}, "width"), Error);
}

TEST_CASE("a token at noise level zero keeps its latent exactly") {
  const at::NoGradGuard no_grad;
  const auto config = config_of(small());
  const auto model = X0Model(build(config, TransformerWeights(config).tensors));
  const auto video = video_input(2), audio = audio_input(2);
  const auto out = model.forward(&video, &audio);
  CHECK(at::equal(out.video->narrow(1, 8, 2), video.latent.narrow(1, 8, 2)));
  CHECK_FALSE(at::equal(out.video->narrow(1, 0, 8), video.latent.narrow(1, 0, 8)));
}

TEST_CASE("a cancelled request stops before the next block") {
  struct Impatient : Monitor {
    mutable int left = 1;
    bool cancelled() const override { return left-- == 0; }
  } monitor;
  const auto config = config_of(small());
  const auto model = build(config, TransformerWeights(config).tensors);
  const auto video = video_input(1);
  try {
    model->forward(&video, nullptr, nullptr, monitor);
    FAIL("ran to the end");
  } catch (const Error& e) {
    CHECK(e.status() == Status::Cancelled);
  }
}

TEST_CASE("wrong inputs are named") {
  const auto config = config_of(small()), video_config = config_of(small(), ModelType::VideoOnly);
  const auto model = build(config, TransformerWeights(config).tensors);
  const auto video_model = build(video_config, TransformerWeights(video_config).tensors);
  const auto video = video_input(2), audio = audio_input(2);
  CHECK_THROWS_WITH_AS(model->forward(nullptr, nullptr), doctest::Contains("Neither video nor audio"), Error);
  CHECK_THROWS_WITH_AS(video_model->forward(&video, &audio), doctest::Contains("built without it"), Error);
  const auto broken = [&](auto change) {
    auto changed = video;
    change(changed);
    model->forward(&changed, &audio);
  };
  CHECK_THROWS_WITH_AS(broken([](auto& m) { m.sigma = at::ones({3}); }), doctest::Contains("noise level"),
                       Error);
  CHECK_THROWS_WITH_AS(broken([](auto& m) {
                         m.timesteps = at::ones({2, 4, 1});
                       }),
                       doctest::Contains("timesteps"), Error);
  CHECK_THROWS_WITH_AS(broken([](auto& m) { m.positions = m.positions.narrow(1, 0, 2); }),
                       doctest::Contains("axes"), Error);
  CHECK_THROWS_WITH_AS(broken([](auto& m) { m.positions = m.positions.select(3, 0); }),
                       doctest::Contains("[B, n, T, 2]"), Error);
  CHECK_THROWS_WITH_AS(broken([](auto& m) { m.latent = m.latent.narrow(1, 0, 0); }),
                       doctest::Contains("at least one token"), Error);
  CHECK_THROWS_WITH_AS(broken([](auto& m) { m.context = m.context.narrow(2, 0, 8); }),
                       doctest::Contains("text context"), Error);
  const latents::Perturbations one(1);
  CHECK_THROWS_WITH_AS(model->forward(&video, &audio, &one), doctest::Contains("one list per sample"), Error);
}
