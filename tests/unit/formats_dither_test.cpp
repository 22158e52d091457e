#include "formats/dither.h"

#include <doctest/doctest.h>

#include "expect_error.h"
#include "formats/float8.h"
#include "formats/scalar/dither.h"
#include "formats_integer_support.h"

using namespace ltx;
using namespace ltx::formats;

namespace {

at::Tensor codes(std::vector<int> values, at::ScalarType dtype = at::kFloat8_e4m3fn) {
  return at::tensor(values, at::TensorOptions(at::kInt)).to(at::kByte).view(dtype);
}

}  // namespace

TEST_CASE("dither: Philox and the vectors of spec 08 §5.5") {
  const uint32_t words[] = {0x6627E8D5, 0xF8E4CCA4, 0x04FAA329, 0xC990EF29, 0xEF3DC354, 0x734893FB};
  const float uniforms[] = {0.798092902F, 0.0555175915F, 0.0388988405F,
                            0.425264418F, 0.130927622F,  0.900652349F};
  for (uint32_t i = 0; i < 6; ++i) {
    CHECK(scalar::philox_word(0, i) == words[i]);
    CHECK(uniform(0, i) == uniforms[i]);
  }
  CHECK(scalar::philox_word(1ULL << 32, 0) != scalar::philox_word(0, 0));
  const auto delta = at::tensor({0.0F, 0.0F, 0.001F, 0.002F, -0.03F, 0.0004F}).to(at::kBFloat16);
  const auto dithered = add_with_dither(codes({0x38, 0x01, 0x08, 0x00, 0xb8, 0x14}), delta);
  CHECK(at::equal(dithered.values.view(at::kShort).to(at::kInt).bitwise_and(0xffff),
                  at::tensor({0x3F85, 0x3A8E, 0x3C81, 0x3AF3, 0xBF8A, 0x3D48}, at::TensorOptions(at::kInt))));
  CHECK(same_bits(dithered.codes, codes({0x38, 0x01, 0x08, 0x01, 0xb9, 0x14})));
}

TEST_CASE("dither: rows of a matrix draw what the whole draws") {
  const auto code = encode_float8(gaussian({6, 32}), at::kFloat8_e4m3fn);
  const auto delta = gaussian({6, 32}, 0.001, 3).to(at::kBFloat16);
  const auto whole = add_with_dither(code, delta, 5);
  const auto part = add_with_dither(code.slice(0, 2, 4), delta.slice(0, 2, 4), 5, 2 * 32);
  CHECK(same_bits(part.values, whole.values.slice(0, 2, 4)));
  CHECK(!same_bits(part.values, add_with_dither(code.slice(0, 2, 4), delta.slice(0, 2, 4), 5).values));
}

TEST_CASE("dither: the mean over seeds is the sum") {
  struct Sum {
    int code;
    float delta, step;
  };
  for (const auto dtype : {at::kFloat8_e4m3fn, at::kFloat8_e5m2})
    for (const auto& c :
         dtype == at::kFloat8_e4m3fn
             ? std::vector<Sum>{{0x3a, 0.03F, 0.125F}, {0x03, 0.0007F, 0x1p-9F}, {0xbd, -0.04F, 0.125F}}
             : std::vector<Sum>{{0x3d, 0.06F, 0.25F}, {0xc2, -0.3F, 0.5F}}) {
      constexpr int kSeeds = 10000;
      const auto code = codes({c.code}, dtype);
      const auto delta = at::tensor({c.delta}).to(at::kBFloat16);
      const double sum = (code.to(at::kFloat) + delta.to(at::kFloat)).item<double>();
      double mean = 0;
      for (int seed = 0; seed < kSeeds; ++seed)
        mean += add_with_dither(code, delta, static_cast<uint64_t>(seed) << 20)
                    .codes.to(at::kFloat)
                    .item<double>();
      mean /= kSeeds;
      CHECK(std::abs(mean - sum) < 3 * c.step / 2 / std::sqrt(kSeeds) + c.step / 16);
    }
}

TEST_CASE("dither: without an addition a code inside a binade stays but for the edges") {
  const auto delta = at::zeros({4096}, at::kBFloat16);
  int64_t changed_below = 0;
  for (const int code : {0x39, 0x3b, 0x3e}) {
    const auto found = add_with_dither(codes(std::vector<int>(4096, code)), delta).codes.view(at::kByte);
    for (int64_t i = 0; i < 4096; ++i)
      if (std::abs(uniform(0, static_cast<uint32_t>(i)) - 0.5F) <= 0.46F) CHECK(found[i].item<int>() == code);
  }
  // Below a power of two steps are half as wide.
  const auto power = add_with_dither(codes(std::vector<int>(4096, 0x38)), delta).codes.view(at::kByte);
  for (int64_t i = 0; i < 4096; ++i)
    if (uniform(0, static_cast<uint32_t>(i)) - 0.5F < -0.28F) changed_below += power[i].item<int>() == 0x37;
  CHECK(changed_below > 700);
  // A zero has no step, e5m2's smallest values none either.
  CHECK(same_bits(add_with_dither(codes(std::vector<int>(4096, 0)), delta).codes,
                  codes(std::vector<int>(4096, 0))));
  const auto small = codes(std::vector<int>(4096, 0x04), at::kFloat8_e5m2);
  CHECK(same_bits(add_with_dither(small, delta).values, small.to(at::kBFloat16)));
}

TEST_CASE("dither: NaN stays, infinities too; wrong additions are refused") {
  const auto odd = at::tensor({kNan, kInf, 1e30F}).to(at::kBFloat16);
  const auto dithered = add_with_dither(codes({0x38, 0x38, 0x38}), odd);
  CHECK(dithered.values[0].isnan().item<bool>());
  CHECK(dithered.codes[0].to(at::kFloat).isnan().item<bool>());
  CHECK(dithered.codes[2].to(at::kFloat).item<float>() == 448);
  expect_error(Status::InvalidArgument, "BF16 of the same shape, found Float [3]", [&] {
    add_with_dither(codes({1, 2, 3}), at::zeros(3));
  });
  expect_error(Status::InvalidArgument, "found BFloat16 [2]", [&] {
    add_with_dither(codes({1, 2, 3}), at::zeros(2, at::kBFloat16));
  });
}
