#include "formats/int8.h"

#include <ATen/Parallel.h>
#include <doctest/doctest.h>

#include "expect_error.h"
#include "formats/activations.h"
#include "formats_integer_support.h"

using namespace ltx;
using namespace ltx::formats;

namespace {

using Form = Encoding::Int8Form;

Encoding int8(Form form = Form::Rows, bool reference = false, int64_t rotation = 0) {
  Encoding e{.format = Format::Int8};
  e.int8_form = form;
  e.reference = reference;
  e.rotation = rotation;
  return e;
}

constexpr float kEpsilon = 1.1920928955078125e-7F;

}  // namespace

TEST_CASE("int8: the errors of Gaussian weights are those of spec 08 §20") {
  const auto w = measured_weight();
  CHECK(relative_error(decode(encode_int8(w, int8())), w) == doctest::Approx(0.00870).epsilon(0.03));
  CHECK(relative_error(decode(encode_int8(w, int8(Form::TensorwiseRows))), w.to(at::kFloat)) ==
        doctest::Approx(0.00874).epsilon(0.04));
  const auto scalar = encode_int8(w.to(at::kFloat), int8(Form::TensorwiseScalar));
  CHECK(scalar.scale.dim() == 0);
  CHECK(relative_error(decode(scalar), w) == doctest::Approx(0.0103).epsilon(0.10));
  const auto rotated = encode_int8(w, int8(Form::Rows, false, 256));
  const double error = relative_error(decode(rotated), w);
  CHECK(error > 0.0083);
  CHECK(error < 0.012);
}

TEST_CASE("int8: scales and codes of chosen rows") {
  const auto w = at::tensor({127.5F, -127.5F, 0.5F, 1.5F, 2.5F, -0.5F}).view({1, 6});
  const auto m = encode_int8(w, int8());
  CHECK(m.rows == 1);
  CHECK(m.columns == 6);
  CHECK(m.scale[0].item<float>() == 1.0F);
  // Ties to even; +127.5 rounds to 128 and is clamped.
  CHECK(at::equal(m.codes, at::tensor({127, -128, 0, 2, 2, 0}, at::kInt).to(at::kChar).view({1, 6})));
  const auto t = encode_int8(w * (127.0F / 127.5F), int8(Form::TensorwiseRows));
  CHECK(t.codes[0][0].item<int>() == 127);
  CHECK(t.codes[0][1].item<int>() == -127);
}

TEST_CASE("int8: rows of nothing, of next to nothing, and of one value") {
  for (const bool reference : {false, true}) {
    auto w = awkward(33).to(at::kBFloat16);
    const auto m = encode_int8(w, int8(Form::Rows, reference));
    CHECK(at::isfinite(m.scale).all().item<bool>());
    CHECK(m.scale[0].item<float>() == kEpsilon);
    CHECK(m.scale[1].item<float>() == kEpsilon);
    CHECK(m.codes[0].any().item<bool>() == false);
    CHECK(m.codes[3].eq(127).all().item<bool>());
    const auto back = decode(m);
    CHECK(back[0].any().item<bool>() == false);
    CHECK(relative_error(back[7], w[7]) < 0.01);
    CHECK(same_bits(decode(m, at::kBFloat16), back.to(at::kBFloat16)));
  }
  const auto zero = encode_int8(at::zeros({2, 16}), int8(Form::TensorwiseScalar));
  CHECK(zero.scale.item<float>() == 1e-30F);
  CHECK(decode(zero).any().item<bool>() == false);
}

TEST_CASE("int8: the reference rounds its scale to the dtype of the weight") {
  const auto w = measured_weight();
  const auto exact = encode_int8(w, int8()), reference = encode_int8(w, int8(Form::Rows, true));
  CHECK(at::equal(exact.scale.to(at::kBFloat16).to(at::kFloat), reference.scale));
  CHECK_FALSE(at::equal(exact.codes, reference.codes));
  CHECK(at::equal(encode_int8(w.to(at::kFloat), int8(Form::Rows, true)).codes, exact.codes));
  const auto half = encode_int8(w.to(at::kHalf), int8(Form::Rows, true));
  CHECK(at::equal(encode_int8(w.to(at::kHalf), int8()).scale.to(at::kHalf).to(at::kFloat), half.scale));
}

TEST_CASE("int8: a tensor-wise quotient is rounded to the tensor's dtype first") {
  // amax 127, scale 1: 64.7 is 64.5 in bf16 and goes to even; fp32 gives 65.
  const auto w = at::tensor({127.0F, 64.7F, -2.6F, 0.4F}).view({1, 4});
  CHECK(encode_int8(w, int8(Form::TensorwiseRows)).codes[0][1].item<int>() == 65);
  const auto bf16 = at::tensor({63.5F, 32.375F}).to(at::kBFloat16).view({1, 2});
  // 32.375 / 0.5 = 64.75, a tie between 64.5 and 65.0 in bf16: to even, 65.
  CHECK(encode_int8(bf16, int8(Form::TensorwiseRows)).codes[0][1].item<int>() == 65);
  const auto by_ops = [](const at::Tensor& x) {
    const auto scale = x.abs().amax(1, true).to(at::kFloat) / 127.0F;
    return at::round(x / scale.to(x.scalar_type())).clamp(-128, 127).to(at::kChar);
  };
  for (const auto dtype : {at::kFloat, at::kBFloat16, at::kHalf}) {
    const auto x = gaussian({5, 77}, 0.7, 3).to(dtype);
    CHECK(at::equal(encode_int8(x, int8(Form::TensorwiseRows)).codes, by_ops(x)));
    CHECK(at::equal(int8_tensorwise(x).codes, by_ops(x)));
  }
}

TEST_CASE("int8: a power of two changes scales alone") {
  const auto w = measured_weight().to(at::kFloat);
  for (const auto form : {Form::Rows, Form::TensorwiseRows, Form::TensorwiseScalar}) {
    const auto a = encode_int8(w, int8(form)), b = encode_int8(w * 64, int8(form));
    CHECK(at::equal(a.codes, b.codes));
    CHECK(at::equal(a.scale * 64, b.scale));
  }
}

TEST_CASE("int8: NaN and Inf are counted and refused") {
  for (const auto form : {Form::Rows, Form::TensorwiseRows, Form::TensorwiseScalar}) {
    auto w = gaussian({6, 40});
    w[2][3] = kNan;
    w[5][39] = -kInf;
    expect_error(Status::Numeric, "2 of 240", [&] { encode_int8(w, int8(form)); });
  }
  auto w = gaussian({4, 64});
  w[0][0] = kInf;
  expect_error(Status::Numeric, "1 of 256", [&] { encode_int8(w, int8(Form::Rows, false, 16)); });
}

TEST_CASE("int8: rotated weights come back in their original basis") {
  auto w = gaussian({8, 512});
  w[1][100] = 3;  // an outlier that the rotation spreads over its group
  const auto plain = encode_int8(w, int8(Form::TensorwiseRows)),
             rotated = encode_int8(w, int8(Form::Rows, false, 64));
  CHECK(rotated.rotation == 64);
  CHECK(same_bits(decode(rotated), rotate(rotated.codes.to(at::kFloat) * rotated.scale.unsqueeze(1), 64)));
  CHECK(relative_error(decode(rotated)[1], w[1]) < 0.5 * relative_error(decode(plain)[1], w[1]));
  CHECK(same_bits(decode(rotated, at::kBFloat16), decode(rotated).to(at::kBFloat16)));
  CHECK(can_store(int8(Form::Rows, false, 64), 8, 512));
  CHECK_FALSE(can_store(int8(Form::Rows, false, 64), 8, 96));
}

TEST_CASE("int8: activations per row, as signed and as shifted unsigned codes") {
  auto x = gaussian({5, 96}, 1).to(at::kBFloat16);
  x[1].zero_();
  for (const bool reference : {false, true}) {
    const auto q = int8_per_row(x, reference), u = uint8_per_row(x, reference);
    CHECK(at::equal(u.codes.to(at::kInt) - 128, q.codes.to(at::kInt)));
    CHECK(at::equal(u.scale, q.scale));
    CHECK(q.scale[1].item<float>() == kEpsilon);
    CHECK(at::equal(dequantize_int8(q), dequantize_int8(u)));
    CHECK(relative_error(dequantize_int8(q), x) < 0.01);
  }
  const auto t = int8_tensorwise(x), ut = uint8_tensorwise(x);
  CHECK(at::equal(ut.codes.to(at::kInt) - 128, t.codes.to(at::kInt)));
  CHECK(dequantize_int8(t)[1].any().item<bool>() == false);
}

TEST_CASE("int8: NaN and Inf among activations stay visible in their row") {
  auto x = gaussian({3, 40}, 1);
  x[0][7] = kNan;
  x[2][8] = kInf;
  for (const auto& q : {int8_per_row(x), int8_tensorwise(x)}) {
    const auto y = dequantize_int8(q).sum(1);
    CHECK_FALSE(at::isfinite(y[0]).item<bool>());
    CHECK(at::isfinite(y[1]).item<bool>());
    CHECK_FALSE(at::isfinite(y[2]).item<bool>());
  }
}

TEST_CASE("int8: quantized again, values stay within half a step, the clamped ones within a step") {
  const auto w = measured_weight();
  for (const auto form : {Form::Rows, Form::TensorwiseRows}) {
    const auto once = decode(encode_int8(w.to(at::kFloat), int8(form)));
    const auto again = encode_int8(once, int8(form));
    const auto steps = (decode(again) - once).abs() / again.scale.unsqueeze(1);
    CHECK(steps.max().item<float>() <= 1.01F);
    CHECK(steps.gt(0.51F).sum().item<int64_t>() <= w.size(0) * 2);
  }
}

TEST_CASE("int8, int4, nf4: the number of threads does not matter") {
  const auto w = measured_weight();
  const int before = at::get_num_threads();
  for (const auto& encoding : {int8(), int8(Form::TensorwiseScalar), int8(Form::Rows, false, 256),
                               Encoding{.format = Format::Int4}, Encoding{.format = Format::Nf4}}) {
    at::set_num_threads(1);
    const auto one = encode(w, encoding);
    const auto decoded = decode(one, at::kBFloat16);
    at::set_num_threads(2);
    const auto two = encode(w, encoding);
    CHECK(same_bits(one.codes, two.codes));
    CHECK(same_bits(one.scale, two.scale));
    CHECK(same_bits(decoded, decode(two, at::kBFloat16)));
  }
  at::set_num_threads(before);
}

TEST_CASE("int8: parts that do not belong together") {
  auto m = encode_int8(gaussian({4, 64}), int8());
  m.scale = m.scale.narrow(0, 0, 3);
  expect_error(Status::TensorMismatch, "4 scales; found 256 and 3", [&] { decode(m); });
  m.scale = at::ones({4});
  m.codes = m.codes.narrow(1, 0, 32);
  expect_error(Status::TensorMismatch, "256 bytes", [&] { decode(m); });
  const auto scalar = encode_int8(gaussian({4, 64}), int8(Form::TensorwiseScalar));
  auto out = at::empty({4, 64}, at::kBFloat16);
  decode_into(scalar, out);
  CHECK(same_bits(out, decode(scalar, at::kBFloat16)));
  expect_error(Status::InvalidArgument, "without gaps", [&] {
    decode_into(scalar, at::empty({64, 4}, at::kBFloat16).t());
  });
}
