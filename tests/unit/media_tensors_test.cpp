// Frames as tensors: what the goldens leave open.
#include "media/tensors.h"

#include "media/movie_writer.h"
#include "media/yuv.h"
#include "media_support.h"

using namespace ltx;
using namespace ltx::test;

TEST_CASE("resize and crop plans of the specification (07 §8.1.1)") {
  const auto plan = [](int64_t h, int64_t w, int64_t th, int64_t tw) {
    const auto p = media::plan_resize_and_crop(h, w, th, tw);
    return std::vector{p.resized_height, p.resized_width, p.top, p.left};
  };
  using Plan = std::vector<int64_t>;
  CHECK(plan(1080, 1920, 512, 768) == Plan{512, 911, 0, 71});
  CHECK(plan(720, 1280, 512, 768) == Plan{512, 911, 0, 71});
  CHECK(plan(1000, 1000, 512, 768) == Plan{768, 768, 128, 0});
  CHECK(plan(333, 500, 512, 768) == Plan{512, 769, 0, 0});
  CHECK(plan(1365, 2048, 544, 960) == Plan{640, 960, 48, 0});
  CHECK(plan(1067, 1600, 1024, 1536) == Plan{1025, 1536, 0, 0});
  CHECK(plan(1, 1, 64, 32) == Plan{64, 64, 0, 16});
  CHECK(outcome([] { media::plan_resize_and_crop(0, 4, 2, 2); }).status == Status::InvalidArgument);
}

TEST_CASE("a picture of one pixel fills any size") {
  media::Image image(1, 1);
  image.rgb = {255, 0, 51};
  const auto tensor = media::condition_image(image, 32, 64, at::kCPU, at::kFloat);
  CHECK(tensor.sizes() == at::IntArrayRef({1, 3, 1, 32, 64}));
  CHECK(tensor.select(1, 0).eq(1).all().item<bool>());
  CHECK(tensor.select(1, 1).eq(-1).all().item<bool>());
  CHECK(at::allclose(tensor.select(1, 2), at::full({}, -0.6f)));
}

TEST_CASE("a video condition has the frames of its window") {
  const Folder folder;
  media::VideoTrack track;
  track.width = 64, track.height = 48, track.crf = 0;
  {
    media::MovieWriter writer(folder / "v.mp4", track, std::nullopt);
    for (int i = 0; i < 9; ++i) {
      const auto image = picture(64, 48, i);
      writer.write_frame(media::rgb8_to_i420(image.rgb, 64, 48));
    }
    writer.finish();
  }
  const auto video =
      media::condition_video(folder / "v.mp4", media::IndexWindow{2, 5}, 48, 64, at::kCPU, at::kFloat);
  CHECK(video.sizes() == at::IntArrayRef({1, 3, 5, 48, 64}));
  const auto third = media::condition_image(picture(64, 48, 2), 48, 64, at::kCPU, at::kFloat);
  CHECK((video.narrow(2, 0, 1) - third).abs().mean().item<float>() < 0.06f);
  CHECK(outcome([&] {
          media::condition_video(folder / "v.mp4", media::TimeWindow{9, 1}, 48, 64, at::kCPU);
        }).says("no frame"));
}

TEST_CASE("masks: uneven groups are refused, one frame serves all") {
  const auto mask = at::rand({1, 1, 9, 8, 8});
  CHECK(media::mask_to_tokens(mask, 3, 2, 4).sizes() == at::IntArrayRef({1, 24}));
  CHECK(at::equal(media::mask_to_tokens(mask, 1, 8, 8), mask[0][0].narrow(0, 0, 1).reshape({1, 64})));
  const auto refused = outcome([&] { media::mask_to_tokens(mask, 4, 2, 2); });
  CHECK(refused.status == Status::InvalidArgument);
  CHECK(refused.says("3 does not divide 8"));
  const auto video = at::full({1, 3, 2, 4, 4}, -1.0f);
  CHECK(media::mask_from_video(video).eq(0).all().item<bool>());
  CHECK(media::mask_from_video(-video).sizes() == at::IntArrayRef({1, 1, 2, 4, 4}));
}

TEST_CASE("stereo: the shape rule") {
  const auto wave = at::arange(12).reshape({2, 6}).to(at::kFloat);
  CHECK(at::equal(media::stereo(wave), wave));
  CHECK(at::equal(media::stereo(wave.t().to(at::kDouble)), wave));
  const auto square = at::tensor({1.0f, 2.0f, 3.0f, 4.0f}).reshape({2, 2});
  CHECK(at::equal(media::stereo(square), square.t()));
  for (const auto& bad :
       {at::zeros({6}), at::zeros({1, 6}), at::zeros({3, 6}), at::zeros({2, 0}), at::zeros({1, 2, 6})})
    CHECK(outcome([&] { media::stereo(bad); }).status == Status::InvalidArgument);
}

TEST_CASE("codes: corners, rounding, agreement with the byte path") {
  for (const auto rounding : {media::CodeRounding::Reference, media::CodeRounding::Nearest})
    for (const auto dtype : {at::kFloat, at::kBFloat16}) {
      const auto black = media::to_i420(at::zeros({1, 2, 2, 3}, dtype), rounding);
      CHECK(at::equal(black, at::tensor({16, 16, 16, 16, 128, 128}, at::kByte).reshape({1, 3, 2})));
      CHECK(outcome([&] {
              media::to_i420(at::zeros({1, 3, 2, 3}, dtype), rounding);
            }).status == Status::InvalidArgument);
      CHECK(
          at::equal(media::to_rgb8(at::tensor({-0.5f, 0.0f, 2.0f}).reshape({1, 1, 1, 3}).to(dtype), rounding),
                    at::tensor({0, 0, 255}, at::kByte).reshape({1, 1, 1, 3})));
    }
  const auto white = media::to_i420(at::ones({1, 2, 2, 3}), media::CodeRounding::Reference).flatten();
  CHECK(white.narrow(0, 0, 4).ge(234).logical_and(white.narrow(0, 0, 4).le(235)).all().item<bool>());
  CHECK(white.narrow(0, 4, 2).ge(127).logical_and(white.narrow(0, 4, 2).le(128)).all().item<bool>());

  const auto image = noise(32, 16, 3);
  const auto chunk = media::as_tensor(image).to(at::kFloat).div(255);
  const auto bytes = media::rgb8_to_i420(image.rgb, 32, 16);
  const auto i420 = media::to_i420(chunk, media::CodeRounding::Nearest);
  REQUIRE(i420.numel() == static_cast<int64_t>(bytes.size()));
  int most = 0;
  for (size_t i = 0; i < bytes.size(); ++i)
    most = std::max(most, std::abs(i420.data_ptr<uint8_t>()[i] - bytes[i]));
  CHECK(most <= 1);
  CHECK(at::equal(media::to_rgb8(chunk, media::CodeRounding::Nearest).flatten(),
                  media::as_tensor(image).flatten()));
}
