#include <ATen/CPUGeneratorImpl.h>
#include <doctest/doctest.h>

#include "base/error.h"
#include "device/device.h"
#include "models/video_vae/decoder.h"
#include "models/video_vae/encoder.h"
#include "models/video_vae/frames.h"
#include "models/video_vae/patchify.h"
#include "video_vae_weights.h"

using namespace ltx;
using namespace ltx::video_vae;
using nlohmann::json;

namespace {

/// The message of the Error that `call` throws; checks its status.
template <class Call>
std::string message_of(Status status, Call&& call) {
  try {
    call();
  } catch (const Error& error) {
    CHECK(error.status() == status);
    return error.what();
  }
  FAIL("no error");
  return "";
}

bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

/// Factors (4, 4, 4): res_x, compress_all, res_x, compress_time on the way down.
json decoder_json() {
  return json::parse(
      R"({"latent_channels": 4, "patch_size": 2, "decoder_base_channels": 4, "timestep_conditioning": false,
    "spatial_padding_mode": "zeros",
    "decoder_blocks": [["res_x", 1], ["compress_all", {"multiplier": 2}], ["compress_time", {}]]})");
}

test::VaeWeights decoder_weights(uint64_t seed = 1) {
  test::VaeWeights w(seed);
  w.conv("conv_in.conv", 8, 4)
      .conv("up_blocks.0.conv.conv", 16, 8)
      .conv("up_blocks.1.conv.conv", 32, 8)
      .res_block("up_blocks.2.res_blocks.0", 4)
      .conv("conv_out.conv", 12, 4)
      .statistics(4);
  return w;
}

VideoDecoder make_decoder(const test::VaeWeights& w, const json& config = decoder_json(),
                          at::ScalarType dtype = at::kFloat, at::Device device = at::kCPU) {
  return {w.source(dtype, device), DecoderConfig::parse(config, "test.safetensors")};
}

json encoder_json() {
  return json::parse(R"({"latent_channels": 4, "patch_size": 2, "latent_log_var": "uniform",
    "encoder_blocks": [["res_x", 1], ["compress_all_res", {"multiplier": 2}], ["compress_time", {}]]})");
}

test::VaeWeights encoder_weights(uint64_t seed = 2) {
  test::VaeWeights w(seed);
  w.conv("conv_in.conv", 4, 12)
      .res_block("down_blocks.0.res_blocks.0", 4)
      .conv("down_blocks.1.conv.conv", 1, 4)
      .conv("down_blocks.2.conv", 8, 8)
      .conv("conv_out.conv", 5, 8)
      .statistics(4);
  return w;
}

VideoEncoder make_encoder(const test::VaeWeights& w, const json& config = encoder_json()) {
  return {w.source(), EncoderConfig::parse(config, "test.safetensors")};
}

struct Listener : Monitor {
  std::vector<std::string> messages;
  void log(LogLevel level, std::string_view, std::string_view message) override {
    CHECK(level == LogLevel::Warning);
    messages.emplace_back(message);
  }
};

double distance(const at::Tensor& a, const at::Tensor& b) {
  return (a - b).abs().max().item<double>();
}

}  // namespace

TEST_CASE("patchify: the column inside a cell is the slower channel") {
  const auto x = at::arange(2 * 3 * 4 * 6, at::kFloat).view({1, 2, 3, 4, 6});
  const auto y = patchify(x, 2);
  REQUIRE(y.sizes() == at::IntArrayRef{1, 8, 3, 2, 3});
  for (int64_t c = 0; c < 2; ++c)
    for (int64_t row = 0; row < 2; ++row)
      for (int64_t column = 0; column < 2; ++column)
        CHECK(y[0][c * 4 + column * 2 + row][1][1][2].item<float>() ==
              x[0][c][1][2 + row][4 + column].item<float>());
  CHECK(at::equal(unpatchify(y, 2), x));
}

TEST_CASE("config: defaults and precedence") {
  const auto decoder = DecoderConfig::parse(json::object(), "f");
  CHECK(decoder.timestep_conditioning);
  CHECK(decoder.padding == nn::SpatialPadding::Reflect);
  CHECK(decoder.latent_channels == 128);
  CHECK_FALSE(decoder.causal);

  // The flat layout: the common padding key wins, and out_channels is the colour count.
  const auto flat =
      EncoderConfig::parse(json::parse(R"({"spatial_padding_mode": "circular", "out_channels": 3,
    "latent_channels": 7, "encoder_spatial_padding_mode": "reflect"})"),
                           "f");
  CHECK(flat.padding == nn::SpatialPadding::Circular);
  CHECK(flat.latent_channels == 7);

  const auto nested = EncoderConfig::parse(
      json::parse(R"({"_class_name": "CausalDiffusionVAE", "latent_channels": 7, "patch_size": 1,
    "encoder_spatial_padding_mode": "reflect", "encoder": {"blocks": [["compress_space_res", {}], ["compress_time", 3]]}})"),
      "f");
  CHECK(nested.padding == nn::SpatialPadding::Reflect);
  CHECK(nested.latent_channels == 7);
  CHECK(nested.patch_size == 4);
  CHECK(nested.scale() == ScaleFactors{2, 8, 8});
  // An integer counts layers; it never is a multiplier.
  CHECK_FALSE(nested.blocks[1].multiplier.has_value());
}

TEST_CASE("config: errors name file, key, expected and found") {
  const auto decoder_error = [](const char* text, Status status = Status::ModelConfig) {
    return message_of(status, [&] { DecoderConfig::parse(json::parse(text), "a.safetensors"); });
  };
  auto message = decoder_error(R"({"spatial_padding_mode": "mirror"})");
  CHECK(contains(message, "a.safetensors"));
  CHECK(contains(message, "vae.spatial_padding_mode"));
  CHECK(contains(message, "\"mirror\""));
  CHECK(contains(message, "'replicate'"));
  CHECK(contains(decoder_error(R"({"dims": 2})"), "vae.dims"));
  CHECK(contains(decoder_error(R"({"causal_decoder": 1})"), "true or false"));
  CHECK(contains(decoder_error(R"({"decoder_blocks": [["res_x", {}]]})"), "decoder_blocks.res_x.num_layers"));
  CHECK(contains(decoder_error(R"({"decoder_blocks": [["res_x"]]})"), "[name, params]"));
  CHECK(
      contains(decoder_error(R"({"decoder_blocks": [["compress_all", {"multiplier": 0}]]})"), "at least 1"));
  CHECK(contains(decoder_error("null"), "missing"));
  CHECK(contains(decoder_error(R"({"_class_name": "CausalDiffusionVAE"})", Status::Unsupported),
                 "CausalDiffusionVAE"));
  CHECK(contains(message_of(Status::ModelConfig,
                            [] {
                              EncoderConfig::parse(json{{"latent_log_var", "none"}}, "f");
                            }),
                 "\"none\""));

  for (const auto* name : {"attn_res_x", "compress_all_res", "compress_all_x_y"}) {
    auto config = decoder_json();
    config["decoder_blocks"] = json::array({json::array({name, json::object()})});
    auto weights = decoder_weights();
    weights.conv("conv_in.conv", 4, 4);
    CHECK(contains(message_of(Status::ModelConfig, [&] { make_decoder(weights, config); }), name));
  }
}

TEST_CASE("decoder: a tensor that is missing is named") {
  auto weights = decoder_weights();
  weights.tensors.erase("up_blocks.2.res_blocks.0.conv2.conv.bias");
  CHECK(contains(message_of(Status::TensorMissing, [&] { make_decoder(weights); }),
                 "up_blocks.2.res_blocks.0.conv2.conv.bias"));
}

TEST_CASE("decoder: shape, dtype, and that later latents reach earlier pixels") {
  const auto weights = decoder_weights();
  const auto decoder = make_decoder(weights);
  const auto latent = at::randn({2, 4, 3, 2, 3}, at::detail::createCPUGenerator(3), at::kFloat);
  const auto pixels = decoder.decode(latent);
  CHECK(pixels.sizes() == at::IntArrayRef{2, 3, 9, 8, 12});
  CHECK(distance(pixels.narrow(0, 1, 1), decoder.decode(latent.narrow(0, 1, 1))) < 1e-5);

  auto changed = latent.clone();
  changed.select(2, 2).add_(1);
  CHECK(distance(decoder.decode(changed).narrow(2, 0, 4), pixels.narrow(2, 0, 4)) > 1e-3);

  auto causal = decoder_json();
  causal["causal_decoder"] = true;
  const auto other = make_decoder(weights, causal);
  CHECK(distance(other.decode(changed).narrow(2, 0, 5), other.decode(latent).narrow(2, 0, 5)) == 0);

  const auto half = make_decoder(weights, decoder_json(), at::kBFloat16);
  const auto rounded = half.decode(latent);
  CHECK((rounded.scalar_type() == at::kFloat));  // of the latent
  CHECK(distance(rounded, pixels) > 0);
  CHECK((rounded - pixels).norm().item<double>() / pixels.norm().item<double>() < 0.03);

  CHECK(contains(message_of(Status::InvalidArgument,
                            [&] {
                              decoder.decode(at::zeros({1, 5, 1, 2, 2}));
                            }),
                 "[1, 5, 1, 2, 2]"));
}

TEST_CASE("decoder: reflect padding needs two latents") {
  auto config = decoder_json();
  config.erase("spatial_padding_mode");
  const auto decoder = make_decoder(decoder_weights(), config);
  CHECK(contains(message_of(Status::InvalidArgument,
                            [&] {
                              decoder.decode(at::zeros({1, 4, 1, 1, 2}));
                            }),
                 "1 x 2"));
  CHECK(decoder.decode(at::zeros({1, 4, 1, 2, 2})).size(3) == 8);
}

TEST_CASE("decoder: noise is drawn in order, and never without a source") {
  auto config = decoder_json();
  config["decoder_blocks"] =
      json::parse(R"([["res_x", {"num_layers": 1, "inject_noise": true}], ["compress_all", {"multiplier": 2}],
    ["compress_time", {}]])");
  auto weights = decoder_weights();
  for (const auto* name : {"1", "2"})
    weights.tensors[std::string("up_blocks.2.res_blocks.0.per_channel_scale") + name] =
        weights.random({4, 1, 1});
  const auto decoder = make_decoder(weights, config);
  REQUIRE(decoder.draws_noise());
  const auto latent = weights.random({1, 4, 2, 2, 3});
  CHECK(contains(message_of(Status::InvalidArgument, [&] { decoder.decode(latent); }), "noise source"));

  std::vector<std::vector<int64_t>> shapes;
  const auto nothing = decoder.decode(latent, [&](at::IntArrayRef shape, const at::TensorOptions& options) {
    shapes.push_back(shape.vec());
    return at::zeros(shape, options);
  });
  CHECK((shapes == std::vector<std::vector<int64_t>>{{4, 6}, {4, 6}}));
  CHECK(distance(nothing, make_decoder(weights).decode(latent)) == 0);

  const auto draw = [&](uint64_t seed) {
    return decoder.decode(latent, noise_from(device::make_generator(at::kCPU, seed)));
  };
  CHECK(at::equal(draw(7), draw(7)));
  CHECK_FALSE(at::equal(draw(7), draw(8)));
}

TEST_CASE("decoder: gradients reach the caller's weights and training lowers the loss") {
  auto weights = decoder_weights();
  std::vector<at::Tensor> parameters;
  for (auto& [name, tensor] : weights.tensors)
    if (!name.starts_with("per_channel")) parameters.push_back(tensor.set_requires_grad(true));
  const auto decoder = make_decoder(weights);
  const auto latent = at::randn({1, 4, 2, 2, 2}, at::detail::createCPUGenerator(5), at::kFloat);
  const auto target = at::randn({1, 3, 5, 8, 8}, at::detail::createCPUGenerator(6), at::kFloat).mul_(0.1);
  double first = 0, last = 0;
  for (int step = 0; step < 12; ++step) {
    auto loss = (decoder.decode(latent) - target).square().mean();
    (step == 0 ? first : last) = loss.item<double>();
    loss.backward();
    const at::NoGradGuard no_grad;
    for (auto& parameter : parameters) {
      REQUIRE(parameter.grad().defined());
      CHECK(parameter.grad().abs().max().item<double>() > 0);
      parameter.sub_(parameter.grad(), 0.02);
      parameter.mutable_grad().zero_();
    }
  }
  CHECK(last < 0.7 * first);
}

TEST_CASE("decoder: the result with recorded gradients is that without") {
  const auto decoder = make_decoder(decoder_weights());
  const auto latent = at::randn({1, 4, 3, 3, 2}, at::detail::createCPUGenerator(9), at::kFloat);
  const auto recorded = decoder.decode(latent.clone().set_requires_grad(true)).detach();
  const at::NoGradGuard no_grad;
  CHECK(distance(decoder.decode(latent), recorded) < 1e-6);
}

TEST_CASE("encoder: frames that fill no latent are dropped with a warning") {
  const auto encoder = make_encoder(encoder_weights());
  CHECK(encoder.scale() == ScaleFactors{4, 4, 4});
  const auto video = at::rand({1, 3, 11, 8, 12}, at::detail::createCPUGenerator(3), at::kFloat) * 2 - 1;
  Listener listener;
  const auto latent = encoder.encode(video, listener);
  CHECK(latent.sizes() == at::IntArrayRef{1, 4, 3, 2, 3});
  REQUIRE(listener.messages.size() == 1);
  CHECK(contains(listener.messages[0], "the last 2"));
  CHECK(at::equal(latent, encoder.encode(video.narrow(2, 0, 9), listener)));
  CHECK(listener.messages.size() == 1);

  CHECK(contains(message_of(Status::InvalidArgument, [&] { encoder.encode(video.narrow(3, 0, 6)); }),
                 "12 x 6"));
  CHECK(contains(message_of(Status::InvalidArgument, [&] { encoder.encode(video.narrow(1, 0, 2)); }),
                 "[1, 2, 11, 8, 12]"));
}

TEST_CASE("encoder: causal in time; both shared log-variances give the same means") {
  const auto weights = encoder_weights();
  const auto encoder = make_encoder(weights);
  auto video = at::rand({1, 3, 13, 8, 8}, at::detail::createCPUGenerator(4), at::kFloat) * 2 - 1;
  const auto latent = encoder.encode(video);
  auto constant = encoder_json();
  constant["latent_log_var"] = "constant";
  CHECK(at::equal(latent, make_encoder(weights, constant).encode(video)));
  video.narrow(2, 5, 8).mul_(-1);
  const auto changed = encoder.encode(video);
  CHECK(distance(changed.narrow(2, 0, 2), latent.narrow(2, 0, 2)) == 0);
  CHECK(distance(changed.narrow(2, 2, 2), latent.narrow(2, 2, 2)) > 1e-3);
}

TEST_CASE("encoder: a block of the decoder's kind is refused by name") {
  auto config = encoder_json();
  config["encoder_blocks"][1][0] = "compress_all_y";
  CHECK(contains(message_of(Status::ModelConfig, [&] { make_encoder(encoder_weights(), config); }),
                 "compress_all_y"));
}

TEST_CASE("convolution: every padding against the tensor library's own") {
  test::VaeWeights weights(11);
  weights.conv("conv", 5, 3);
  const auto source = weights.source() / "conv";
  const auto x = weights.random({2, 3, 4, 3, 5});
  const std::vector<std::pair<nn::SpatialPadding, std::string>> modes = {
      {nn::SpatialPadding::Zeros, "constant"},
      {nn::SpatialPadding::Reflect, "reflect"},
      {nn::SpatialPadding::Replicate, "replicate"},
      {nn::SpatialPadding::Circular, "circular"}};
  for (const auto& [mode, name] : modes)
    for (const bool causal : {true, false}) {
      const auto padding = name;
      CAPTURE(padding);
      CAPTURE(causal);
      const auto first = x.narrow(2, 0, 1), last = x.narrow(2, 3, 1);
      const auto in_time = causal ? at::cat({first, first, x}, 2) : at::cat({first, x, last}, 2);
      const auto expected =
          at::conv3d(at::pad(in_time, {1, 1, 1, 1, 0, 0}, name), weights.tensors["conv.weight"],
                     weights.tensors["conv.bias"], {2, 1, 2});
      const nn::CausalConv3d conv(source, 3, 5, causal, mode, {2, 1, 2});
      CHECK(distance(conv(x), expected) < 1e-5);
      const at::NoGradGuard no_grad;  // frame by frame through the prologue
      CHECK(distance(conv(x, {[](const at::Tensor& part) { return part * 1; }}), expected) < 1e-5);
    }
}

TEST_CASE("convolution: in pieces of any size it is the same") {
  test::VaeWeights weights(12);
  weights.conv("conv", 5, 3);
  const nn::Conv3dWeights conv(weights.source() / "conv", 3, 5, {3, 3, 3});
  const auto x = weights.random({1, 3, 11, 4, 4});
  for (const int64_t stride : {1, 2}) {
    const auto whole = nn::conv3d(x, conv, {stride, 1, 1}, {0, 1, 1});
    for (const int64_t limit : {1, 160, 200, 400, 528, 1000}) {
      CAPTURE(limit);
      CHECK(distance(nn::conv3d_in_pieces(x, conv, {stride, 1, 1}, {0, 1, 1}, limit), whole) < 1e-5);
    }
  }
}

TEST_CASE("statistics: un-normalising undoes normalising") {
  test::VaeWeights weights(13);
  weights.statistics(4);
  const nn::ChannelStatistics statistics(weights.source(), 4);
  const auto x = weights.random({1, 4, 2, 3, 3});
  CHECK(distance(statistics.un_normalize(statistics.normalize(x)), x) < 1e-5);
}

TEST_CASE("frames: ranges, bytes and planes") {
  const auto bytes = at::tensor({0, 127, 255}, at::kByte);
  CHECK(distance(from_uint8(bytes), at::tensor({-1.0f, 127 / 127.5f - 1, 1.0f})) == 0);
  CHECK(distance(from_unit_range(at::tensor({0.0f, 0.25f, 1.0f})), at::tensor({-1.0f, -0.5f, 1.0f})) == 0);
  CHECK(contains(message_of(Status::InvalidArgument,
                            [] {
                              from_unit_range(at::tensor({0.0f, 1.5f}));
                            }),
                 "1.5"));
  CHECK(contains(message_of(Status::InvalidArgument, [] { from_unit_range(at::full({1}, NAN)); }), "nan"));
  const auto raw = at::tensor({-2.0f, -1.0f, 0.0f, 2.0f}).view({1, 1, 1, 2, 2}).expand({2, 3, 1, 2, 2});
  const auto frames = to_unit_range(raw);
  REQUIRE(frames.sizes() == at::IntArrayRef{1, 2, 2, 3});
  CHECK(at::equal(frames.select(3, 1).flatten(), at::tensor({0.0f, 0.0f, 0.5f, 1.0f})));
}

TEST_CASE("the same pixels on a GPU") {
  if (device::cuda_device_count() == 0) return;
  const auto weights = decoder_weights();
  const auto latent = at::randn({1, 4, 3, 2, 3}, at::detail::createCPUGenerator(3), at::kFloat);
  const auto here = make_decoder(weights).decode(latent);
  const auto there = make_decoder(weights, decoder_json(), at::kFloat, at::Device("cuda:0")).decode(latent);
  CHECK((there.cpu() - here).norm().item<double>() / here.norm().item<double>() < 2e-3);  // TF32 may be on
}
