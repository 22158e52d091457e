// How a linear layer comes out of the weights under a policy (spec 08 §3.2, §5.4, §6.4, §15, §23).
#include <doctest/doctest.h>

#include <cmath>
#include <map>
#include <nlohmann/json.hpp>

#include "expect_error.h"
#include "quant/context.h"
#include "quant/layer_sets.h"
#include "quant/linear.h"
#include "quant/load_linear.h"
#include "quant_test_store.h"

namespace ltx::quant {
namespace {

using formats::Encoding;
using formats::Format;
using test::encoded;
using test::random;
using test::TestStore;

const std::string kLayer = "transformer_blocks.0.attn1.to_q";

struct Loaded {
  LinearParts parts;
  std::shared_ptr<const Context> context;
};

Loaded load(std::shared_ptr<TestStore> store, const Policy& policy, const std::string& name = kLayer,
            int64_t in = 64, int64_t out = 32, bool bias = false, Context wanted = {}) {
  wanted.policy = policy;
  const auto context = make_context(std::move(wanted), *store);
  Source source(weights::View(store), at::kCPU, at::kBFloat16, context);
  std::string_view rest = name;
  while (!rest.empty()) {
    const auto dot = std::min(rest.find('.'), rest.size());
    source = source / rest.substr(0, dot);
    rest.remove_prefix(std::min(dot + 1, rest.size()));
  }
  return {load_linear(source, in, out, bias), context};
}

Policy policy(Kind kind, Options options = {}) {
  return {Target::Transformer, kind, std::move(options)};
}

std::shared_ptr<TestStore> plain_store(const at::Tensor& weight) {
  auto store = std::make_shared<TestStore>();
  store->plain(kLayer + ".weight", weight);
  return store;
}

}  // namespace

TEST_CASE("without a policy a layer is the caller's tensor itself") {
  auto weight = at::randn({3, 4});
  weight.requires_grad_(true);
  auto store =
      std::make_shared<weights::MemoryStore>(std::map<std::string, at::Tensor>{{"l.weight", weight}});
  const auto parts = load_linear(Source(weights::View(store), at::kCPU, at::kFloat) / "l", 4, 3, false);
  CHECK(parts.weight.codes.is_same(weight));
  CHECK(parts.name == "l");
  CHECK(parts.kind == Kind::None);
}

TEST_CASE("on the fly: encoded once, reported with its bytes and its error") {
  const auto weight = random({256, 512});
  struct Row {
    Kind kind;
    Format format;
    double error;  // of spec 08 §20
  };
  for (const auto& [listed, format, error] :
       {Row{Kind::Fp8Dynamic, Format::Fp8PerRow, 0.0265},
        Row{Kind::Fp8ScaledMm, Format::Fp8PerTensor, 0.0265},
        Row{Kind::Fp8WeightOnly, Format::Fp8PerRow, 0.0265}, Row{Kind::Fp8Cast, Format::Fp8Unscaled, 0.0330},
        Row{Kind::Fp8Block128, Format::Fp8Block128, 0.0266},
        Row{Kind::Fp6Block128, Format::Fp6Block128, 0.0290}, Row{Kind::Mxfp8, Format::Mxfp8, 0.0267},
        Row{Kind::Nvfp4Cast, Format::Nvfp4, 0.0952}, Row{Kind::Int4, Format::Int4, 0.1002},
        Row{Kind::Nf4, Format::Nf4, 0.0919}}) {
    const auto kind = listed;  // lambdas take no structured binding in Clang 14
    CAPTURE(name_of(kind));
    Context wanted;
    wanted.measure = true;
    const auto store = plain_store(weight);
    const auto [parts, context] = load(store, policy(kind), kLayer, 512, 256, false, wanted);
    CHECK(parts.weight.format == format);
    CHECK(parts.kind == kind);
    CHECK(store->reads[kLayer + ".weight"] == 1);
    REQUIRE(context->report->layers().size() == 1);
    const auto layer = context->report->layers().front();
    CHECK(layer.outcome == Outcome::Quantized);
    CHECK(layer.bytes_before == 2 * 256 * 512);
    CHECK(layer.bytes_after == parts.weight.bytes());
    REQUIRE(layer.error);
    CHECK(layer.error->relative_l2 == doctest::Approx(error).epsilon(0.04));
    CHECK(layer.error->cosine == doctest::Approx(1 - error * error / 2).epsilon(0.001));
    const auto whole = formats::decode(parts.weight).to(at::kDouble) - weight.to(at::kDouble);
    CHECK(layer.error->relative_l2 ==
          doctest::Approx(whole.norm().item<double>() / weight.to(at::kDouble).norm().item<double>()));
  }
}

TEST_CASE("layers outside the set, filtered ones and kept blocks stay in bf16, with their reason") {
  auto store = plain_store(random({33, 80}));
  auto loaded = load(store, policy(Kind::Fp8Dynamic), kLayer, 80, 33);
  CHECK(loaded.parts.weight.format == Format::Unquantized);
  CHECK((loaded.parts.weight.codes.scalar_type() == at::kBFloat16));
  CHECK(loaded.parts.kind == Kind::None);
  CHECK(loaded.context->report->layers().front().reason == "gemm");
  store = std::make_shared<TestStore>();
  store->plain("patchify_proj.weight", random({32, 64}));
  loaded = load(store, policy(Kind::Int8), "patchify_proj");
  CHECK(loaded.context->report->count(Outcome::Plain) == 1);
  CHECK(loaded.parts.weight.format == Format::Unquantized);
}

TEST_CASE("a weight that is not finite is an error with its name") {
  auto weight = random({32, 64});
  weight[3][5] = NAN;
  weight[4][5] = INFINITY;
  for (const auto kind : {Kind::Fp8Dynamic, Kind::Fp8Cast, Kind::Nf4, Kind::Int8})
    expect_error(Status::Numeric, kLayer + ".weight", [&] { load(plain_store(weight), policy(kind)); });
  CHECK_NOTHROW(load(plain_store(weight), policy(Kind::None)));
}

TEST_CASE("missing tensors and wrong shapes are still collected") {
  auto store = std::make_shared<TestStore>();
  store->plain(kLayer + ".weight", random({32, 64}));
  Context wanted;
  wanted.policy = policy(Kind::Fp8Dynamic);
  const auto context = make_context(wanted, *store);
  expect_error(Status::TensorMissing, "2 tensors", [&] {
    weights::build_complete(weights::View(store), [&](const weights::View& view) {
      const Source source(view, at::kCPU, at::kBFloat16, context);
      load_linear(source / "transformer_blocks" / 0 / "attn1" / "to_k", 64, 32, true);
      return 0;
    });
  });
  expect_error(Status::TensorMismatch, "[64, 64]", [&] { load(store, policy(Kind::Int8), kLayer, 64, 64); });
}

TEST_CASE("stored codes are kept inside the blocks and dequantized outside") {
  const auto weight = random({32, 64});
  for (const auto format : {Format::Fp8PerTensor, Format::Nvfp4, Format::Int8, Format::Mxfp8}) {
    auto store = std::make_shared<TestStore>();
    store->stored(kLayer, encoded(format, weight));
    store->stored("adaln_single.linear", encoded(format, weight));
    const auto inside = load(store, policy(Kind::Auto));
    CHECK(inside.parts.weight.format == format);
    CHECK(inside.context->report->count(Outcome::AlreadyQuantized) == 1);
    const auto outside = load(store, policy(Kind::Auto), "adaln_single.linear");
    CHECK(outside.parts.weight.format == Format::Unquantized);
    CHECK(at::equal(outside.parts.weight.codes, store->read("adaln_single.linear.weight")));
    const auto none = load(store, policy(Kind::None));
    CHECK(at::equal(none.parts.weight.codes, store->read(kLayer + ".weight")));
    CHECK(none.context->report->count(Outcome::Dequantized) == 1);
  }
}

TEST_CASE("fp8-cast folds scales, and stores biases as it stores weights") {
  const auto weight = random({32, 64});
  auto store = std::make_shared<TestStore>();
  store->stored(kLayer, encoded(Format::Fp8PerRow, weight));
  store->plain(kLayer + ".bias", random({32}));
  const auto [parts, context] = load(store, policy(Kind::Fp8Cast), kLayer, 64, 32, true);
  Encoding cast;
  cast.format = Format::Fp8Unscaled;
  const auto expected = formats::encode(store->read(kLayer + ".weight"), cast);
  CHECK(parts.weight.format == Format::Fp8Unscaled);
  CHECK(at::equal(parts.weight.codes.view(at::kByte), expected.codes.view(at::kByte)));
  CHECK((parts.bias.scalar_type() == at::kFloat8_e4m3fn));
  const auto bias = formats::encode(store->read(kLayer + ".bias").view({1, 32}), cast).codes.view({32});
  CHECK(at::equal(parts.bias.view(at::kByte), bias.view(at::kByte)));
  CHECK(context->report->warnings().size() == 1);
  // Outside the set: back to bf16, the bias too.
  store = std::make_shared<TestStore>();
  store->stored("transformer_blocks.0.attn1.to_gate_logits", encoded(Format::Fp8PerTensor, weight));
  store->plain("transformer_blocks.0.attn1.to_gate_logits.bias", random({32}));
  const auto gate =
      load(store, policy(Kind::Fp8Cast), "transformer_blocks.0.attn1.to_gate_logits", 64, 32, true).parts;
  CHECK(gate.weight.format == Format::Unquantized);
  CHECK((gate.bias.scalar_type() == at::kBFloat16));
}

TEST_CASE("what a file says about a layer's activations reaches the layer") {
  const auto weight = random({32, 64});
  const auto with = [&](Format format, double input_scale) {
    auto store = std::make_shared<TestStore>();
    auto stored = encoded(format, weight);
    if (input_scale > 0) stored.input_scale = at::full({}, input_scale, at::kFloat);
    store->stored(kLayer, std::move(stored));
    return store;
  };
  auto parts = load(with(Format::Fp8PerTensor, 0.25), policy(Kind::Auto)).parts;
  CHECK(parts.act_scale == ActScale::Static);
  CHECK(parts.input_scale.item<float>() == 0.25f);
  CHECK(load(with(Format::Fp8PerTensor, 1), policy(Kind::Auto)).parts.act_scale == ActScale::Dynamic);
  CHECK(load(with(Format::Fp8PerTensor, 0), policy(Kind::Auto)).parts.act_scale == ActScale::Dynamic);
  CHECK(load(with(Format::Fp8PerTensor, 0.25), policy(Kind::Fp8Dynamic)).parts.kind == Kind::Fp8Dynamic);
  CHECK(load(with(Format::Nvfp4, 0.5), policy(Kind::Auto)).parts.act_scale == ActScale::Static);
  Options options;
  options.act_scale = ActScale::Fixed1;
  CHECK(load(with(Format::Nvfp4, 0.5), policy(Kind::Auto, options)).parts.act_scale == ActScale::Fixed1);
  options.act_scale = ActScale::Static;
  expect_error(Status::Quant, kLayer,
               [&] { load(with(Format::Fp8PerTensor, 0), policy(Kind::Fp8ScaledMm, options)); });
  options = {};
  options.reference = true;
  CHECK(load(plain_store(weight), policy(Kind::Nvfp4Cast, options)).parts.act_scale == ActScale::Fixed1);
  expect_error(Status::Quant, kLayer,
               [&] { load(with(Format::Nvfp4, 0), policy(Kind::Nvfp4Prequant, options)); });

  Context wanted;
  wanted.calibration = std::make_shared<const Calibration>(AmaxTable{{kLayer, 448.0f}});
  const auto calibrated =
      load(with(Format::Fp8PerTensor, 0.25), policy(Kind::Fp8ScaledMm), kLayer, 64, 32, false, wanted);
  CHECK(calibrated.parts.input_scale.item<float>() == 1.0f);
  CHECK(calibrated.context->report->layers().front().act_scale == "calibrated");
  wanted.calibration =
      std::make_shared<const Calibration>(AmaxTable{{"transformer_blocks.7.attn1.to_q", 1.0f}});
  expect_error(Status::Quant, "transformer_blocks.7.attn1.to_q", [&] {
    load(with(Format::Fp8PerTensor, 0.25), policy(Kind::Fp8ScaledMm), kLayer, 64, 32, false, wanted);
  });
  wanted.calibration = std::make_shared<const Calibration>();
  wanted.report = std::make_shared<Report>();
  const auto missing =
      load(with(Format::Fp8PerTensor, 0.25), policy(Kind::Fp8ScaledMm), kLayer, 64, 32, false, wanted);
  CHECK(missing.parts.act_scale == ActScale::Dynamic);
  REQUIRE(!missing.context->report->warnings().empty());
  CHECK(missing.context->report->warnings().front().find(kLayer) != std::string::npos);
}

TEST_CASE("a stored pre_quant_scale is never ignored") {
  const auto weight = random({32, 64});
  const auto scale = at::rand({64}) + 0.5;
  auto store = std::make_shared<TestStore>();
  auto stored = encoded(Format::Nvfp4, weight);
  stored.pre_quant_scale = scale;
  store->stored(kLayer, stored);
  CHECK(at::equal(load(store, policy(Kind::Auto)).parts.pre_quant_scale, scale));
  const auto none = load(store, policy(Kind::None)).parts;
  CHECK_FALSE(none.pre_quant_scale.defined());
  CHECK(at::equal(none.weight.codes, (formats::decode(stored.matrix) * scale).to(at::kBFloat16)));
}

TEST_CASE("a file that asks for full precision is multiplied dequantized") {
  auto store = std::make_shared<TestStore>();
  auto stored = encoded(Format::Int8, random({32, 64}));
  stored.full_precision_matmul = true;
  store->stored(kLayer, stored);
  CHECK(load(store, policy(Kind::Int8Dynamic)).parts.arithmetic == Arithmetic::Dequant);
}

TEST_CASE("one warning per policy, whatever the number of layers") {
  auto store = std::make_shared<TestStore>();
  Context wanted;
  for (const auto* name : {"to_q", "to_k", "to_v"})
    store->plain(std::string("transformer_blocks.0.attn1.") + name + ".weight", random({32, 64}));
  for (const auto* name : {"to_q", "to_k", "to_v"})
    load(store, policy(Kind::Fp8Dynamic), std::string("transformer_blocks.0.attn1.") + name, 64, 32, false,
         wanted);
  CHECK(wanted.report->warnings().size() == 1);
  CHECK(wanted.report->count(Outcome::Quantized) == 3);
  wanted.report->forget("transformer");
  CHECK(wanted.report->warnings().empty());
  CHECK(wanted.report->layers().empty());
}

TEST_CASE("files that do not suit a policy are refused as a whole, with one that does") {
  Options reference;
  reference.reference = true;
  expect_error(Status::Quant, "fp8-cast", [&] {
    load(plain_store(random({32, 64})), policy(Kind::Fp8ScaledMm, reference));
  });
  CHECK_NOTHROW(load(plain_store(random({32, 64})), policy(Kind::Fp8ScaledMm)));
  expect_error(Status::Quant, "nvfp4-cast", [&] {
    load(plain_store(random({32, 64})), policy(Kind::Nvfp4Prequant));
  });
  auto store = std::make_shared<TestStore>();
  store->stored(kLayer, encoded(Format::Fp8PerTensor, random({32, 64})));
  expect_error(Status::Quant, "fp8-scaled-mm", [&] { load(store, policy(Kind::Nvfp4Prequant)); });
  store = std::make_shared<TestStore>();
  store->stored(kLayer, encoded(Format::Fp8PerRow, random({32, 64})));
  expect_error(Status::Quant, kLayer, [&] { load(store, policy(Kind::Fp8Cast, reference)); });
  CHECK_NOTHROW(load(store, policy(Kind::Fp8Cast)));
}

TEST_CASE("LoRA updates: before, after and at run time") {
  const auto weight = random({32, 64});
  const weights::ScaledFactors update{random({32, 4}, 0.1), random({4, 64}, 0.1), 0.5, 2.0};
  const auto delta = at::mm(update.up.to(at::kFloat), update.down.to(at::kFloat));
  const auto wanted = weight.to(at::kFloat) + delta;
  const auto close = [](const at::Tensor& actual, const at::Tensor& expected, double bound) {
    const auto difference = (actual.to(at::kFloat) - expected).norm().item<double>();
    return difference <= bound * expected.norm().item<double>();
  };
  const auto loaded = [&](LoraOrder order, Kind kind, bool prequantized) {
    auto store = std::make_shared<TestStore>();
    if (prequantized)
      store->stored(kLayer, encoded(Format::Fp8PerRow, weight));
    else
      store->plain(kLayer + ".weight", weight);
    store->update(kLayer, update);
    Options options;
    options.lora_order = order;
    return load(store, policy(kind, options));
  };
  for (const bool prequantized : {false, true})
    for (const auto order : {LoraOrder::Auto, LoraOrder::Before, LoraOrder::After}) {
      CAPTURE(prequantized);
      const auto [parts, context] = loaded(order, prequantized ? Kind::Auto : Kind::Fp8Dynamic, prequantized);
      CHECK(parts.weight.format == Format::Fp8PerRow);
      CHECK(parts.low_rank.empty());
      // The reference's order leaves alpha out of account nowhere here: the factors bring it.
      CHECK(close(formats::decode(parts.weight), wanted, 0.05));
      REQUIRE(context->report->fusions().size() == 1);
      CHECK(context->report->fusions().front().prequantized == prequantized);
    }
  const auto [runtime, context] = loaded(LoraOrder::Runtime, Kind::Fp8Dynamic, false);
  CHECK(runtime.low_rank.size() == 1);
  CHECK(close(formats::decode(runtime.weight), weight.to(at::kFloat), 0.03));
  const auto report = context->report->layers().front();
  CHECK(report.bytes_after == runtime.weight.bytes() + 2 * 4 * (32 + 64));
  REQUIRE(report.lora);
  CHECK((report.lora->order == LoraOrder::Runtime));
  CHECK(report.lora->survival.slope() == 1);
  CHECK(
      context->report->json().at("components").at("transformer").at("layers").at(0).at("lora").at("order") ==
      "runtime");
  const auto plain = loaded(LoraOrder::Auto, Kind::None, false).parts;
  CHECK(plain.weight.format == Format::Unquantized);
  CHECK(close(plain.weight.codes, wanted, 0.005));
}

TEST_CASE("a LoRA on a stored fp8 layer: the scale comes from a product, as in the files") {
  const auto weight = random({32, 64});
  const auto matrix = encoded(Format::Fp8PerTensor, weight);
  int different = 0;
  for (int i = 1; i <= 12; ++i) {
    const weights::ScaledFactors update{random({32, 4}, 0.1), random({4, 64}, 0.1), 0.1 * i, 1.0};
    auto store = std::make_shared<TestStore>();
    store->stored(kLayer, matrix);
    store->update(kLayer, update);
    const auto scale = load(store, policy(Kind::Auto)).parts.weight.scale;
    Encoding encoding;
    encoding.format = Format::Fp8PerTensor;
    const auto divided = fuse_after(matrix.matrix, {update}, encoding).weight.scale;
    encoding.fp8_form = Encoding::Fp8Form::Multiply;
    CHECK(at::equal(scale, fuse_after(matrix.matrix, {update}, encoding).weight.scale));
    different += !at::equal(scale, divided);
  }
  CHECK(different > 0);
}

TEST_CASE("blocks that a file left incomplete at the edges: decoded, and LoRAs stay factors") {
  auto stored = encoded(Format::Fp8Block128, random({256, 256}));
  stored.matrix.rows = 200;
  stored.matrix.codes = stored.matrix.codes.narrow(0, 0, 200).contiguous();
  const weights::ScaledFactors update{random({200, 4}, 0.1), random({4, 256}, 0.1), 1.0, 1.0};
  for (const auto order : {LoraOrder::Auto, LoraOrder::After, LoraOrder::Before}) {
    auto store = std::make_shared<TestStore>();
    store->stored(kLayer, stored);
    store->update(kLayer, update);
    Options options;
    options.lora_order = order;
    Context wanted;
    wanted.ability = {true, 90, 12090};
    const auto [parts, context] = load(store, policy(Kind::Auto, options), kLayer, 256, 200, false, wanted);
    CHECK(parts.weight.format == Format::Fp8Block128);
    CHECK(parts.arithmetic == Arithmetic::Dequant);
    CHECK(parts.low_rank.size() == 1);
    const auto report = context->report->layers().front();
    CHECK(report.reason == "storage");
    REQUIRE(report.lora);
    CHECK((report.lora->order == LoraOrder::Runtime));
    CHECK(report.lora->prequantized);
    const auto x = random({3, 256}, 1);
    const auto values = formats::decode(stored.matrix) + at::mm(update.up, update.down).to(at::kFloat);
    const auto wanted_y = at::linear(x.to(at::kFloat), values);
    const auto y = Linear(parts)(x).to(at::kFloat);
    CHECK((y - wanted_y).norm().item<double>() < 0.01 * wanted_y.norm().item<double>());
  }
}

TEST_CASE("the report says how the layer multiplies") {
  const auto context = std::make_shared<Context>();
  context->policy = policy(Kind::Int8Dynamic);
  context->ability = ability_of(at::kCPU);
  const auto store = plain_store(random({32, 64}));
  const Source source(weights::View(store), at::kCPU, at::kBFloat16, context);
  const Linear linear(source / kLayer, 64, 32, false);
  const bool native = context->report->layers().front().arithmetic == Arithmetic::Native;
  CHECK(linear.back_end() == (native ? "cpu-int8" : "dequant"));
  // A CPU that lacks the instructions decodes, whatever this one has.
  context->ability = {};
  const Linear decoded(source / kLayer, 64, 32, false);
  CHECK(decoded.back_end() == "dequant");
  CHECK((context->report->layers().front().arithmetic == Arithmetic::Dequant));
  CHECK(context->report->warnings().size() == 1);
}

TEST_CASE("the report as JSON") {
  auto store = plain_store(random({32, 64}));
  store->plain("transformer_blocks.0.attn1.to_k.weight", random({33, 80}));
  Context wanted;
  load(store, policy(Kind::Fp8Dynamic), kLayer, 64, 32, false, wanted);
  load(store, policy(Kind::Fp8Dynamic), "transformer_blocks.0.attn1.to_k", 80, 33, false, wanted);
  const auto json = wanted.report->json();
  const auto& component = json.at("components").at("transformer");
  CHECK(component.at("quantized") == 1);
  CHECK(component.at("skipped").at("gemm") == 1);
  CHECK(component.at("compute") == "dequant");
  CHECK(component.at("formats").at("fp8-per-row") == 1);
  CHECK(component.at("bytes_after") == 32 * 64 + 4 * 32 + 2 * 33 * 80);
  CHECK(component.at("layers").size() == 2);
  CHECK(component.at("layers").at(1).at("name") == kLayer);
  CHECK(component.at("layers").at(1).at("compute") == "dequant");
  CHECK(json.at("warnings").size() == 1);
  CHECK_FALSE(wanted.report->json(false).at("components").at("transformer").contains("layers"));
}

}  // namespace ltx::quant
