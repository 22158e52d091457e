#include "formats/int4.h"

#include <doctest/doctest.h>

#include "expect_error.h"
#include "formats_integer_support.h"

using namespace ltx;
using namespace ltx::formats;

namespace {

Encoding int4(int64_t group, bool symmetric = false, bool reference = false) {
  Encoding e{.format = Format::Int4};
  e.group_size = group;
  e.symmetric = symmetric;
  e.reference = reference;
  return e;
}

}  // namespace

TEST_CASE("int4: the errors of Gaussian weights are those of spec 08 §20") {
  const auto w = measured_weight();
  const std::pair<int64_t, double> asymmetric[] = {{32, 0.0786}, {64, 0.0900}, {128, 0.1002}, {256, 0.1093}},
                                   symmetric[] = {{32, 0.0951}, {64, 0.1030}, {128, 0.1109}};
  for (const auto& [size, error] : asymmetric) {
    const auto group = size;  // lambdas take no structured binding in Clang 14
    INFO("group ", group);
    CHECK(relative_error(decode(encode_int4(w, int4(group))), w) == doctest::Approx(error).epsilon(0.03));
    // torchao's plain variant: at most a step away, and no better.
    const auto reference = decode(encode_int4(w, int4(group, false, true)));
    CHECK(relative_error(reference, w) == doctest::Approx(error).epsilon(0.03));
  }
  for (const auto& [size, error] : symmetric) {
    const auto group = size;
    INFO("symmetric group ", group);
    const auto m = encode_int4(w, int4(group, true));
    CHECK_FALSE(m.zero.defined());
    CHECK(relative_error(decode(m), w) == doctest::Approx(error).epsilon(0.03));
  }
}

TEST_CASE("int4: scale, centre, codes and their order") {
  auto w = at::zeros({1, 64});
  for (int64_t i = 0; i < 64; ++i) w[0][i] = static_cast<float>(i % 16) - 3;  // −3 … 12, step 1
  const auto m = encode_int4(w, int4(32));
  CHECK((m.scale.sizes() == at::IntArrayRef({1, 2})));
  CHECK(m.scale[0][0].item<float>() == 1);
  CHECK(m.zero[0][0].item<float>() == 5);
  CHECK(m.codes[0][0].item<int>() == 0x01);  // elements 0 and 1: the even one high
  CHECK(m.codes[0][7].item<int>() == 0xef);
  CHECK(at::equal(decode(m), w));
  const auto s = encode_int4(at::full({1, 32}, -7.5F), int4(32, true));
  CHECK(s.scale.item<float>() == 1);
  CHECK(s.codes[0][0].item<int>() == 0x00);  // −7.5 goes to −8
}

TEST_CASE("int4: zero, constant and tiny groups") {
  const auto w = awkward(64).to(at::kBFloat16);
  for (const bool symmetric : {false, true}) {
    const auto m = encode_int4(w, int4(32, symmetric));
    const auto back = decode(m, at::kBFloat16);
    CHECK(at::isfinite(back).all().item<bool>());
    CHECK(back[0].any().item<bool>() == false);
    CHECK(back[6].any().item<bool>() == false);
    CHECK(relative_error(back[7], w[7]) < 0.12);
  }
  const auto m = encode_int4(w, int4(32));
  CHECK(m.scale[3][0].item<float>() == std::numeric_limits<float>::min());
  CHECK(at::equal(decode(m, at::kBFloat16)[3], w[3]));
  CHECK(same_bits(decode(m, at::kBFloat16), decode(m).to(at::kBFloat16)));
}

TEST_CASE("int4: a power of two changes scales and centres alone") {
  const auto w = measured_weight().to(at::kFloat);
  const auto a = encode_int4(w, int4(64)), b = encode_int4(w * 0.25, int4(64));
  CHECK(at::equal(a.codes, b.codes));
  CHECK(at::equal(a.scale.to(at::kFloat) * 0.25, b.scale.to(at::kFloat)));
  CHECK(at::equal(a.zero.to(at::kFloat) * 0.25, b.zero.to(at::kFloat)));
}

TEST_CASE("int4: quantized again, values stay within a step") {
  const auto once = decode(encode_int4(measured_weight(), int4(64)));
  const auto again = encode_int4(once, int4(64));
  const auto steps =
      (decode(again) - once).abs().unflatten(1, {64, 64}) / again.scale.to(at::kFloat).unsqueeze(2);
  CHECK(steps.max().item<float>() < 1);
}

TEST_CASE("int4: parts that do not belong together") {
  auto m = encode_int4(gaussian({4, 128}), int4(64));
  m.zero = m.zero.narrow(0, 0, 2);
  expect_error(Status::TensorMismatch, "8 scales and 4 centres", [&] { decode(m); });
  m.zero = at::Tensor();
  m.scale = m.scale.narrow(1, 0, 1).narrow(0, 0, 3).contiguous();
  expect_error(Status::TensorMismatch, "3 scales", [&] { decode(m); });
}

TEST_CASE("int4: what cannot be stored") {
  expect_error(Status::Quant, "groups of 48", [] { encode_int4(at::zeros({2, 96}), int4(48)); });
  expect_error(Status::Quant, "96 elements", [] { encode_int4(at::zeros({2, 96}), int4(64)); });
  CHECK_FALSE(can_store(int4(64), 2, 96));
  CHECK_FALSE(can_store(int4(0), 2, 96));
  CHECK(can_store(int4(32), 2, 96));
  CHECK_FALSE(can_store(int4(96), 2, 96));
  CHECK_FALSE(can_store(int4(512), 2, 512));
  for (const bool symmetric : {false, true}) {
    auto w = gaussian({2, 64});
    w[1][40] = kNan;
    w[0][3] = kInf;
    expect_error(Status::Numeric, "2 of 128", [&] { encode_int4(w, int4(32, symmetric)); });
  }
}
