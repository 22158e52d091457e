#include "formats/mxfp8.h"

#include <doctest/doctest.h>

#include "expect_error.h"
#include "formats/scale_swizzle.h"
#include "formats_integer_support.h"

using namespace ltx;
using namespace ltx::formats;

namespace {

const Encoding kMxfp8{.format = Format::Mxfp8};

/// The exponent byte of a block whose largest magnitude is `a`.
int exponent(float a, MxScale scale) {
  auto x = at::zeros({1, 32});
  x[0][3] = -a;
  return quantize_mxfp8(x, scale).scale.item<int>();
}

}  // namespace

TEST_CASE("mxfp8: the errors of spec 08 §20, by rule") {
  const auto w = measured_weight();
  const auto error = [&](MxScale scale) { return relative_error(decode(encode_mxfp8(w, scale)), w); };
  CHECK(error(MxScale::Floor) == doctest::Approx(0.0294).epsilon(0.03));
  CHECK(error(MxScale::Even) == doctest::Approx(0.0278).epsilon(0.03));
  CHECK(error(MxScale::Ceil) == doctest::Approx(0.0267).epsilon(0.03));
  CHECK(error(MxScale::Rceil) == doctest::Approx(0.0267).epsilon(0.03));
}

TEST_CASE("mxfp8: exponents at the borders of the rules") {
  for (const auto scale : {MxScale::Floor, MxScale::Even, MxScale::Ceil, MxScale::Rceil}) {
    CHECK(exponent(0, scale) == 0);
    CHECK(exponent(kInf, scale) == 255);
    CHECK(exponent(kNan, scale) == 255);
    CHECK(exponent(256, scale) == 127);
    CHECK(exponent(0x1p-140F, scale) == 0);
  }
  CHECK(exponent(448, MxScale::Rceil) == 127);
  CHECK(exponent(448.1F, MxScale::Rceil) == 128);
  CHECK(exponent(511, MxScale::Floor) == 127);
  CHECK(exponent(257, MxScale::Ceil) == 128);
  CHECK(exponent(495.9F, MxScale::Even) == 127);
  CHECK(exponent(496, MxScale::Even) == 128);
  // Subnormal quotients: 2^-127 serves up to 448 · 2^-127.
  CHECK(exponent(448 * 0x1p-127F, MxScale::Rceil) == 0);
  CHECK(exponent(449 * 0x1p-127F, MxScale::Rceil) == 1);
  CHECK(exponent(3.4e38F, MxScale::Rceil) == 247);
}

TEST_CASE("mxfp8: powers of two, again, zeros, and K that 32 does not divide") {
  const auto w = gaussian({24, 70}).to(at::kBFloat16);
  const auto m = encode(w, kMxfp8), larger = encode(w * 64, kMxfp8);
  CHECK(m.codes.sizes() == at::IntArrayRef({24, 96}));
  CHECK(m.scale.sizes() == at::IntArrayRef({24, 3}));
  CHECK(at::equal(m.codes.view(at::kByte).slice(1, 70), at::zeros({24, 26}, at::kByte)));
  CHECK(same_bits(m.codes, larger.codes));
  CHECK(at::equal(m.scale + 6, larger.scale));
  const auto values = decode(m);
  CHECK(values.sizes() == w.sizes());
  CHECK(same_bits(decode(encode(values, kMxfp8)), values));
  CHECK(decode(encode(at::zeros({2, 64}), kMxfp8)).abs().max().item<float>() == 0);
  // Below the smallest scale's reach nothing is lost to a flushed reciprocal.
  const auto tiny = at::full({1, 32}, 0x1p-126F);
  CHECK(at::equal(decode(encode(tiny, kMxfp8)), tiny));
}

TEST_CASE("mxfp8: a block with NaN or Inf is all NaN in activations and an error in weights") {
  auto x = gaussian({2, 64});
  x[0][5] = kNan;
  x[1][40] = -kInf;
  const auto values = dequantize_mxfp8(mxfp8(x), 64);
  CHECK(values[0].slice(0, 0, 32).isnan().all().item<bool>());
  CHECK(values[0].slice(0, 32).isfinite().all().item<bool>());
  CHECK(values[1].slice(0, 32).isnan().all().item<bool>());
  expect_error(Status::Numeric, "2 values", [&] { encode(x, kMxfp8); });
}

TEST_CASE("mxfp8: the stored form and back") {
  const auto w = gaussian({40, 80});
  const auto m = encode(w, kMxfp8);
  const auto stored = stored_mxfp8(m);
  CHECK(stored.codes.sizes() == at::IntArrayRef({64, 96}));
  CHECK(stored.scale.sizes() == at::IntArrayRef({128, 4}));
  const auto back = mxfp8_from_stored(stored, 40, 80);
  CHECK(same_bits(back.codes, m.codes));
  CHECK(same_bits(back.scale, m.scale));
  expect_error(Status::TensorMismatch, "[70, 80]", [&] { mxfp8_from_stored(stored, 70, 80); });
}
