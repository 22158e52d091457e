// Denoisers, conditionings and whole stages: what goldens miss.
#include "diffusion/schedule.h"
#include "diffusion/stage.h"
#include "diffusion_stubs.h"
#include "latents/patchify.h"

#include "expect_error.h"  // last: the macros of the test framework replace those of the tensor library

using namespace ltx;
using namespace ltx::diffusion;

namespace {

constexpr int64_t kFeatures = 128;

at::Tensor context(double value) {
  return at::full({1, 2, kFeatures}, value, at::kFloat);
}

Contexts positive() {
  return {context(0.3), context(-0.2)};
}

StageSpec small_stage(at::ScalarType dtype = at::kFloat) {
  StageSpec spec;
  spec.frames = 17;
  spec.height = 32;
  spec.width = 64;
  spec.video.emplace();
  spec.audio.emplace();
  spec.sigmas = fixed_schedule("STAGE_2_DISTILLED");
  spec.dtype = dtype;
  return spec;
}

struct Outcome {
  StageResult result;
  at::Tensor next_draw;
};

Outcome run(const StageSpec& spec, uint64_t seed = 7, Monitor& monitor = Monitor::silent()) {
  StubModel network;
  network.keyframe_slots = true;
  SimpleDenoiser denoiser(positive());
  GeneratorNoise noise(at::kCPU, seed);
  auto result = run_stage(spec, network, denoiser, {.noise = noise, .monitor = monitor});
  const std::vector<int64_t> shape = {4};
  NoiseRequest request;
  request.shape = shape;
  return {std::move(result), noise.normal(request)};
}

at::Tensor random_latent(at::IntArrayRef shape, at::ScalarType dtype = at::kFloat) {
  GeneratorNoise noise(at::kCPU, 99);
  NoiseRequest request;
  request.shape = shape;
  request.dtype = dtype;
  return noise.normal(request);
}

const latents::Target kVideo = latents::VideoTarget{{1, 8, 3, 2, 2}, 24};
const latents::Target kAudio = latents::AudioTarget{{1, 2, 5, 4}};
latents::State state_of(const latents::Target& target, at::ScalarType dtype = at::kFloat) {
  return latents::initial_state(target, dtype, at::kCPU);
}

}  // namespace

TEST_CASE("the same seed gives the same bits, another one does not") {
  for (const auto dtype : {at::kFloat, at::kBFloat16})
    for (const Loop& loop : {Loop(EulerLoop{}), Loop(AncestralLoop{}), Loop(Res2sLoop{})}) {
      auto spec = small_stage(dtype);
      spec.loop = loop;
      const auto a = run(spec), b = run(spec), c = run(spec, 8);
      CHECK(at::equal(*a.result.video, *b.result.video));
      CHECK(at::equal(*a.result.audio, *b.result.audio));
      CHECK(!at::equal(*a.result.video, *c.result.video));
      CHECK(at::equal(a.next_draw, b.next_draw));
      CHECK((a.result.video->scalar_type() == dtype));
      CHECK(a.result.video->sizes() == at::IntArrayRef({1, 128, 3, 1, 2}));
      CHECK(a.result.audio->sizes() == at::IntArrayRef({1, 8, 18, 16}));
    }
}

TEST_CASE("the mask of a single token changes the result") {
  const auto run_masked = [](double kept) {
    auto spec = small_stage();
    auto mask = at::zeros({1, 3, 1, 2});
    mask[0][2][0][1] = kept;
    spec.video->conditionings = {MaskedLatent{random_latent({1, 128, 3, 1, 2}), mask, 1}};
    return *run(spec).result.video;
  };
  const auto free = run_masked(0), kept = run_masked(1);
  CHECK(!at::equal(free, kept));
  CHECK(
      at::equal(kept.select(2, 2).select(3, 1), random_latent({1, 128, 3, 1, 2}).select(2, 2).select(3, 1)));
}

TEST_CASE("what is conditioned fully stays clean to the bit") {
  for (const Loop& loop :
       {Loop(EulerLoop{}), Loop(AncestralLoop{}), Loop(Res2sLoop{}), Loop(GradientEstimationLoop{})}) {
    auto spec = small_stage(at::kBFloat16);
    spec.loop = loop;
    const auto image = random_latent({1, 128, 1, 1, 2}, at::kBFloat16);
    const auto speech = random_latent({1, 8, 18, 16}, at::kBFloat16);
    spec.video->conditionings = {ReplaceFrames{image, 1, 0}};
    spec.audio->initial = speech;
    spec.audio->frozen = true;
    spec.audio->noise_scale = 0;
    const auto result = run(spec).result;
    CHECK(at::equal(result.video->narrow(2, 0, 1), image));
    CHECK(at::equal(*result.audio, speech));
  }
}

TEST_CASE("every stream draws once, whatever becomes of the noise") {
  auto spec = small_stage();
  const auto reference = run(spec).next_draw;
  spec.audio->noise_scale = 0;
  spec.audio->frozen = true;
  spec.video->noise_scale = 0;
  CHECK(at::equal(run(spec).next_draw, reference));
  spec.audio.reset();
  CHECK(!at::equal(run(spec).next_draw, reference));
}

TEST_CASE("noise fills what the mask opens and nothing else") {
  auto state = state_of(kVideo, at::kBFloat16);
  state.clean_latent = random_latent({1, 12, 8}, at::kBFloat16);
  state.denoise_mask.narrow(1, 0, 5).zero_();
  GeneratorNoise source(at::kCPU, 3), twin(at::kCPU, 3);
  const auto noised = add_noise(state, 1, source, {});
  NoiseRequest request;
  request.shape = state.latent.sizes();
  const auto noise = twin.normal(request);
  CHECK(at::equal(noised.latent.narrow(1, 0, 5), state.clean_latent.narrow(1, 0, 5)));
  CHECK(at::equal(noised.latent.narrow(1, 5, 7), noise.narrow(1, 5, 7)));
}

TEST_CASE("a recorded noise of the wrong size is refused") {
  class Short : public NoiseSource {
    at::Tensor normal(const NoiseRequest& request) override {
      return at::zeros({1, request.shape[1] - 1, request.shape[2]});
    }
    std::unique_ptr<NoiseSource> fork(const at::Device&, uint64_t) const override { return nullptr; }
  } source;
  expect_error(Status::TensorMismatch, "noise of stage 1 has 11 tokens, expected 12",
               [&] { add_noise(state_of(kVideo), 1, source, {}); });
}

TEST_CASE("a refused stage draws nothing and says why") {
  const auto refused = [](Status status, const char* why, const StageSpec& spec, bool slots = true) {
    StubModel network;
    network.keyframe_slots = slots;
    SimpleDenoiser denoiser(positive());
    GeneratorNoise noise(at::kCPU, 7), fresh(at::kCPU, 7);
    expect_error(status, why, [&] { run_stage(spec, network, denoiser, {.noise = noise}); });
    const std::vector<int64_t> shape = {4};
    NoiseRequest request;
    request.shape = shape;
    CHECK(at::equal(noise.normal(request), fresh.normal(request)));
    CHECK(network.calls == 0);
  };
  auto spec = small_stage();
  spec.video->conditionings = {with_attention_strength(KeyframeSlots{{4}, {}}, 0.5)};
  refused(Status::Unsupported, "no keyframe embedding", spec, false);
  spec.video->conditionings = {KeyframeSlots{{4}, {}}, KeyframeSlots{{8}, {}}};
  refused(Status::InvalidArgument, "two lists of generated keyframes", spec);
  spec = small_stage();
  spec.audio->initial = at::zeros({1, 8, 17, 16});
  refused(Status::TensorMismatch, "initial audio latent has shape [1, 8, 17, 16], expected [1, 8, 18, 16]",
          spec);
  spec = small_stage();
  spec.video.reset();
  spec.audio.reset();
  refused(Status::InvalidArgument, "neither video nor audio", spec);
  spec = small_stage();
  spec.sigmas = at::tensor({0.5f, 0.7f, 0.0f});
  refused(Status::InvalidArgument, "Levels must decrease", spec);
  spec = small_stage();
  spec.max_batch_size = 0;
  refused(Status::InvalidArgument, "largest batch of the network is 0", spec);
  spec = small_stage();
  spec.audio->conditionings = {KeyframeGuidance{at::zeros({1, 8, 1, 1, 1}), 0, 1, 1}};
  refused(Status::InvalidArgument, "cannot condition audio", spec);
}

TEST_CASE("a stage can be cancelled at any call of the network, and reports its steps") {
  struct Stopper : Monitor {
    mutable int asked = 0;
    int allowed = 2;
    std::vector<Progress> reports;
    bool cancelled() const override { return asked++ >= allowed; }
    void progress(const Progress& p) override { reports.push_back(p); }
  } monitor;
  expect_error(Status::Cancelled, "", [&] { run(small_stage(), 7, monitor); });
  CHECK(monitor.reports.size() == 3);
  CHECK(monitor.reports[1].phase == Phase::Denoise);
  CHECK(monitor.reports[1].step == 2);
  CHECK(monitor.reports[1].step_count == 3);
  CHECK(monitor.reports[1].sigma == doctest::Approx(0.725));
}

TEST_CASE("guidance that does nothing is the simple denoiser; batching changes nothing") {
  const auto guided = [](const GuiderParams& params, int64_t max_batch_size, StubModel& network) {
    auto spec = small_stage();
    spec.max_batch_size = max_batch_size;
    GuidedDenoiser denoiser(positive(), StreamGuidance{params, context(-0.5)},
                            StreamGuidance{params, context(0.6)});
    GeneratorNoise noise(at::kCPU, 7);
    return run_stage(spec, network, denoiser, {.noise = noise});
  };
  StubModel neutral;
  CHECK(at::equal(*guided({}, 1, neutral).video, *run(small_stage()).result.video));
  CHECK(neutral.calls == 3);

  const GuiderParams all{.cfg_scale = 3,
                         .stg_scale = 1,
                         .rescale_scale = 0.7,
                         .modality_scale = 3,
                         .skip_step = 0,
                         .stg_blocks = {1}};
  StubModel one, two, three, eight;
  const auto reference = guided(all, 1, one);
  CHECK(one.calls == 12);
  CHECK(one.largest == 1);
  for (const auto& [size, network, calls] : {std::tuple{2, &two, 6}, {3, &three, 6}, {8, &eight, 3}}) {
    const auto result = guided(all, size, *network);
    CHECK(at::equal(*result.video, *reference.video));
    CHECK(at::equal(*result.audio, *reference.audio));
    CHECK(network->calls == calls);
    CHECK(network->samples == 12);
    // What is constant over the steps reaches the network as the same tensor.
    for (size_t i = calls / 3; i < network->contexts.size(); ++i)
      CHECK(network->contexts[i].is_same(network->contexts[i - calls / 3]));
  }
  CHECK(three.largest == 3);
}

TEST_CASE("skipped steps save calls only where both streams skip") {
  const auto calls_with = [](int64_t video_skip, int64_t audio_skip) {
    StubModel network;
    GuiderParams video, audio;
    video.skip_step = video_skip;
    audio.skip_step = audio_skip;
    GuidedDenoiser denoiser(positive(), StreamGuidance{video, {}}, StreamGuidance{audio, {}});
    GeneratorNoise noise(at::kCPU, 7);
    auto spec = small_stage();
    spec.sigmas = fixed_schedule("DISTILLED");
    CHECK(run_stage(spec, network, denoiser, {.noise = noise}).evaluations == 8);
    return network.calls;
  };
  CHECK(calls_with(0, 0) == 8);
  CHECK(calls_with(1, 0) == 8);
  CHECK(calls_with(1, 1) == 4);
  CHECK(calls_with(1, 2) == 5);  // the video needs steps 0, 2, 4, 6, the audio 0, 3, 6
}

TEST_CASE("CFG++ cannot run over a skipped step") {
  StubModel network;
  GuiderParams params;
  params.cfg_scale = 2;
  params.skip_step = 1;
  GuidedDenoiser denoiser(positive(), StreamGuidance{params, context(0)}, StreamGuidance{params, context(0)});
  GeneratorNoise noise(at::kCPU, 7);
  auto spec = small_stage();
  spec.loop = CfgPlusPlusLoop{};
  expect_error(Status::InvalidArgument, "CFG++ needs the unconditional prediction of the video stream",
               [&] { run_stage(spec, network, denoiser, {.noise = noise}); });
}

TEST_CASE("contexts that are missing or do not fit are refused") {
  StubModel network;
  X0Model model(network, 1, Monitor::silent());
  const auto sigmas = fixed_schedule("STAGE_2_DISTILLED");
  const Streams streams{latents::initial_state(latents::VideoTarget{{1, 128, 1, 1, 2}}, at::kFloat, at::kCPU),
                        std::nullopt};
  GuiderParams cfg;
  cfg.cfg_scale = 2;
  const auto refused = [&](Status status, const char* why, Denoiser&& denoiser) {
    expect_error(status, why, [&] { denoiser(model, streams, sigmas, 0); });
  };
  refused(Status::InvalidArgument, "video stream has no text context", SimpleDenoiser({}));
  refused(Status::InvalidArgument, "video stream has no text context",
          GuidedDenoiser({}, std::nullopt, std::nullopt));
  refused(Status::InvalidArgument, "no negative context",
          GuidedDenoiser(positive(), StreamGuidance{cfg, {}}, std::nullopt));
  refused(Status::InvalidArgument, "no negative context",
          GuidedDenoiser(positive(), std::nullopt, std::nullopt, true));
  refused(Status::TensorMismatch, "has 3 tokens, the positive one 2",
          GuidedDenoiser(positive(), StreamGuidance{cfg, at::zeros({1, 3, kFeatures})}, std::nullopt));
  // A pass that only the other stream asks for takes the positive context.
  GuidedDenoiser audio_guided(positive(), std::nullopt, StreamGuidance{cfg, context(0)});
  CHECK_NOTHROW(audio_guided(model, streams, sigmas, 0));
  GuiderParams skipping;
  skipping.skip_step = 1;
  GuidedDenoiser late(positive(), StreamGuidance{skipping, {}}, std::nullopt);
  expect_error(Status::InvalidArgument, "before any prediction", [&] { late(model, streams, sigmas, 1); });
}

TEST_CASE("attention between groups of tokens is the table of the specification") {
  const latents::Target target = latents::VideoTarget{{1, 8, 2, 1, 1}, 24};
  auto state = apply(KeyframeGuidance{at::zeros({1, 8, 1, 1, 1}), 8, 1, 1}, state_of(target), target);
  CHECK(!state.attention_mask);
  state =
      apply(with_attention_strength(ReferenceVideo{at::zeros({1, 8, 2, 1, 1})}, at::tensor({0.5f, 0.25f})),
            state, target);
  const auto expected = at::tensor({1.f, 1.f, 1.f, .5f, .25f, 1.f, 1.f, 1.f,  .5f,  .25f, 1.f, 1.f, 1.f,
                                    0.f, 0.f, .5f, .5f, 0.f,  1.f, 1.f, .25f, .25f, 0.f,  1.f, 1.f})
                            .view({1, 5, 5});
  CHECK(at::equal(*state.attention_mask, expected));
}

TEST_CASE("strength 0.9 leaves a bf16 number in appended tokens and a float32 one in place") {
  const auto appended = apply(KeyframeGuidance{at::zeros({1, 8, 1, 2, 2}, at::kBFloat16), 9, 0.9, 1},
                              state_of(kVideo, at::kBFloat16), kVideo);
  CHECK(appended.denoise_mask[0][12][0].item<float>() == 0.10009765625f);
  const auto replaced =
      apply(ReplaceFrames{at::zeros({1, 8, 1, 2, 2}, at::kBFloat16), 0.9, 0}, state_of(kVideo), kVideo);
  CHECK(replaced.denoise_mask[0][0][0].item<float>() == 0.1f);
}

TEST_CASE("an item never changes the state it is given") {
  const auto state = state_of(kVideo);
  const auto mask = state.denoise_mask.clone(), clean = state.clean_latent.clone();
  apply(ReplaceFrames{at::ones({1, 8, 1, 2, 2}), 1, 1}, state, kVideo);
  apply(MaskedLatent{at::ones({1, 8, 3, 2, 2}), at::ones({1, 3, 2, 2}), 1}, state, kVideo);
  CHECK(at::equal(state.denoise_mask, mask));
  CHECK(at::equal(state.clean_latent, clean));
}

TEST_CASE("items that do not fit are refused") {
  const auto refused = [](Status status, const char* why, const Conditioning& item,
                          const latents::Target& target = kVideo) {
    expect_error(status, why, [&] { apply(item, state_of(target), target); });
  };
  refused(Status::TensorMismatch, "1x2 latent cells", ReplaceFrames{at::zeros({1, 8, 1, 1, 2}), 1, 0});
  refused(Status::TensorMismatch, "expected [1, 8, f, h, w]",
          ReplaceFrames{at::zeros({1, 4, 1, 2, 2}), 1, 0});
  refused(Status::InvalidArgument, "latent frames 3 to 3 are not in a video of 3",
          ReplaceFrames{at::zeros({1, 8, 1, 2, 2}), 1, 3});
  refused(Status::TensorMismatch, "a reference video has a latent",
          ReferenceVideo{at::zeros({2, 8, 1, 2, 2})});
  refused(Status::InvalidArgument, "downscale factor 0", ReferenceVideo{at::zeros({1, 8, 1, 2, 2}), 0});
  refused(Status::TensorMismatch, "mask of a latent has shape [1, 3, 2]",
          MaskedLatent{at::zeros({1, 8, 3, 2, 2}), at::ones({1, 3, 2}), 1});
  refused(Status::InvalidArgument, "keyframe 17 is not in a clip of 17 frames", KeyframeSlots{{17}, {}});
  refused(Status::InvalidArgument, "cannot condition video",
          ReferenceAudio{at::zeros({1, 2, 8}), at::zeros({1, 1, 2, 2}), 1});
  refused(Status::TensorMismatch, "expected [1, 1, 2, 2]",
          ReferenceAudio{at::zeros({1, 2, 8}), at::zeros({1, 1, 3, 2}), 1}, kAudio);
  refused(Status::InvalidArgument, "cannot condition audio", KeyframeSlots{{4}, {}}, kAudio);

  const auto longer = apply(KeyframeGuidance{at::zeros({1, 8, 1, 2, 2}), 9, 1, 1}, state_of(kVideo), kVideo);
  expect_error(Status::InvalidArgument, "Put it first", [&] {
    apply(MaskedLatent{at::zeros({1, 8, 3, 2, 2}), at::ones({1, 3, 2, 2}), 1}, longer, kVideo);
  });
  expect_error(Status::InvalidArgument, "Put it first", [&] {
    apply(TemporalRegion{0, 1, 24}, longer, kVideo);
  });
  expect_error(Status::InvalidArgument, "mask video has 4 frames for a reference of 3", [] {
    attention_weights_of_mask(at::ones({1, 1, 4, 8, 8}), {1, 8, 3, 2, 2}, 1);
  });
}

TEST_CASE("generated keyframes come back wherever their tokens lie") {
  auto spec = small_stage();
  const auto reference = ReferenceVideo{random_latent({1, 128, 2, 1, 2})};
  spec.video->conditionings = {reference, KeyframeSlots{{4, 12}, {}}, reference};
  const auto result = run(spec).result;
  REQUIRE(result.generated_keyframes);
  CHECK(result.generated_keyframes->sizes() == at::IntArrayRef({1, 128, 2, 1, 2}));
  spec.video->conditionings = {};
  CHECK(!run(spec).result.generated_keyframes);
}
