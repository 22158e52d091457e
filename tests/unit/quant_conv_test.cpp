// The weight of a convolution under a policy (spec 08 §15).
#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "expect_error.h"
#include "quant/context.h"
#include "quant/conv_weight.h"
#include "quant_test_store.h"

namespace ltx::quant {
namespace {

using formats::Format;
using test::random;
using test::TestStore;

using Shape = std::vector<int64_t>;

const std::string kMiddle = "up_blocks.0.res_blocks.1.conv1.conv";

/// First, last, narrow and ordinary convolutions.
const std::map<std::string, Shape> kConvolutions = {{"conv_in.conv", {64, 64, 3, 3, 3}},
                                                    {kMiddle, {96, 64, 3, 3, 3}},
                                                    {"up_blocks.1.conv.conv", {64, 48, 1, 3, 3}},
                                                    {"conv_out.conv", {64, 96, 3, 3, 3}}};

std::shared_ptr<TestStore> vae_store() {
  auto store = std::make_shared<TestStore>();
  for (const auto& [name, shape] : kConvolutions) store->plain(name + ".weight", random(shape));
  return store;
}

struct Loaded {
  std::map<std::string, ConvWeight> weights;
  std::map<std::string, LayerReport> reports;
  std::vector<std::string> warnings;
  nlohmann::json json;
};

Loaded load(const std::shared_ptr<TestStore>& store, const std::map<std::string, Shape>& convolutions,
            const Policy& policy, at::ScalarType compute = at::kFloat) {
  Context wanted;
  wanted.policy = policy;
  wanted.component = "video-decoder";
  wanted.measure = true;
  const auto context = make_context(std::move(wanted), *store);
  const Source source(weights::View(store), at::kCPU, compute, context);
  Loaded loaded;
  for (const auto& [name, shape] : convolutions)
    loaded.weights.emplace(name, ConvWeight(name.empty() ? source : source / name, shape));
  for (auto& layer : context->report->layers()) loaded.reports.emplace(layer.name, layer);
  loaded.warnings = context->report->warnings();
  loaded.json = context->report->json();
  return loaded;
}

Policy vae(Kind kind, std::vector<Rule> rules = {}) {
  return {Target::VideoVae, kind, {}, std::move(rules)};
}

double relative(const at::Tensor& found, const at::Tensor& wanted) {
  return (found - wanted).norm().item<double>() / wanted.norm().item<double>();
}

/// The store's layer as int8 codes of a file.
weights::StoredMatrix int8_codes(const TestStore& store, const std::string& name) {
  return test::encoded(Format::Int8, store.read(name + ".weight").flatten(1));
}

}  // namespace

TEST_CASE("int8 for the VAE: convolutions in the middle, and every one is reported") {
  const auto store = vae_store();
  const auto loaded = load(store, kConvolutions, vae(Kind::Int8));
  for (const auto& convolution : kConvolutions) {
    const auto& name = convolution.first;
    const auto& shape = convolution.second;  // lambdas take no structured binding in Clang 14
    CAPTURE(name);
    CHECK(loaded.weights.at(name).quantized() == (name == kMiddle));
    const auto& report = loaded.reports.at(name);
    CHECK(report.component == "video-decoder");
    CHECK(report.shape == shape);
    CHECK(report.bytes_before == 2 * static_cast<uint64_t>(c10::multiply_integers(shape)));
    if (name == kMiddle) continue;
    CHECK(report.outcome == Outcome::Skipped);
    CHECK(report.held == Format::Unquantized);
    CHECK(report.bytes_after == 2 * report.bytes_before);  // fp32
  }
  CHECK(loaded.reports.at("conv_in.conv").reason == "first or last");
  CHECK(loaded.reports.at("conv_out.conv").reason == "first or last");
  CHECK(loaded.reports.at("up_blocks.1.conv.conv").reason == "channels");
  const auto& held = loaded.reports.at(kMiddle);
  CHECK(held.outcome == Outcome::Quantized);
  CHECK(held.held == Format::Int8);
  CHECK(held.arithmetic == Arithmetic::Dequant);
  CHECK(held.bytes_after == held.bytes_before / 2 + 4 * 96);
  REQUIRE(held.error);
  CHECK(held.error->relative_l2 < 0.01);
  const auto& component = loaded.json.at("components").at("video-decoder");
  CHECK(component.at("quantized") == 1);
  CHECK(component.at("skipped") == nlohmann::json{{"channels", 1}, {"first or last", 2}});
  CHECK(component.at("formats") == nlohmann::json{{"int8", 1}, {"unquantized", 3}});

  const auto x = random({1, 64, 3, 8, 8}, 1).to(at::kFloat);
  const auto wanted = at::conv3d(x, store->read(kMiddle + ".weight").to(at::kFloat));
  const double error = relative(at::conv3d(x, loaded.weights.at(kMiddle).values()), wanted);
  CHECK(error > 0);
  CHECK(error < 0.02);
}

TEST_CASE("without a policy for it a convolution is plain, and reported so") {
  const auto store = vae_store();
  const auto loaded = load(store, kConvolutions, vae(Kind::None), at::kBFloat16);
  for (const auto& [name, weight] : loaded.weights) {
    CHECK_FALSE(weight.quantized());
    CHECK(loaded.reports.at(name).outcome == Outcome::Plain);
    CHECK(loaded.reports.at(name).bytes_after == loaded.reports.at(name).bytes_before);
    CHECK(at::equal(weight.values(), store->read(name + ".weight")));
  }
}

TEST_CASE("int8 codes of a file are kept, and dequantized where none are wanted") {
  const Shape shape = kConvolutions.at(kMiddle);
  const auto plain = vae_store();
  const auto codes = int8_codes(*plain, kMiddle);
  auto store = std::make_shared<TestStore>();
  store->stored(kMiddle, codes, shape);
  const std::map<std::string, Shape> one = {{kMiddle, shape}};
  for (const auto kind : {Kind::Auto, Kind::Int8}) {
    const auto kept = load(store, one, vae(kind), at::kBFloat16);
    CHECK(kept.weights.at(kMiddle).quantized());
    CHECK(kept.reports.at(kMiddle).outcome == Outcome::AlreadyQuantized);
    CHECK(kept.reports.at(kMiddle).stored == Format::Int8);
    CHECK(at::equal(kept.weights.at(kMiddle).values().flatten(1),
                    formats::decode(codes.matrix, at::kBFloat16)));
  }
  const auto none = load(store, one, vae(Kind::None), at::kBFloat16);
  CHECK_FALSE(none.weights.at(kMiddle).quantized());
  CHECK(none.reports.at(kMiddle).outcome == Outcome::Dequantized);
}

TEST_CASE("rules reach convolutions, and what they cannot have is told") {
  const auto store = vae_store();
  const auto kept = load(store, kConvolutions, vae(Kind::Int8, {rule_named("video_vae:up_blocks.*=bf16")}));
  CHECK_FALSE(kept.weights.at(kMiddle).quantized());
  CHECK(kept.reports.at(kMiddle).reason == "rule");
  // A component whose own policy knows no convolutions.
  const Policy other(Target::Transformer, Kind::None, {}, {rule_named("video-decoder:*=fp8-per-row")});
  const auto refused = load(store, kConvolutions, other);
  CHECK_FALSE(refused.weights.at(kMiddle).quantized());
  CHECK(refused.reports.at(kMiddle).outcome == Outcome::Skipped);
  CHECK(refused.reports.at(kMiddle).reason == "convolution");
  // A rule that a file's codes do not follow.
  auto stored = std::make_shared<TestStore>();
  stored->stored(kMiddle, int8_codes(*store, kMiddle), kConvolutions.at(kMiddle));
  const auto again = load(stored, {{kMiddle, kConvolutions.at(kMiddle)}},
                          vae(Kind::Auto, {rule_named("video_vae:*=fp8-per-row")}));
  CHECK(again.weights.at(kMiddle).quantized());
  REQUIRE(again.warnings.size() == 1);
  CHECK(again.warnings.front().find("not quantized again") != std::string::npos);
}

TEST_CASE("a convolution at the root of its view, and one that is not finite") {
  auto store = std::make_shared<TestStore>();
  store->plain("weight", random({64, 64, 1, 1, 1}));
  const auto loaded = load(store, {{"", {64, 64, 1, 1, 1}}}, vae(Kind::Int8));
  CHECK(loaded.weights.at("").quantized());
  CHECK(loaded.reports.contains(""));
  auto weight = random({64, 64, 1, 1, 1});
  weight[3][5] = NAN;
  store->plain("weight", weight);
  expect_error(Status::Numeric, "weight", [&] { load(store, {{"", {64, 64, 1, 1, 1}}}, vae(Kind::Int8)); });
}

}  // namespace ltx::quant
