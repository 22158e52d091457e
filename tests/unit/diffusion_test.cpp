// Schedules, single steps, loops by their scalar traces, guidance.
#include "diffusion/beta_distribution.h"
#include "diffusion/canvas.h"
#include "diffusion/parameters.h"
#include "diffusion/schedule.h"
#include "diffusion/steps.h"
#include "diffusion_stubs.h"

#include "expect_error.h"  // last: the macros of the test framework replace those of the tensor library

using namespace ltx;
using namespace ltx::diffusion;

namespace {

const auto kSigmas = at::tensor({0.909375f, 0.725f, 0.421875f, 0.0f});

/// x after each evaluated step, and at the end.
std::vector<double> trace(const Loop& loop, double mask = 1, double clean = 0) {
  StubModel unused;
  X0Model model(unused, 1, Monitor::silent());
  AffineDenoiser denoiser;
  ConstantNoise noise(
      {{Purpose::Step, std::holds_alternative<Res2sLoop>(loop) ? -0.1 : 0.2}, {Purpose::Substep, 0.2}});
  Trace observer;
  const auto done = run_loop(loop, kSigmas, {one_token(1, mask, clean), std::nullopt}, denoiser, model,
                             {.noise = noise, .observer = &observer});
  CHECK(done.evaluations == denoiser.calls);
  std::vector<double> values;
  // res_2s sees midpoints in between: only every second evaluation begins a step.
  const size_t stride = std::holds_alternative<Res2sLoop>(loop) ? 2 : 1;
  for (size_t i = stride; i < observer.latents.size(); i += stride)
    values.push_back(observer.latents[i].item<float>());
  values.push_back(done.streams.video->latent.item<float>());
  return values;
}

void check_trace(const std::vector<double>& actual, const std::vector<double>& expected) {
  REQUIRE(actual.size() == expected.size());
  for (size_t i = 0; i < actual.size(); ++i) CHECK(actual[i] == doctest::Approx(expected[i]).epsilon(1e-5));
}

}  // namespace

TEST_CASE("loops follow the scalar traces of the specification") {
  const auto plain = [](double eta) {
    Res2sLoop loop;
    loop.noise = SamplerNoise::Plain;
    loop.eta = eta;
    return loop;
  };
  check_trace(trace(EulerLoop{}), {.9493127, .8553831, .6776916});
  check_trace(trace(EulerLoop{}, 0.3, 2), {1.1267182, 1.3429987, 1.6764498});
  check_trace(trace(GradientEstimationLoop{2}), {.9493127, .8447869, .6723934});
  check_trace(trace(AncestralLoop{.eta = 1}), {.7161981, .5695097, .5347549});
  check_trace(trace(AncestralLoop{.eta = 0.5}), {.8354017, .7076632, .6038316});
  check_trace(trace(AncestralLoop{.eta = 1}, 0.3, 2), {1.6771933, 1.8156969, 1.7473545});
  check_trace(trace(CfgPlusPlusLoop{.eta = 1}), {.5461268, .4573315, .4786657});
  check_trace(trace(CfgPlusPlusLoop{.eta = 0}), {.9673754, .9091531, .7045766});
  check_trace(trace(plain(0.5)), {.7837930, .6463502, .5153912, .5076956});
  check_trace(trace(plain(0)), {.9162570, .8137917, .5327021, .5163511});
  check_trace(trace(plain(0.5), 0.3, 2), {1.8569637, 1.9070856, 1.9299937, 1.7644990});
  auto without_refinement = plain(0.5);
  without_refinement.bongmath = false;
  check_trace(trace(without_refinement), {.8072203, .6621447, .5170022, .5085011});
}

TEST_CASE(
    "ancestral noise is drawn for video, then audio, on every step but the last; res_2s evaluates 2N + 1 "
    "times") {
  StubModel unused;
  X0Model model(unused, 1, Monitor::silent());
  AffineDenoiser denoiser;
  ConstantNoise noise({{Purpose::Step, 0}, {Purpose::Substep, 0}});
  const Streams streams{one_token(1, 1, 0), one_token(1, 1, 0)};
  run_loop(AncestralLoop{}, kSigmas, streams, denoiser, model, {.noise = noise});
  const std::vector<Stream> twice = {Stream::Video, Stream::Audio, Stream::Video, Stream::Audio};
  CHECK((*noise.asked == twice));
  noise.asked->clear();
  run_loop(AncestralLoop{.eta = 0}, kSigmas, streams, denoiser, model, {.noise = noise});
  CHECK(noise.asked->empty());
  Res2sLoop res2s;
  res2s.noise = SamplerNoise::Plain;
  CHECK(run_loop(res2s, kSigmas, streams, denoiser, model, {.noise = noise}).evaluations == 7);
  CHECK(noise.asked->size() == 12);
  CHECK(run_loop(res2s, kSigmas.narrow(0, 0, 3), streams, denoiser, model, {.noise = noise}).evaluations ==
        4);
}

TEST_CASE("ancestral steps without eta are Euler steps in float32") {
  const auto x = at::randn({1, 6, 8}), d = at::randn({1, 6, 8});
  const SigmaPair sigma{0.725f, 0.421875f};
  CHECK(at::allclose(ancestral_step(x, d, sigma, 0, 1, std::nullopt), euler_step(x, d, sigma), 1e-5, 1e-6));
  expect_error(Status::InvalidArgument, "has no noise",
               [&] { ancestral_step(x, d, sigma, 0.5, 1, std::nullopt); });
  expect_error(Status::InvalidArgument, "noise level 0", [&] { to_velocity(x, 0, d); });
  expect_error(Status::InvalidArgument, "step 3 is not in a schedule of 4", [] { sigma_pair(kSigmas, 3); });
}

TEST_CASE("schedules that no loop can run are refused") {
  expect_error(Status::InvalidArgument, "schedule has 1 steps", [] { ltx2_schedule(1); });
  expect_error(Status::InvalidArgument, "for 60000 tokens", [] { ltx2_schedule(30, {.tokens = 60000}); });
  expect_error(Status::InvalidArgument, "for 42000 tokens", [] { ltx2_schedule(15, {.tokens = 42000}); });
  CHECK_NOTHROW(ltx2_schedule(15, {.tokens = 36000}));
  expect_error(Status::InvalidArgument, "no fixed schedule 'FAST'", [] { fixed_schedule("FAST"); });
  expect_error(Status::InvalidArgument, "9 of 8 steps",
               [] { linear_quadratic_schedule(8, {.linear_steps = 9}); });
  expect_error(Status::InvalidArgument, "alpha 0", [] { beta_schedule(4, 0, 0.6); });
  const auto refused = [](const at::Tensor& sigmas, const char* why) {
    expect_error(Status::InvalidArgument, why, [&] { check_schedule(sigmas, "it"); });
  };
  refused(at::tensor({1.0f}), "two or more");
  refused(at::tensor({1.0f, 0.5f}).view({1, 2}), "two or more");
  refused(at::tensor({2, 1}, at::kLong), "two or more");
  refused(at::Tensor(), "two or more");
  refused(at::tensor({1.0f, 0.5f, 0.5f}), "noise level 0.5 at index 2 after 0.5");
  refused(at::tensor({1.0f, -0.5f}), "noise level -0.5");
  refused(at::tensor({1.0f, NAN, 0.0f}), "nan at index 1");
  CHECK_NOTHROW(check_schedule(fixed_schedule("DISTILLED"), "it"));
}

TEST_CASE("a linear schedule may be linear to its end") {
  const auto sigmas = linear_quadratic_schedule(4, {.threshold_noise = 0.2, .linear_steps = 4});
  CHECK(at::allclose(sigmas, at::tensor({1.0f, 0.95f, 0.9f, 0.85f, 0.0f})));
}

TEST_CASE("the beta quantile inverts the distribution") {
  for (const auto& [alpha, beta] : {std::pair{0.6, 0.6}, {2.0, 5.0}, {0.3, 4.0}})
    for (const double p : {0.001, 0.25, 0.5, 0.9, 0.9999})
      CHECK(beta_distribution(inverse_beta_distribution(p, alpha, beta), alpha, beta) ==
            doctest::Approx(p).epsilon(1e-9));
  CHECK(beta_distribution(0.3, 1, 1) == doctest::Approx(0.3));
  CHECK(beta_distribution(0.3, 2, 1) == doctest::Approx(0.09));
}

TEST_CASE("guidance by noise level needs a row") {
  expect_error(Status::InvalidArgument, "empty",
               [] { GuidanceByNoise(std::vector<std::pair<double, GuiderParams>>{}); });
}

TEST_CASE("the guided prediction of the specification's example") {
  const auto row = [](std::vector<float> values) { return at::tensor(values).view({1, 1, 4}); };
  const Passes passes{row({1, 2, 3, 4}), row({.5, 1, 2, 2}), row({1, 1.5, 3, 3}), row({.8, 2, 2.5, 4.5})};
  GuiderParams guider{.cfg_scale = 3,
                      .stg_scale = 1,
                      .rescale_scale = 0,
                      .modality_scale = 3,
                      .skip_step = 0,
                      .stg_blocks = {}};
  CHECK(at::allclose(combine(guider, passes), row({2.4, 4.5, 6, 8})));
  guider.rescale_scale = 0.7;
  CHECK(at::allclose(combine(guider, passes), row({1.6363106, 3.0680824, 4.0907766, 5.4543688})));
}

TEST_CASE("canvases and tiles of fidelity rendering") {
  for (const auto& [frames, padded, segment] : {std::tuple{9, 25, 24},
                                                {25, 25, 24},
                                                {33, 33, 32},
                                                {41, 49, 24},
                                                {57, 65, 32},
                                                {161, 161, 32},
                                                {193, 193, 32},
                                                {241, 241, 24}}) {
    const auto canvas = keyframe_canvas(frames);
    CHECK(canvas.frames == padded);
    CHECK(canvas.segment == segment);
    CHECK(canvas.positions.back() == padded - 1);
  }
  expect_error(Status::InvalidArgument, "canvas of 1 frames", [] { keyframe_canvas(1); });
  std::vector<int64_t> seams;
  for (int64_t seam = 48; seam <= 480; seam += 48) seams.push_back(seam);
  const auto tiles = temporal_tiles(seams, 481, 4);
  REQUIRE(tiles.size() == 4);
  CHECK(tiles[1].pixel_start == 96);
  CHECK(tiles[1].pixel_end == 288);
  CHECK(tiles[3].latent_start == 42);
  CHECK(tiles[3].latent_end == 61);
  CHECK(tiles[2].dropped_prefix == 7);
  expect_error(Status::InvalidArgument, "do not end at frame 48", [] { temporal_tiles({24}, 49, 1); });
  expect_error(Status::InvalidArgument, "seam 8 follows seam 0", [] { temporal_tiles({8, 48}, 49, 1); });
  expect_error(Status::InvalidArgument, "seam 24 follows seam 24", [] {
    temporal_tiles({24, 24, 48}, 49, 1);
  });
  expect_error(Status::InvalidArgument, "0 temporal tiles", [] { temporal_tiles({24, 48}, 49, 0); });
}
