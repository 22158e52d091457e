#include "formats/nvfp4.h"

#include <doctest/doctest.h>

#include "expect_error.h"
#include "formats/activations.h"
#include "formats/float8.h"
#include "formats/nibbles.h"
#include "formats/scale_swizzle.h"
#include "formats_integer_support.h"

using namespace ltx;
using namespace ltx::formats;

namespace {

const Encoding kNvfp4{.format = Format::Nvfp4};

}  // namespace

TEST_CASE("nvfp4: the error of spec 08 §20, and that of a fixed scale by the size of activations") {
  const auto w = measured_weight();
  CHECK(relative_error(decode(encode(w, kNvfp4)), w) == doctest::Approx(0.0952).epsilon(0.03));
  struct Row {
    double sigma, error;
  };
  for (const auto& row :
       {Row{1, 0.095}, Row{0.05, 0.096}, Row{0.01, 0.126}, Row{0.003, 0.58}, Row{0.001, 1.0}}) {
    const auto x = gaussian({64, 4096}, row.sigma).to(at::kBFloat16);
    CHECK(relative_error(dequantize_nvfp4(nvfp4(x, at::ones({}))), x) ==
          doctest::Approx(row.error).epsilon(0.03));
  }
}

TEST_CASE("nvfp4: powers of two, again, zeros, tiny blocks") {
  const auto w = gaussian({32, 256}).to(at::kBFloat16);
  const auto m = encode(w, kNvfp4), larger = encode(w * 128, kNvfp4);
  CHECK(same_bits(m.codes, larger.codes));
  CHECK(same_bits(m.scale, larger.scale));
  CHECK(at::equal(m.scale_2 * 128, larger.scale_2));
  // Through bf16, as the fusion of LoRAs goes (spec 08 §12.8): all block scales of this weight are normal.
  CHECK(m.scale.min().item<int>() >= 8);
  const auto values = decode(m, at::kBFloat16);
  CHECK(same_bits(decode(encode(values, kNvfp4), at::kBFloat16), values));

  const auto zero = encode(at::zeros({4, 32}), kNvfp4);
  CHECK(zero.scale_2.item<float>() == 0);
  CHECK(zero.scale.max().item<int>() == 0);
  CHECK(at::equal(decode(zero), at::zeros({4, 32})));

  auto mixed = gaussian({2, 32}, 1.0);
  mixed[0].slice(0, 0, 16).mul_(1e-9);
  const auto tiny = encode(mixed, kNvfp4);
  CHECK(tiny.scale[0][0].item<int>() == 0);
  CHECK(decode(tiny).isfinite().all().item<bool>());
  CHECK(decode(tiny)[0].slice(0, 0, 16).abs().max().item<float>() == 0);
}

TEST_CASE("nvfp4: weights are rounded to bf16 first, whatever they come in") {
  const auto w = gaussian({8, 64});
  const auto expected = encode(w.to(at::kBFloat16), kNvfp4);
  CHECK(same_bits(encode(w, kNvfp4).codes, expected.codes));
  CHECK(at::equal(encode(w, kNvfp4).scale_2, expected.scale_2));
  // Activations in fp16 keep their values.
  const auto half = w.to(at::kHalf);
  CHECK(at::equal(nvfp4(half).scale_2, half.to(at::kFloat).abs().max().mul(1.0F / 2688.0F)));
}

TEST_CASE("nvfp4: scales of activations") {
  const auto x = gaussian({6, 64}, 1.0).to(at::kBFloat16);
  const auto dynamic = nvfp4(x);
  const auto fixed = nvfp4(x, at::ones({}));
  const auto is_static = nvfp4(x, x.abs().max().to(at::kFloat).mul(1.0F / 2688.0F));
  CHECK(same_bits(is_static.codes, dynamic.codes));
  CHECK(same_bits(is_static.scale, dynamic.scale));
  CHECK(fixed.scale_2.item<float>() == 1);
  CHECK(!same_bits(fixed.scale, dynamic.scale));
  // NaN does not count for a scale, Inf counts as the largest number (spec 08 §12.2).
  auto bad = x.clone();
  bad[2][7] = kNan;
  const auto with_nan = nvfp4(bad);
  CHECK(with_nan.scale_2.isfinite().item<bool>());
  CHECK(dequantize_nvfp4(with_nan).isfinite().all().item<bool>());
  bad[2][7] = -kInf;
  CHECK(nvfp4(bad).scale_2.item<float>() == std::numeric_limits<float>::max() * (1.0F / 2688.0F));
}

TEST_CASE("nvfp4: the layouts of other producers hold the same values") {
  const auto m = encode(gaussian({32, 80}), kNvfp4);  // as a gate: fewer rows than a tile has
  const auto swizzled = swizzle_scales(m.scale);
  CHECK(swizzled.sizes() == at::IntArrayRef({128, 8}));
  Matrix other = m;
  other.codes = swap_nibbles(swap_nibbles(m.codes));
  other.scale = unswizzle_scales(swizzled, 32, 5);
  CHECK(same_bits(decode(other), decode(m)));
  // Swapping the nibbles of both operands changes no product; of one it does.
  Matrix x = encode(gaussian({4, 80}, 1.0, 9), kNvfp4), swapped_x = x, swapped_w = m;
  swapped_x.codes = swap_nibbles(x.codes);
  swapped_w.codes = swap_nibbles(m.codes);
  const auto product = [](const Matrix& a, const Matrix& b) {
    return decode(a).to(at::kDouble).matmul(decode(b).to(at::kDouble).t());
  };
  CHECK(at::allclose(product(swapped_x, swapped_w), product(x, m)));
  CHECK(relative_error(product(x, swapped_w), product(x, m)) > 1);
}

TEST_CASE("nvfp4: K that 16 does not divide is refused, NaN counted, F32 that bf16 cannot hold too") {
  CHECK(can_store(kNvfp4, 40, 48));
  CHECK(!can_store(kNvfp4, 16, 40));
  expect_error(Status::Quant, "[16, 40]", [] { encode(at::ones({16, 40}), kNvfp4); });
  expect_error(Status::Quant, "16 divides, found 40", [] { nvfp4(at::ones({16, 40})); });
  auto w = gaussian({4, 32});
  w[0][0] = kNan;
  expect_error(Status::Numeric, "1 values", [&] { encode(w, kNvfp4); });
  expect_error(Status::Numeric, "32 values", [] { encode(at::full({1, 32}, 3.4028e38F), kNvfp4); });
}
