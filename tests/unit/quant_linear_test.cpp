// The quantized linear layer: its back ends against the definition, its shapes, its errors (spec 08 §24).
#include "quant/linear.h"

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/Parallel.h>
#include <ATen/cpu/Utils.h>
#include <doctest/doctest.h>

#include "device/device.h"
#include "expect_error.h"
#include "formats/activations.h"
#include "quant/observe.h"

using namespace ltx;
using namespace ltx::quant;
using formats::Encoding;
using formats::Format;

namespace {

at::Tensor random(at::IntArrayRef shape, uint64_t seed, double deviation = 1) {
  const auto generator = at::make_generator<at::CPUGeneratorImpl>(seed);
  return at::randn(shape, generator, at::TensorOptions(at::kFloat)) * deviation;
}

double distance(const at::Tensor& a, const at::Tensor& b) {
  const auto x = a.to(at::kCPU, at::kDouble), y = b.to(at::kCPU, at::kDouble);
  return ((x - y).norm() / y.norm()).item<double>();
}

struct Scheme {
  const char* name;
  Kind kind;
  Encoding encoding;
  double weight_error;      // of the weight alone (spec 08 §20)
  double activation_error;  // of quantized activations alone; 0: they are not quantized
};

Encoding as(Format format) {
  Encoding encoding;
  encoding.format = format;
  return encoding;
}

Encoding multiply_form() {
  auto encoding = as(Format::Fp8PerTensor);
  encoding.fp8_form = Encoding::Fp8Form::Multiply;
  return encoding;
}

Encoding int4_of(int64_t group) {
  auto encoding = as(Format::Int4);
  encoding.group_size = group;
  return encoding;
}

const Scheme kSchemes[] = {
    {"fp8-cast", Kind::Fp8Cast, as(Format::Fp8Unscaled), 0.0330, 0},
    {"fp8-scaled-mm", Kind::Fp8ScaledMm, multiply_form(), 0.0265, 0.0265},
    {"fp8-dynamic per tensor", Kind::Fp8Dynamic, as(Format::Fp8PerTensor), 0.0265, 0.0265},
    {"fp8-dynamic per row", Kind::Fp8Dynamic, as(Format::Fp8PerRow), 0.0265, 0.0265},
    {"fp8-weight-only", Kind::Fp8WeightOnly, as(Format::Fp8PerRow), 0.0265, 0},
    {"fp8-block128", Kind::Fp8Block128, as(Format::Fp8Block128), 0.0266, 0.0258},
    {"fp6-block128", Kind::Fp6Block128, as(Format::Fp6Block128), 0.0290, 0.0258},
    {"mxfp8", Kind::Mxfp8, as(Format::Mxfp8), 0.0267, 0.0267},
    {"nvfp4", Kind::Nvfp4Cast, as(Format::Nvfp4), 0.0952, 0.0952},
    {"int8", Kind::Int8, as(Format::Int8), 0.0087, 0},
    {"int8-dynamic", Kind::Int8Dynamic, as(Format::Int8), 0.0087, 0.0087},
    {"int4", Kind::Int4, int4_of(128), 0.1002, 0},
    {"nf4", Kind::Nf4, as(Format::Nf4), 0.0919, 0},
};

constexpr int64_t kOut = 128, kIn = 4096;

LinearParts parts_of(const Scheme& scheme, const at::Tensor& weight, const at::Tensor& bias,
                     Arithmetic arithmetic) {
  LinearParts parts;
  parts.name = "transformer_blocks.0.attn1.to_q";
  parts.weight = formats::encode(weight, scheme.encoding);
  parts.bias = bias;
  parts.kind = scheme.kind;
  parts.arithmetic = arithmetic;
  parts.per_row = scheme.encoding.format != Format::Fp8PerTensor;
  return parts;
}

const Scheme& scheme_of(Kind kind) {
  for (const auto& scheme : kSchemes)
    if (scheme.kind == kind) return scheme;
  FAIL("no such scheme");
  return kSchemes[0];
}

at::Tensor test_weight(int64_t out = kOut, int64_t in = kIn) {
  return random({out, in}, 1, 0.02).to(at::kBFloat16);
}

bool int8_is_native() {
  return at::cpu::is_avx512_vnni_supported();
}

}  // namespace

TEST_CASE("on a CPU every scheme runs, and errs by what its formats err") {
  const at::NoGradGuard no_grad;
  const auto weight = test_weight(), bias = random({kOut}, 2, 0.1).to(at::kBFloat16);
  const auto x = random({64, kIn}, 3).to(at::kBFloat16);
  const auto exact = at::linear(x.to(at::kFloat), weight.to(at::kFloat), bias.to(at::kFloat));
  for (const auto& scheme : kSchemes) {
    INFO(std::string(scheme.name));
    const Linear linear(parts_of(scheme, weight, bias, Arithmetic::Auto));
    const bool native = scheme.kind == Kind::Int8Dynamic && int8_is_native();
    CHECK(linear.back_end() == (native ? "cpu-int8" : "dequant"));
    const double rounding = 0.0017;  // of bf16: the weight's and the output's
    const double activation = native ? scheme.activation_error : 0;
    const double expected = std::sqrt(scheme.weight_error * scheme.weight_error + activation * activation +
                                      2 * rounding * rounding);
    const double found = distance(linear(x), exact);
    CHECK(found > expected * 0.93);
    CHECK(found < expected * 1.07);
  }
}

TEST_CASE("emulation adds the error of the activations") {
  const at::NoGradGuard no_grad;
  const auto weight = test_weight();
  const auto x = random({64, kIn}, 3);
  const auto exact = at::linear(x, weight.to(at::kFloat));
  for (const auto& scheme : kSchemes) {
    INFO(std::string(scheme.name));
    const Linear linear(parts_of(scheme, weight, {}, Arithmetic::Emulate));
    CHECK(linear.back_end() == "emulate");
    const double expected = std::hypot(scheme.weight_error, scheme.activation_error);
    const double found = distance(linear(x), exact);
    CHECK(found > expected * 0.92);
    CHECK(found < expected * 1.08);
  }
}

TEST_CASE("any number of rows, any leading axes, with and without bias") {
  const at::NoGradGuard no_grad;
  // K is no multiple of 32 for MXFP8, whose codes are padded; the gates' N = 32.
  for (const auto& shape : {std::pair<int64_t, int64_t>{128, 256}, {32, 48}, {48, 2048}}) {
    const int64_t out = shape.first, in = shape.second;
    const auto weight = test_weight(out, in), bias = random({out}, 2, 0.1).to(at::kBFloat16);
    for (const auto& scheme : kSchemes) {
      if (!formats::can_store(scheme.encoding, out, in)) continue;
      for (const auto arithmetic : {Arithmetic::Auto, Arithmetic::Dequant, Arithmetic::Emulate}) {
        for (const auto dtype : {at::kBFloat16, at::kFloat}) {
          INFO(std::string(scheme.name), " [", out, ", ", in, "] ", static_cast<int>(arithmetic));
          const Linear with(parts_of(scheme, weight, bias.to(dtype), arithmetic));
          const Linear without(parts_of(scheme, weight, {}, arithmetic));
          CHECK(with.in() == in);
          CHECK(with.out() == out);
          const auto x = random({130, in}, 4).to(dtype);
          const auto all = with(x);
          CHECK(distance(all, without(x) + bias.to(dtype)) < 0.01);
          const bool bf16 = scheme.kind == Kind::Nvfp4Cast || scheme.kind == Kind::Fp8Block128 ||
                            scheme.kind == Kind::Fp6Block128;
          CHECK((all.scalar_type() == (bf16 ? at::kBFloat16 : dtype)));
          CHECK(with(x.slice(0, 0, 0)).sizes() == at::IntArrayRef({0, out}));
          if (scheme.activation_error == 0 || scheme.encoding.format == Format::Int8) {
            CHECK(distance(with(x.slice(0, 0, 1)), all.slice(0, 0, 1)) < 2e-3);
            CHECK(distance(with(x.slice(0, 5, 8)), all.slice(0, 5, 8)) < 2e-3);
          }
          const auto folded = with(x.view({2, 1, 5, 13, in}));
          CHECK(folded.sizes() == at::IntArrayRef({2, 1, 5, 13, out}));
          CHECK(at::equal(folded.view({130, out}), all));
          CHECK(at::equal(with(x.t().contiguous().t()), all));
        }
      }
    }
  }
}

TEST_CASE("int8 products of a CPU are those of the definition") {
  const at::NoGradGuard no_grad;
  if (!int8_is_native()) {
    MESSAGE("no int8 dot products: skipped");
    return;
  }
  for (const auto& shape : {std::pair<int64_t, int64_t>{256, 1024}, {8, 16}, {64, 4096}}) {
    const int64_t out = shape.first, in = shape.second;
    const auto weight = test_weight(out, in), bias = random({out}, 2, 0.1).to(at::kBFloat16);
    for (const bool reference : {false, true}) {
      for (const int64_t rotation : {0, 16}) {
        for (const auto dtype : {at::kBFloat16, at::kFloat}) {
          for (const int64_t rows : {1, 3, 130, 700}) {
            INFO("[", out, ", ", in, "] rows ", rows, " rotation ", rotation, " reference ", reference);
            Scheme scheme = scheme_of(Kind::Int8Dynamic);
            scheme.encoding.rotation = rotation;
            auto native = parts_of(scheme, weight, bias, Arithmetic::Native);
            auto emulated = parts_of(scheme, weight, bias, Arithmetic::Emulate);
            native.reference = emulated.reference = reference;
            const auto x = random({rows, in}, 5).to(dtype);
            const Linear linear(native);
            CHECK(linear.back_end() == "cpu-int8");
            CHECK(distance(linear(x), Linear(emulated)(x)) < (dtype == at::kFloat ? 1e-6 : 2e-4));
          }
        }
      }
    }
  }
}

TEST_CASE("the largest int8 sums do not overflow") {
  const at::NoGradGuard no_grad;
  constexpr int64_t in = 16384;
  auto parts = parts_of(scheme_of(Kind::Int8Dynamic), at::full({8, in}, -1.0F), {}, Arithmetic::Auto);
  const auto y = Linear(parts)(at::full({2, in}, -1.0F));
  CHECK(y.min().item<float>() > 16000);
  parts.arithmetic = Arithmetic::Emulate;
  CHECK(at::equal(y, Linear(parts)(at::full({2, in}, -1.0F))));
}

TEST_CASE("int8 gives the same bits with any number of threads") {
  const at::NoGradGuard no_grad;
  const Linear linear(parts_of(scheme_of(Kind::Int8Dynamic), test_weight(), {}, Arithmetic::Auto));
  const auto x = random({300, kIn}, 6).to(at::kBFloat16);
  const int threads = at::get_num_threads();
  at::set_num_threads(1);
  const auto one = linear(x);
  at::set_num_threads(2);
  const auto two = linear(x);
  at::set_num_threads(threads);
  CHECK(at::equal(one, two));
}

TEST_CASE("int8 weights decoded: one rounding, or the three of the reference") {
  const at::NoGradGuard no_grad;
  const auto bias = random({kOut}, 2, 0.1).to(at::kBFloat16), x = random({9, kIn}, 7).to(at::kBFloat16);
  for (const auto& added : {at::Tensor(), bias}) {
    auto parts = parts_of(scheme_of(Kind::Int8), test_weight(), added, Arithmetic::Dequant);
    const auto one = Linear(parts)(x);
    parts.reference = true;
    const Linear linear(parts);
    CHECK(linear.back_end() == "dequant");
    const auto& [codes, scale] = std::pair{parts.weight.codes, parts.weight.scale};
    auto three = at::linear(x, codes.to(at::kBFloat16)) * scale.to(at::kBFloat16);
    if (added.defined()) three = three + added;
    CHECK(at::equal(linear(x), three));
    CHECK_FALSE(at::equal(one, three));
    CHECK(distance(one, three) < 5e-3);
    parts.arithmetic = Arithmetic::Emulate;
    CHECK(distance(Linear(parts)(x), three) < 5e-4);
    // Rotated codes have no scale per row in the basis of x.
    Scheme rotated = scheme_of(Kind::Int8);
    rotated.encoding.rotation = 16;
    parts = parts_of(rotated, test_weight(), added, Arithmetic::Dequant);
    parts.reference = true;
    CHECK(distance(Linear(parts)(x), one) < 0.03);
  }
}

TEST_CASE("static fp8 scales: saturation, and amax/448 is the dynamic scale") {
  const at::NoGradGuard no_grad;
  const auto weight = test_weight();
  const auto x = random({16, kIn}, 7);
  auto parts = parts_of(scheme_of(Kind::Fp8ScaledMm), weight, {}, Arithmetic::Emulate);
  const auto dynamic = Linear(parts)(x);
  parts.act_scale = ActScale::Static;
  parts.input_scale = x.abs().max() / 448;
  CHECK(distance(Linear(parts)(x), dynamic) < 1e-6);
  // Values beyond 448 times the scale become 448 times the scale.
  parts.input_scale = at::tensor(0.001F).squeeze();
  const auto saturated = Linear(parts)(x);
  CHECK(saturated.isfinite().all().item<bool>());
  CHECK(distance(saturated, Linear(parts)(x.clamp(-0.448, 0.448))) < 1e-6);
}

TEST_CASE("nvfp4 activation scales: static is dynamic with its scale, and fixed 1 with 1") {
  const at::NoGradGuard no_grad;
  const auto x = random({16, kIn}, 8).to(at::kBFloat16);
  auto parts = parts_of(scheme_of(Kind::Nvfp4Cast), test_weight(), {}, Arithmetic::Emulate);
  const auto run = [&](ActScale scale, const at::Tensor& input_scale) {
    parts.act_scale = scale;
    parts.input_scale = input_scale;
    return Linear(parts)(x);
  };
  const auto amax = x.to(at::kFloat).abs().max();
  CHECK(at::equal(run(ActScale::Static, amax * (1.0F / 2688)), run(ActScale::Dynamic, {})));
  CHECK(at::equal(run(ActScale::Static, at::ones({})), run(ActScale::Fixed1, {})));
  CHECK_FALSE(at::equal(run(ActScale::Fixed1, {}), run(ActScale::Dynamic, {})));
}

TEST_CASE("a scale of the input columns is never ignored") {
  const at::NoGradGuard no_grad;
  const auto x = random({16, kIn}, 9).to(at::kBFloat16), columns = random({kIn}, 10).abs() + 0.5;
  for (const auto arithmetic : {Arithmetic::Auto, Arithmetic::Emulate}) {
    auto parts = parts_of(scheme_of(Kind::Nvfp4Cast), test_weight(), {}, arithmetic);
    const auto plain = Linear(parts)(x * columns.to(at::kBFloat16));
    parts.pre_quant_scale = columns;
    CHECK(at::equal(Linear(parts)(x), plain));
  }
}

TEST_CASE("gradients pass through a plain layer and through a decoded one") {
  const auto weight = random({6, 32}, 11).set_requires_grad(true),
             bias = random({6}, 12).set_requires_grad(true);
  const auto x = random({2, 5, 32}, 13).set_requires_grad(true);
  LinearParts plain;
  plain.weight.rows = 6;
  plain.weight.columns = 32;
  plain.weight.codes = weight;
  plain.bias = bias;
  const auto y = Linear(plain)(x);
  y.sum().backward();
  CHECK(at::allclose(bias.grad(), at::full({6}, 10.0)));
  CHECK(at::allclose(weight.grad(), x.detach().sum(at::IntArrayRef({0, 1})).expand({6, 32})));
  CHECK(at::allclose(x.grad(), weight.detach().sum(0).expand({2, 5, 32})));

  const auto x2 = random({4, kIn}, 14).set_requires_grad(true);
  const auto parts = parts_of(scheme_of(Kind::Int4), test_weight(), {}, Arithmetic::Auto);
  const auto weight2 = formats::decode(parts.weight, at::kBFloat16).to(at::kFloat);
  const Linear decoded(parts);
  decoded(x2).sum().backward();
  CHECK(distance(x2.grad(), weight2.sum(0).expand({4, kIn})) < 1e-5);
}

TEST_CASE("run-time LoRA: the sum of its updates, on every back end") {
  const at::NoGradGuard no_grad;
  const auto weight = test_weight(), bias = random({kOut}, 2, 0.1).to(at::kBFloat16);
  const auto x = random({2, 9, kIn}, 15).to(at::kBFloat16);
  const auto lora = [](int64_t rank, double strength, double alpha, uint64_t seed) {
    return weights::ScaledFactors{random({kOut, rank}, seed, 0.1), random({rank, kIn}, seed + 1, 0.1),
                                  strength, alpha};
  };
  const std::vector<weights::ScaledFactors> loras = {lora(4, 0.7, 1, 20), lora(8, -0.3, 2, 30)};
  auto delta = at::zeros({kOut, kIn});
  for (const auto& l : loras) delta += at::mm(l.up, l.down) * (l.strength * l.alpha);
  for (const auto& layer : {std::pair{Kind::None, Format::Unquantized},
                            {Kind::Int8Dynamic, Format::Int8},
                            {Kind::Fp8WeightOnly, Format::Fp8PerRow},
                            {Kind::Nvfp4Cast, Format::Nvfp4}}) {
    const auto [kind, format] = layer;
    INFO("format ", static_cast<int>(layer.second));
    LinearParts parts = format == Format::Unquantized
                            ? LinearParts()
                            : parts_of(scheme_of(kind), weight, bias, Arithmetic::Auto);
    if (format == Format::Unquantized) {
      parts.weight.rows = kOut;
      parts.weight.columns = kIn;
      parts.weight.codes = weight;
      parts.bias = bias;
    }
    const auto base = Linear(parts)(x);
    parts.low_rank = loras;
    const auto y = Linear(parts)(x);
    const auto asked = at::linear(x.to(at::kFloat), delta);
    CHECK((y.scalar_type() == at::kBFloat16));
    CHECK(distance(y.to(at::kFloat) - base.to(at::kFloat), asked) < 0.01);
    for (auto& l : parts.low_rank) l.strength = 0;
    CHECK(at::equal(Linear(parts)(x), base));
  }
}

TEST_CASE("an fp32 layer adds its LoRA in fp32") {
  const at::NoGradGuard no_grad;
  LinearParts parts;
  parts.weight.rows = 8;
  parts.weight.columns = 16;
  parts.weight.codes = random({8, 16}, 1);
  parts.low_rank = {{random({8, 2}, 2), random({2, 16}, 3), 0.5, 1}};
  const auto x = random({3, 16}, 4);
  const auto merged = parts.weight.codes + 0.5 * at::mm(parts.low_rank[0].up, parts.low_rank[0].down);
  CHECK(distance(Linear(parts)(x), at::linear(x, merged)) < 1e-6);
}

TEST_CASE("native arithmetic that does not exist is refused with the layer's name") {
  const auto parts = parts_of(scheme_of(Kind::Mxfp8), test_weight(), {}, Arithmetic::Native);
  expect_error(Status::Quant, "transformer_blocks.0.attn1.to_q", [&] { Linear{parts}; });
  expect_error(Status::Quant, "mxfp8", [&] { Linear{parts}; });
}

TEST_CASE("an observer sees every layer that runs on its thread") {
  struct Names : LinearObserver {
    std::vector<std::string> names;
    void ran(const std::string& layer, const at::Tensor& x, const at::Tensor& y) override {
      CHECK(x.size(-1) == kIn);
      CHECK(y.size(-1) == kOut);
      names.push_back(layer);
    }
  } names;
  const Linear linear(parts_of(scheme_of(Kind::Nf4), test_weight(), {}, Arithmetic::Auto));
  const auto x = random({1, kIn}, 1);
  {
    const ObserveLinears observing(names);
    linear(x);
  }
  linear(x);
  CHECK(names.names == std::vector<std::string>{"transformer_blocks.0.attn1.to_q"});
}

TEST_SUITE("gpu") {
  TEST_CASE("tensor cores give what the definition gives on the CPU") {
    if (device::cuda_device_count() == 0) {
      MESSAGE("no CUDA device: skipped");
      return;
    }
    const at::NoGradGuard no_grad;
    const at::Device cuda(at::kCUDA, 0);
    const auto weight = test_weight(), bias = random({kOut}, 2, 0.1).to(at::kBFloat16);
    for (const auto& scheme : kSchemes) {
      for (const bool reference : {false, true}) {
        for (const auto dtype : {at::kBFloat16, at::kFloat}) {
          for (const int64_t rows : {1, 3, 130, 1536}) {
            auto parts = parts_of(scheme, weight, bias, Arithmetic::Emulate);
            parts.reference = reference;
            parts.fast_accum = false;
            const auto x = random({rows, kIn}, 3).to(dtype);
            auto on_device = parts;
            on_device.weight = parts.weight.to(cuda);
            on_device.bias = bias.to(cuda);
            on_device.arithmetic = Arithmetic::Auto;
            const Linear native(on_device);
            INFO(std::string(scheme.name), " rows ", rows, " on ", std::string(native.back_end()),
                 " reference ", reference);
            if (native.back_end() == "dequant") parts.arithmetic = Arithmetic::Dequant;
            const auto y = native(x.to(cuda));
            CHECK(distance(y, Linear(parts)(x)) < 2e-3);
            on_device.fast_accum = true;
            CHECK(distance(Linear(on_device)(x.to(cuda)), y) < 1e-2);
          }
        }
      }
    }
  }

  TEST_CASE("static scales on tensor cores") {
    if (device::cuda_device_count() == 0) {
      MESSAGE("no CUDA device: skipped");
      return;
    }
    const at::NoGradGuard no_grad;
    const at::Device cuda(at::kCUDA, 0);
    const auto x = random({130, kIn}, 3).to(at::kBFloat16);
    for (const auto kind : {Kind::Fp8ScaledMm, Kind::Nvfp4Cast}) {
      auto parts = parts_of(scheme_of(kind), test_weight(), {}, Arithmetic::Emulate);
      parts.act_scale = ActScale::Static;
      parts.input_scale = x.to(at::kFloat).abs().max() / (kind == Kind::Fp8ScaledMm ? 448 : 2688);
      auto on_device = parts;
      on_device.weight = parts.weight.to(cuda);
      on_device.input_scale = parts.input_scale.to(cuda);
      on_device.arithmetic = Arithmetic::Auto;
      on_device.fast_accum = false;
      const Linear native(on_device);
      INFO(std::string(native.back_end()));
      if (native.back_end() == "dequant") parts.arithmetic = Arithmetic::Dequant;
      CHECK(distance(native(x.to(cuda)), Linear(parts)(x)) < 2e-3);
    }
  }
}
