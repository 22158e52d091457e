#include <doctest/doctest.h>

#include "base/error.h"
#include "models/upsampler/upsampler.h"
#include "video_vae_weights.h"

using namespace ltx;
using namespace ltx::upsampler;
using nlohmann::json;

namespace {

constexpr int64_t kLatent = 3, kMid = 32;

/// `resample` is the shape of the resampling convolution without its input width, which goes second.
test::VaeWeights random_weights(const std::string& name, int64_t out, at::IntArrayRef kernel,
                                int64_t blocks = 1, bool flat = false) {
  test::VaeWeights w(3);
  const std::vector<int64_t> plain = flat ? std::vector<int64_t>{3, 3} : std::vector<int64_t>{3, 3, 3};
  const auto norm = [&](const std::string& key) {
    w.tensors[key + ".weight"] = w.random({kMid}, 0.2) + 1;
    w.tensors[key + ".bias"] = w.random({kMid}, 0.2);
  };
  w.conv("initial_conv", kMid, kLatent, plain)
      .conv("final_conv", kLatent, kMid, plain)
      .conv(name, out, kMid, kernel);
  norm("initial_norm");
  for (const std::string stage : {"res_blocks.", "post_upsample_res_blocks."})
    for (int64_t i = 0; i < blocks; ++i) {
      const auto block = stage + std::to_string(i);
      w.conv(block + ".conv1", kMid, kMid, plain).conv(block + ".conv2", kMid, kMid, plain);
      norm(block + ".norm1");
      norm(block + ".norm2");
    }
  const auto taps = at::tensor({1.0f, 4.0f, 6.0f, 4.0f, 1.0f});
  w.tensors["upsampler.blur_down.kernel"] = (at::outer(taps, taps) / 256).view({1, 1, 5, 5});
  return w;
}

json config(const char* more) {
  auto result = json{{"in_channels", kLatent}, {"mid_channels", kMid}, {"num_blocks_per_stage", 1}};
  result.update(json::parse(more));
  return result;
}

Upsampler make(const test::VaeWeights& w, const json& c) {
  return {w.source(), UpsamplerConfig::parse(c, "up.safetensors")};
}

std::string refusal(const json& c) {
  try {
    UpsamplerConfig::parse(c, "up.safetensors");
  } catch (const Error& error) {
    CHECK(error.status() == Status::ModelConfig);
    return error.what();
  }
  return "";
}

double distance(const at::Tensor& a, const at::Tensor& b) {
  return (a - b).abs().max().item<double>();
}

}  // namespace

TEST_CASE("rational scales: sizes of even and odd sides") {
  const struct {
    const char* text;
    int64_t numerator, rows, columns;
  } cases[] = {{R"({"rational_resampler": true, "spatial_scale": 1.5})", 3, 8, 6},
               {R"({"rational_resampler": true, "spatial_scale": 0.75})", 3, 4, 3},
               {R"({"rational_resampler": true, "spatial_scale": 4.0})", 4, 20, 16},
               {R"({"rational_resampler": true})", 2, 10, 8}};
  for (const auto& c : cases) {
    CAPTURE(c.text);
    auto w = random_weights("upsampler.conv", c.numerator * c.numerator * kMid, {3, 3});
    const auto y = make(w, config(c.text)).forward(w.random({2, kLatent, 2, 5, 4}));
    CHECK(y.sizes() == at::IntArrayRef{2, kLatent, 2, c.rows, c.columns});
  }
}

TEST_CASE("space and time together: cells in the order time, row, column; the first frame is dropped") {
  auto w = random_weights("upsampler.0", 8 * kMid, {3, 3, 3}, 0);
  // Each of the 8 cells of a channel states its own number.
  w.tensors["upsampler.0.weight"].zero_();
  w.tensors["upsampler.0.bias"] = at::arange(8, at::kFloat).repeat({kMid});
  w.tensors["final_conv.weight"].zero_().select(2, 1).select(2, 1).select(2, 1).fill_(1.0 / kMid);
  w.tensors["final_conv.bias"].zero_();
  const auto model = make(
      w,
      config(
          R"({"temporal_upsample": true, "num_blocks_per_stage": 0, "rational_resampler": true, "spatial_scale": 7})"));
  const auto y = model.forward(w.random({1, kLatent, 2, 2, 2}));
  REQUIRE(y.sizes() == at::IntArrayRef{1, kLatent, 3, 4, 4});
  for (int64_t f = 0; f < 3; ++f)
    for (int64_t row = 0; row < 4; ++row)
      for (int64_t column = 0; column < 4; ++column)
        CHECK(y[0][0][f][row][column].item<float>() ==
              doctest::Approx(static_cast<double>((f + 1) % 2 * 4 + row % 2 * 2 + column % 2)).epsilon(1e-5));
}

TEST_CASE("dims 2: every frame is an image of its own") {
  auto w = random_weights("upsampler.0", 4 * kMid, {3, 3}, 1, /*flat=*/true);
  const auto model = make(w, config(R"({"dims": 2})"));
  const auto x = w.random({2, kLatent, 3, 4, 5});
  const auto y = model.forward(x);
  REQUIRE(y.sizes() == at::IntArrayRef{2, kLatent, 3, 8, 10});
  CHECK(distance(y.narrow(0, 1, 1).narrow(2, 2, 1), model.forward(x.narrow(0, 1, 1).narrow(2, 2, 1))) < 1e-5);
}

TEST_CASE("statistics are taken off and put on") {
  auto w = random_weights("upsampler.0", 4 * kMid, {3, 3});
  w.statistics(kLatent);
  const nn::ChannelStatistics statistics(w.source(), kLatent);
  const auto model = make(w, config("{}"));
  const auto x = w.random({1, kLatent, 1, 2, 2});
  CHECK(distance(model.upsample(x, statistics),
                 statistics.normalize(model.forward(statistics.un_normalize(x)))) < 1e-6);
}

TEST_CASE("gradients pass through") {
  auto w = random_weights("upsampler.0", 2 * kMid, {3, 3, 3});
  const auto model = make(w, config(R"({"spatial_upsample": false, "temporal_upsample": true})"));
  auto x = w.random({1, kLatent, 2, 3, 3}).set_requires_grad(true);
  model.forward(x).square().sum().backward();
  CHECK(x.grad().abs().min().item<double>() > 0);
}

TEST_CASE("config errors name the key") {
  CHECK(refusal(json()).find("missing") != std::string::npos);
  CHECK(refusal(config(R"({"spatial_upsample": false})")).find("spatial_upsample") != std::string::npos);
  CHECK(refusal(config(R"({"rational_resampler": true, "spatial_scale": 3})")).find("0.75, 1.5") !=
        std::string::npos);
  CHECK(refusal(config(R"({"dims": 2, "temporal_upsample": true})")).find("dims") != std::string::npos);
  CHECK(refusal(config(R"({"dims": 4})")).find("2 or 3") != std::string::npos);
  CHECK(refusal(config(R"({"mid_channels": 48})")).find("multiple of 32") != std::string::npos);
  CHECK(refusal(config(R"({"num_blocks_per_stage": "4"})")).find("at least 0") != std::string::npos);
  // Released temporal files carry a scale that the rational branch would refuse.
  CHECK(
      refusal(
          config(
              R"({"spatial_upsample": false, "temporal_upsample": true, "spatial_scale": 1.0, "rational_resampler": true})"))
          .empty());
}

TEST_CASE("a latent of another width is refused") {
  auto w = random_weights("upsampler.0", 4 * kMid, {3, 3});
  CHECK_THROWS_AS(make(w, config("{}")).forward(at::zeros({1, kLatent + 1, 1, 2, 2})), Error);
}
