#include <ATen/CPUGeneratorImpl.h>
#include <doctest/doctest.h>

#include <random>

#include "base/error.h"
#include "models/video_vae/auto_tiling.h"
#include "models/video_vae/decoder.h"
#include "models/video_vae/encoder.h"
#include "models/video_vae/layout.h"
#include "video_vae_weights.h"

using namespace ltx;
using namespace ltx::video_vae;
using nlohmann::json;

namespace {

template <class Call>
void check_refused(Status status, std::string_view part, Call&& call) {
  try {
    call();
    FAIL("no error");
  } catch (const Error& error) {
    CHECK(error.status() == status);
    CHECK_MESSAGE(std::string(error.what()).find(part) != std::string::npos, error.what());
  }
}

/// A layout's tiles cut out of `whole`: a decoder without borders.
TileDecoder cut_from(const at::Tensor& whole) {
  return [&whole](const TileRef& tile) {
    return whole.narrow(2, tile.time.out.start, tile.time.out.length())
        .narrow(3, tile.height.out.start, tile.height.out.length())
        .narrow(4, tile.width.out.start, tile.width.out.length())
        .clone();
  };
}

Tiling random_tiling(std::mt19937& random, const Grid& grid, const ScaleFactors& scale) {
  const auto pick = [&](int64_t low, int64_t high) {
    return std::uniform_int_distribution<int64_t>(low, std::max(low, high))(random);
  };
  const auto size = [&](int64_t length, int64_t factor) -> AxisSize {
    if (pick(0, 3) == 0) return {};
    const int64_t tile = pick(2, length + 1);
    return {tile * factor, pick(0, tile - 1) * factor};
  };
  const auto count = [&](int64_t length) -> AxisCount {
    const int64_t tiles = pick(1, std::min<int64_t>(4, length));
    int64_t overlap = pick(0, length - tiles);
    while (tiles > 1 && (length + overlap * (tiles - 1)) / tiles <= overlap) --overlap;
    return {tiles, overlap};
  };
  if (pick(0, 1) == 0) return TileCounts{count(grid.frames), count(grid.rows), count(grid.columns)};
  return TileSizes{size(grid.frames, scale.time), size(grid.rows, scale.height),
                   size(grid.columns, scale.width)};
}

json tiny_json() {
  return json::parse(
      R"({"latent_channels": 2, "patch_size": 2, "decoder_base_channels": 2, "timestep_conditioning": false,
    "spatial_padding_mode": "zeros", "decoder_blocks": [["compress_time", {}]]})");
}

VideoDecoder tiny_decoder() {
  test::VaeWeights weights(4);
  weights.conv("conv_in.conv", 2, 2)
      .conv("up_blocks.0.conv.conv", 4, 2)
      .conv("conv_out.conv", 12, 2)
      .statistics(2);
  return {weights.source(), DecoderConfig::parse(tiny_json(), "f")};
}

}  // namespace

TEST_CASE("intervals by size") {
  CHECK((split_by_size(13, 10, 3) == Intervals{{0, 10, 0, 3}, {7, 13, 3, 0}}));
  CHECK((split_by_size(10, 10, 3) == Intervals{{0, 10, 0, 0}}));
  CHECK((split_by_size(11, 10, 3) == Intervals{{0, 10, 0, 3}, {7, 11, 3, 0}}));
  CHECK((start_earlier(split_by_size(21, 10, 3)) == Intervals{{0, 10, 0, 3}, {6, 17, 4, 3}, {13, 21, 4, 0}}));
  // A short last tile grows to the left.
  CHECK((split_by_size(13, 10, 1, 6) == Intervals{{0, 10, 0, 3}, {7, 13, 3, 0}}));
  check_refused(Status::InvalidArgument, "0 <= overlap < size", [] { split_by_size(20, 4, 4); });
  check_refused(Status::InvalidArgument, "at least 6", [] { split_by_size(20, 5, 1, 6); });
}

TEST_CASE("intervals by count") {
  CHECK((split_by_count(14, 3, 2) == Intervals{{0, 6, 0, 2}, {4, 10, 2, 2}, {8, 14, 2, 0}}));
  CHECK((split_by_count(11, 2, 1) == Intervals{{0, 6, 0, 1}, {5, 11, 1, 0}}));
  CHECK((split_by_count(12, 2, 1) == Intervals{{0, 7, 0, 1}, {6, 12, 1, 0}}));
  check_refused(Status::InvalidArgument, "5 tiles", [] { split_by_count(4, 5, 0); });
  check_refused(Status::InvalidArgument, "less overlap", [] { split_by_count(6, 5, 4); });
}

TEST_CASE("sizes that do not fit are refused before any work") {
  const ScaleFactors scale;
  const TileSizes good{{80, 24}, {768, 64}, {768, 64}};
  validate(good, scale, 97, 512, 768);
  validate(good, scale, 0, 512, 768);
  check_refused(Status::InvalidArgument, "96 frames", [&] { validate(good, scale, 96, 512, 768); });
  check_refused(Status::InvalidArgument, "height 500", [&] { validate(good, scale, 97, 500, 768); });
  for (const AxisSize bad : {AxisSize{8, 0}, AxisSize{20, 0}, AxisSize{32, 32}, AxisSize{32, 4},
                             AxisSize{0, 8}, AxisSize{-8, 0}, AxisSize{32, -8}}) {
    CAPTURE(bad.tile);
    CAPTURE(bad.overlap);
    check_refused(Status::InvalidArgument, "frames", [&] { validate({bad, {}, {}}, scale, 97, 512, 768); });
    check_refused(Status::InvalidArgument, "frames", [&] {
      conv_decode_layout(TileSizes{bad, {}, {}}, {13, 16, 24}, scale);
    });
  }
  check_refused(Status::InvalidArgument, "height", [&] {
    conv_decode_layout(TileCounts{{}, {3, 1}, {}}, {1, 3, 3}, scale);
  });
  check_refused(Status::InvalidArgument, "at least 64", [&] {
    conv_encode_layout(TileSizes{{}, {768, 32}, {}}, {13, 16, 24}, scale);
  });
  check_refused(Status::InvalidArgument, "at least 40", [&] {
    diffusion_decode_layout(TileSizes{{80, 24}, {}, {}}, {13, 16, 24});
  });
}

TEST_CASE("rules of a diffusion decoder's tiles from its kernels") {
  const auto released = DiffusionTileRules::of(2, {3, 5, 5}, 8, {11, 11, 11}, 4);
  CHECK(released.minimum_overlap_frames == 40);
  CHECK(released.minimum_overlap_pixels == 160);
  CHECK(released.minimum_tile.frames == 6);
  CHECK(released.minimum_tile.columns == 6);
  const auto tiny = DiffusionTileRules::of(1, {3, 3, 3}, 2, {3, 3, 3}, 4);
  CHECK(tiny.minimum_overlap_frames == 8);
  CHECK(tiny.minimum_overlap_pixels == 32);
  CHECK(tiny.minimum_tile.rows == 3);
}

TEST_CASE("default tiles meet without weights at every legal length") {
  for (int64_t frames = 1; frames <= 40; ++frames)
    CHECK(conv_decode_layout(default_tile_sizes(), {frames, frames + 20, 2 * frames}, {}).complementary);
  CHECK_FALSE(conv_decode_layout(TileSizes{{32, 24}, {}, {}}, {13, 4, 4}, {}).complementary);
}

TEST_CASE("blending tiles of one picture yields the picture, in order and once") {
  std::mt19937 random(1);
  const ScaleFactors scale{2, 4, 2};
  for (int round = 0; round < 60; ++round) {
    const auto side = [&](int64_t high) { return std::uniform_int_distribution<int64_t>(1, high)(random); };
    const Grid grid{side(9), side(7), side(7)};
    const auto tiling = random_tiling(random, grid, scale);
    const auto layout = conv_decode_layout(tiling, grid, scale);
    CAPTURE(round);
    CHECK(layout.frames == 2 * grid.frames - 1);
    const auto whole = at::randn({2, 3, layout.frames, layout.rows, layout.columns},
                                 at::detail::createCPUGenerator(round), at::kFloat);
    std::vector<at::Tensor> chunks;
    stream_tiles(layout, at::kFloat, Monitor::silent(), cut_from(whole), [&](const at::Tensor& chunk) {
      CHECK(chunk.size(2) > 0);
      chunks.push_back(chunk.clone());
    });
    CHECK((at::cat(chunks, 2) - whole).abs().max().item<double>() < 5e-6);
    CHECK((merge_tiles(layout, at::kFloat, Monitor::silent(), cut_from(whole)) - whole)
              .abs()
              .max()
              .item<double>() < 5e-6);
  }
}

TEST_CASE("a chunk leaves before the next group of tiles is decoded") {
  const auto layout = conv_decode_layout(TileSizes{{16, 8}, {}, {}}, {9, 1, 1}, {8, 2, 2});
  const auto whole = at::zeros({1, 3, layout.frames, layout.rows, layout.columns});
  std::string events;
  const auto decode = [&](const TileRef& tile) {
    events += 'd';
    return cut_from(whole)(tile);
  };
  stream_tiles(layout, at::kFloat, Monitor::silent(), decode, [&](const at::Tensor&) { events += 's'; });
  // With one latent of advance the second group begins where the first does: nothing is finished after the
  // first.
  CHECK(layout.time.size() == 8);
  CHECK(events == "ddsdsdsdsdsdsds");
}

TEST_CASE("cancelling takes effect before the next tile") {
  struct Impatient : Monitor {
    mutable int asked = 0;
    bool cancelled() const override { return ++asked > 2; }
  } monitor;
  const auto decoder = tiny_decoder();
  int chunks = 0;
  const auto latent = at::zeros({1, 2, 5, 4, 2});
  check_refused(Status::Cancelled, "", [&] {
    decoder.decode_tiled(latent, TileCounts{{3, 1}, {2, 1}, {}}, monitor,
                         [&](const at::Tensor&) { ++chunks; });
  });
  CHECK(chunks == 0);
  CHECK(monitor.asked == 3);
}

TEST_CASE("decoder: one tile is the untiled result; tiles agree where their borders are far") {
  const auto decoder = tiny_decoder();
  const at::NoGradGuard no_grad;
  const auto latent = at::randn({1, 2, 9, 12, 3}, at::detail::createCPUGenerator(2), at::kFloat);
  const auto run = [&](const Tiling& tiling) {
    std::vector<at::Tensor> chunks;
    decoder.decode_tiled_raw(latent, tiling, Monitor::silent(),
                             [&](const at::Tensor& chunk) { chunks.push_back(chunk.clone()); });
    return at::cat(chunks, 2);
  };
  const auto whole = decoder.decode(latent);
  CHECK((run(TileSizes{{80, 8}, {80, 8}, {80, 8}}) - whole).abs().max().item<double>() < 1e-6);
  CHECK((run(Untiled{}) - whole).abs().max().item<double>() == 0);
  // Rows: two tiles of 8 latents share 4. Three convolutions see at most 3 rows beyond their own.
  const auto tiled = run(TileCounts{{}, {2, 4}, {}});
  CHECK((tiled - whole).narrow(3, 0, 8).abs().max().item<double>() < 1e-5);
  CHECK((tiled - whole).narrow(3, 16, 8).abs().max().item<double>() < 1e-5);
  CHECK((tiled - whole).abs().max().item<double>() > 1e-4);
  // A tile's first frame has no weight: it is decoded as a clip's first, which it is not.
  const auto in_time = run(TileCounts{{2, 0}, {}, {}});
  CHECK(in_time.size(2) == whole.size(2));

  std::vector<int64_t> lengths;
  decoder.decode_tiled(latent, TileSizes{{8, 4}, {}, {}}, Monitor::silent(), [&](const at::Tensor& frames) {
    CHECK(frames.size(3) == 3);
    CHECK(frames.min().item<double>() >= 0);
    CHECK(frames.max().item<double>() <= 1);
    lengths.push_back(frames.size(0));
  });
  CHECK(std::accumulate(lengths.begin(), lengths.end(), int64_t{0}) == 17);
  CHECK(static_cast<int64_t>(lengths.size()) <= expected_chunks(TileSizes{{8, 4}, {}, {}}, 17));
}

TEST_CASE("decoder: training works through tiles") {
  const auto decoder = tiny_decoder();
  auto latent =
      at::randn({1, 2, 4, 4, 3}, at::detail::createCPUGenerator(2), at::kFloat).set_requires_grad(true);
  auto loss = at::zeros({});
  decoder.decode_tiled_raw(latent, TileCounts{{2, 1}, {2, 1}, {}}, Monitor::silent(),
                           [&](const at::Tensor& chunk) { loss = loss + chunk.square().sum(); });
  loss.backward();
  CHECK(latent.grad().abs().min().item<double>() > 0);
}

TEST_CASE("encoder: tiles ignore what exceeds the latent grid") {
  test::VaeWeights weights(7);
  weights.conv("conv_in.conv", 2, 12)
      .conv("down_blocks.0.conv", 2, 2)
      .conv("conv_out.conv", 3, 2)
      .statistics(2);
  const auto config =
      json::parse(R"({"latent_channels": 2, "patch_size": 2, "encoder_blocks": [["compress_all", {}]]})");
  const VideoEncoder encoder(weights.source(), EncoderConfig::parse(config, "f"));
  const auto video = weights.random({1, 3, 6, 11, 9});
  const auto trimmed = video.narrow(3, 0, 8).narrow(4, 0, 8);
  const auto whole = encoder.encode(trimmed);
  CHECK((encoder.encode_tiled(video, TileCounts{}, Monitor::silent()) - whole).abs().max().item<double>() <
        1e-6);
  CHECK((encoder.encode_tiled(trimmed, Untiled{}, Monitor::silent()) - whole).abs().max().item<double>() ==
        0);
  check_refused(Status::InvalidArgument, "9 x 11",
                [&] { encoder.encode_tiled(video, Untiled{}, Monitor::silent()); });
}

TEST_CASE("AUTO: aspect and memory") {
  CHECK(auto_conv_tiling(512, 768) == TileSizes{{80, 24}, {512, 64}, {768, 64}});
  CHECK(auto_conv_tiling(32, 4096).height == AxisSize{96, 64});
  check_refused(Status::InvalidArgument, "at least 32", [] { auto_conv_tiling(16, 768); });
  const DiffusionBudget budget{int64_t{8'000'000'000}, 834'267'744, diffusion_mode_named("chunked_eager")};
  CHECK(auto_diffusion_tiling(512, 768, 97, budget) == TileSizes{{104, 40}, {512, 160}, {480, 160}});
  check_refused(Status::OutOfDeviceMemory, "97 frames", [] { auto_diffusion_tiling(512, 768, 97, {}); });
  check_refused(Status::InvalidArgument, "'fast'", [] { diffusion_mode_named("fast"); });
}
