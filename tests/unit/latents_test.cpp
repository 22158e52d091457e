#include <nlohmann/json.hpp>

#include "latents/frames.h"
#include "latents/geometry.h"
#include "latents/patchify.h"
#include "latents/perturbation.h"
#include "latents/positions.h"
#include "latents/state.h"

#include "expect_error.h"  // last: the macros of the test framework replace those of the tensor library

using namespace ltx;
using namespace ltx::latents;

TEST_CASE("tokens run frame by frame, row by row; features channel by channel") {
  const auto video = at::arange(2 * 3 * 2 * 2 * 3, at::kFloat).view({2, 3, 2, 2, 3});
  const auto tokens = patchify_video(video);
  CHECK(tokens.sizes() == at::IntArrayRef({2, 12, 3}));
  for (int64_t f = 0; f < 2; ++f)
    for (int64_t h = 0; h < 2; ++h)
      for (int64_t w = 0; w < 3; ++w)
        CHECK(at::equal(tokens[1][(f * 2 + h) * 3 + w], video.index({1, at::indexing::Slice(), f, h, w})));
  CHECK(at::equal(unpatchify_video(tokens, {2, 3, 2, 2, 3}), video));

  const auto audio = at::arange(2 * 3 * 5 * 4, at::kFloat).view({2, 3, 5, 4});
  CHECK(at::equal(patchify_audio(audio)[1][2], audio.index({1, at::indexing::Slice(), 2}).flatten()));
  CHECK(at::equal(unpatchify_audio(patchify_audio(audio), {2, 3, 5, 4}), audio));
  for (const int64_t patch : {2, 3}) {
    const auto wide = at::arange(2 * 3 * 2 * 6 * 12, at::kFloat).view({2, 3, 2, 6, 12});
    CHECK(at::equal(unpatchify_video(patchify_video(wide, patch), {2, 3, 2, 6, 12}, patch), wide));
  }
}

TEST_CASE("layouts refuse wrong shapes with both of them named") {
  expect_error(Status::TensorMismatch, "[1, 3, 2]", [] { patchify_video(at::zeros({1, 3, 2})); });
  expect_error(Status::TensorMismatch, "divisible by 2", [] {
    patchify_video(at::zeros({1, 3, 2, 3, 2}), 2);
  });
  expect_error(Status::TensorMismatch, "expected [1, 4, 3]", [] {
    unpatchify_video(at::zeros({1, 5, 3}), {1, 3, 1, 2, 2});
  });
  expect_error(Status::TensorMismatch, "audio", [] { patchify_audio(at::zeros({1, 3, 2})); });
  expect_error(Status::TensorMismatch, "expected [1, 4, 6]", [] {
    unpatchify_audio(at::zeros({1, 4, 5}), {1, 2, 4, 3});
  });
}

TEST_CASE("the first latent frame is one pixel frame long, the others eight") {
  const auto positions = video_positions({1, 8, 3, 1, 2}, {}, 24, true, at::kCPU);
  const auto at_ = [&](int64_t axis, int64_t token, int64_t bound) {
    return positions[0][axis][token][bound].item<float>();
  };
  CHECK(at_(0, 0, 0) == 0.0f);
  CHECK(at_(0, 0, 1) == 1.0f / 24);
  CHECK(at_(0, 2, 0) == 1.0f / 24);
  CHECK(at_(0, 2, 1) == 9.0f / 24);
  CHECK(at_(0, 4, 0) == 9.0f / 24);
  CHECK(at_(2, 1, 0) == 32.0f);
  CHECK(at_(2, 1, 1) == 64.0f);
  CHECK(positions.is_contiguous());
  expect_error(Status::InvalidArgument, "frame rate is 0", [] {
    video_positions({1, 8, 1, 1, 1}, {}, 0, true, at::kCPU);
  });

  const auto audio = audio_positions({2, 8, 3, 16}, {}, at::kCPU);
  const auto expected = at::tensor({0.0f, 0.01f, 0.01f, 0.05f, 0.05f, 0.09f}).view({3, 2});
  CHECK(audio.sizes() == at::IntArrayRef({2, 1, 3, 2}));
  CHECK(at::allclose(audio[1][0], expected, 0, 1e-8));
  // A shift is a later start of the same table.
  const auto shifted = audio_positions({1, 8, 2, 16}, {}, at::kCPU, 1);
  CHECK(at::equal(shifted[0][0], audio[0][0].narrow(0, 1, 2)));
}

TEST_CASE("sizes of latents") {
  CHECK(video_latent_shape(1, 121, 512, 768) == VideoShape{1, 128, 16, 16, 24});
  CHECK(video_latent_shape(1, 120, 512, 768).frames == 15);
  expect_error(Status::InvalidArgument, "0 frames", [] { video_latent_shape(1, 0, 64, 64); });
  expect_error(Status::InvalidArgument, "31x64", [] { video_latent_shape(1, 9, 31, 64); });
  for (const auto& [frames, fps, expected] : {std::tuple{121, 24.0, 126},
                                              {121, 25.0, 121},
                                              {97, 24.0, 101},
                                              {241, 24.0, 251},
                                              {9, 24.0, 9},
                                              {5, 10.0, 12}})
    CHECK(audio_latent_shape_of_clip(1, frames, fps).frames == expected);
  expect_error(Status::InvalidArgument, "frame rate", [] { audio_latent_shape_of_clip(1, 9, 0); });
  expect_error(Status::InvalidArgument, "duration", [] { audio_latent_shape(1, -1); });
  CHECK_NOTHROW(check_resolution(544, 960, false));
  expect_error(Status::InvalidArgument, "height is 544, which is no multiple of 64. Use 512 or 576.",
               [] { check_resolution(544, 960, true); });
  expect_error(Status::InvalidArgument, "width is 0", [] { check_resolution(64, 0, true); });
}

TEST_CASE("scale factors follow the decoder's blocks where there are no encoder blocks") {
  const auto config = nlohmann::json::parse(
      R"({"vae":{"patch_size":2,"decoder_blocks":[["compress_all",{}],["compress_time",{}],["res_x",{}]]}})");
  CHECK(scale_factors_of_vae(config) == ScaleFactors{4, 4, 4});
  CHECK(scale_factors_of_vae(nlohmann::json::object()) == ScaleFactors{8, 32, 32});
  CHECK(scale_factors_of_vae(nlohmann::json::parse(R"({"vae":{"encoder_blocks":[]}})")) ==
        ScaleFactors{8, 32, 32});
}

TEST_CASE("durations become frame counts within their range") {
  // seconds, fps → frames with a range of 1 to 20 seconds (spec 07 §5.5)
  for (const auto& [seconds, fps, frames] : {std::tuple{5.0, 24.0, 113},
                                             {0.2, 24.0, 25},
                                             {25.0, 24.0, 473},
                                             {5.0, 25.0, 121},
                                             {7.37, 24.0, 177},
                                             {1.0, 30.0, 33},
                                             {3.0, 50.0, 145}})
    CHECK(frames_of_duration(seconds, fps, std::lround(fps), std::lround(20 * fps)) == frames);
  expect_error(Status::InvalidArgument, "range", [] { frames_of_duration(1, 24, 9, 8); });
  expect_error(Status::InvalidArgument, "duration", [] { frames_of_duration(NAN, 24); });
  expect_error(Status::InvalidArgument, "between the ends of 5 frames",
               [] { evenly_spaced_keyframes(4, 5); });
  expect_error(Status::InvalidArgument, "position 9", [] { sorted_keyframes({9, 1}, 9); });
}

TEST_CASE("a latent is fitted by cutting or by zeros at the end") {
  const auto latent = at::ones({1, 2, 3, 1, 1});
  CHECK(fit_latent(latent, 2).sizes() == at::IntArrayRef({1, 2, 2, 1, 1}));
  const auto longer = fit_latent(latent, 5);
  CHECK(longer.narrow(2, 3, 2).eq(0).all().item<bool>());
  CHECK(longer.narrow(2, 0, 3).eq(1).all().item<bool>());
  expect_error(Status::InvalidArgument, "rank 2", [] { fit_latent(at::ones({1, 2}), 2); });
  expect_error(Status::InvalidArgument, "thinned by 0", [] {
    subsample_frames(at::ones({1, 1, 3, 1, 1}), 0);
  });
}

TEST_CASE("blocks that do not exist perturb nothing") {
  const auto keep = keep_mask({{{PerturbationType::SkipAudioSelf, std::vector<int64_t>{-1, 1, 7}}}, {}}, 3,
                              at::kBFloat16, at::kCPU);
  CHECK((keep.scalar_type() == at::kBFloat16));
  CHECK(keep.eq(0).sum().item<int64_t>() == 1);
  CHECK(keep[1][1][0].item<float>() == 0);
}

TEST_CASE("initial states") {
  const Target video = VideoTarget{{2, 4, 2, 1, 3}, 24};
  const auto state = initial_state(video, at::kBFloat16, at::kCPU);
  CHECK(state.latent.sizes() == at::IntArrayRef({2, 6, 4}));
  CHECK((state.latent.scalar_type() == at::kBFloat16));
  CHECK((state.denoise_mask.scalar_type() == at::kFloat));
  CHECK(state.keyframes_mask->flatten(1).sum(1).eq(3).all().item<bool>());
  const auto audio = initial_state(AudioTarget{{1, 2, 5, 4}}, at::kFloat, at::kCPU);
  CHECK(!audio.keyframes_mask);
  expect_error(Status::TensorMismatch,
               "initial video latent has shape [2, 4, 1, 1, 3], expected [2, 4, 2, 1, 3]", [&] {
                 initial_state(video, at::kFloat, at::kCPU, at::zeros({2, 4, 1, 1, 3}));
               });
}

TEST_CASE("a finished state is the target's part of it") {
  const Target target = VideoTarget{{1, 2, 1, 1, 2}, 24};
  auto state = initial_state(target, at::kFloat, at::kCPU);
  state.latent = at::arange(10, at::kFloat).view({1, 5, 2});
  state.clean_latent = state.latent;
  state.positions = at::zeros({1, 3, 5, 2});
  state.keyframe_layout = KeyframeLayout{{4}, 2, 3};
  const auto finished = finish(state, target);
  CHECK(at::equal(finished.latent, unpatchify_video(state.latent.narrow(1, 0, 2), {1, 2, 1, 1, 2})));
  CHECK(at::equal(*finished.generated_keyframes,
                  unpatchify_video(state.latent.narrow(1, 3, 2), {1, 2, 1, 1, 2})));
  state.keyframe_layout->first_token = 4;
  expect_error(Status::Internal, "exceed the 5 tokens", [&] { finish(state, target); });
  state.keyframe_layout = KeyframeLayout{{4}, 3, 0};
  expect_error(Status::Internal, "expected 2", [&] { finish(state, target); });
}
