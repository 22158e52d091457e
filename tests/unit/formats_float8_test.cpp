#include "formats/float8.h"

#include <doctest/doctest.h>

#include "expect_error.h"
#include "formats_integer_support.h"

using namespace ltx;
using namespace ltx::formats;

namespace {

at::Tensor bytes(const at::Tensor& codes) {
  return codes.view(at::kByte);
}

/// The code of one value.
int code(float value, at::ScalarType dtype = at::kFloat8_e4m3fn, Overflow overflow = Overflow::Saturate) {
  return bytes(encode_float8(at::tensor({value}), dtype, overflow)).item<int>();
}

at::Tensor all_codes() {
  return at::arange(256, at::TensorOptions(at::kByte));
}

}  // namespace

TEST_CASE("float8: the vectors of spec 08 §1") {
  CHECK(code(1.0F) == 0x38);
  CHECK(code(448) == 0x7e);
  CHECK(code(464) == 0x7e);
  CHECK(code(0x1p-9F) == 0x01);
  CHECK(code(0x1p-10F) == 0x00);
  CHECK(code(0x1.8p-9F) == 0x02);
  CHECK(code(0.0175F) == 0x09);
  CHECK(code(-1.0F) == 0xb8);
  CHECK(code(0.0F) == 0x00);
  CHECK(code(-0.0F) == 0x80);
}

TEST_CASE("float8: what lies beyond the range") {
  const auto e4m3 = at::kFloat8_e4m3fn, e5m2 = at::kFloat8_e5m2;
  for (const float v : {464.1F, 1e6F, 3e38F, kInf}) {
    CHECK(code(v) == 0x7e);
    CHECK(code(-v) == 0xfe);
    CHECK(code(v, e4m3, Overflow::Cast) == 0x7f);
    CHECK(code(-v, e4m3, Overflow::Cast) == 0xff);
  }
  CHECK(code(464, e4m3, Overflow::Cast) == 0x7e);
  CHECK(code(61439, e5m2, Overflow::Cast) == 0x7b);
  CHECK(code(61440, e5m2, Overflow::Cast) == 0x7c);
  CHECK(code(61440, e5m2) == 0x7b);
  CHECK(code(-kInf, e5m2) == 0xfb);
  for (const auto dtype : {e4m3, e5m2})
    for (const auto overflow : {Overflow::Saturate, Overflow::Cast})
      CHECK((code(kNan, dtype, overflow) & 0x7f) == 0x7f);
}

TEST_CASE("float8: every code decodes to what PyTorch says and encodes to itself") {
  for (const auto dtype : {at::kFloat8_e4m3fn, at::kFloat8_e5m2}) {
    const auto codes = all_codes().view(dtype);
    const auto expected = codes.to(at::kFloat);
    for (const auto out : {at::kFloat, at::kBFloat16}) {
      const auto values = decode_float8(codes, out);
      CHECK(at::equal(values.isnan(), expected.isnan()));
      const auto numbers = expected.isnan().logical_not();
      CHECK(at::equal(values.to(at::kFloat).masked_select(numbers), expected.masked_select(numbers)));
      CHECK(at::equal(values.signbit().masked_select(numbers), expected.signbit().masked_select(numbers)));
    }
    const auto again = bytes(encode_float8(expected, dtype, Overflow::Cast));
    const auto numbers = expected.isnan().logical_not();
    CHECK(at::equal(again.masked_select(numbers), all_codes().masked_select(numbers)));
    const auto finite = expected.isfinite();
    const auto saturated = bytes(encode_float8(expected, dtype));
    CHECK(at::equal(saturated.masked_select(finite), all_codes().masked_select(finite)));
  }
}

TEST_CASE("float8: the cast is PyTorch's, for every bf16 and for random fp32") {
  const auto bf16 = at::arange(65536, at::TensorOptions(at::kInt)).to(at::kShort).view(at::kBFloat16);
  auto random = at::randint(0, 1LL << 32, {1000000}, at::make_generator<at::CPUGeneratorImpl>(3),
                            at::TensorOptions(at::kLong))
                    .sub(1LL << 31)
                    .to(at::kInt)
                    .view(at::kFloat);
  for (const auto& x : {bf16, random, random * 1e-20})
    for (const auto dtype : {at::kFloat8_e4m3fn, at::kFloat8_e5m2}) {
      const auto found = bytes(encode_float8(x, dtype, Overflow::Cast)), expected = bytes(x.to(dtype));
      // The sign of a NaN is kept; PyTorch drops it for e5m2.
      const auto numbers = x.isnan().logical_not();
      CHECK(at::equal(found.masked_select(numbers), expected.masked_select(numbers)));
      CHECK(found.masked_select(x.isnan()).bitwise_and(0x7f).eq(0x7f).all().item<bool>());
    }
}

TEST_CASE("float8: shapes, dtypes and errors") {
  CHECK(encode_float8(at::ones({2, 3, 5}), at::kFloat8_e5m2).sizes() == at::IntArrayRef({2, 3, 5}));
  CHECK(encode_float8(at::ones({}), at::kFloat8_e5m2).dim() == 0);
  CHECK(decode_float8(encode_float8(at::ones({}), at::kFloat8_e5m2)).item<float>() == 1);
  CHECK(decode_float8(encode_float8(at::ones({0, 4}), at::kFloat8_e5m2)).numel() == 0);
  const auto transposed = gaussian({4, 6}).t();
  CHECK(at::equal(decode_float8(encode_float8(transposed, at::kFloat8_e4m3fn)),
                  transposed.to(at::kFloat8_e4m3fn).to(at::kFloat)));
  const auto half = gaussian({4, 6}).to(at::kHalf);
  CHECK(same_bits(encode_float8(half, at::kFloat8_e4m3fn), half.to(at::kFloat).to(at::kFloat8_e4m3fn)));
  expect_error(Status::InvalidArgument, "BF16, F16 or F32, found Long",
               [] { encode_float8(at::ones({2}, at::kLong), at::kFloat8_e4m3fn); });
  expect_error(Status::InvalidArgument, "found Byte", [] { encode_float8(at::ones({2}), at::kByte); });
}
