#include "formats/e2m1.h"

#include <doctest/doctest.h>

#include "formats/e8m0.h"
#include "formats/nibbles.h"
#include "formats_integer_support.h"

using namespace ltx::formats;

TEST_CASE("e2m1: all sixteen codes, the ties and what lies beyond") {
  const auto codes = at::arange(16, at::TensorOptions(at::kByte));
  const auto values = decode_e2m1(codes);
  CHECK(at::equal(values.slice(0, 0, 8), at::tensor({0.0F, 0.5F, 1.0F, 1.5F, 2.0F, 3.0F, 4.0F, 6.0F})));
  CHECK(at::equal(values.slice(0, 8), -values.slice(0, 0, 8)));
  CHECK(at::equal(encode_e2m1(values), codes));
  // To the even code: 0, 1, 1, 2, 2, 4, 4, 6.
  const auto ties = at::tensor({0.25F, 0.75F, 1.25F, 1.75F, 2.5F, 3.5F, 5.0F});
  const auto even = at::tensor({0, 2, 2, 4, 4, 6, 6}, at::TensorOptions(at::kByte));
  CHECK(at::equal(encode_e2m1(ties), even));
  CHECK(at::equal(encode_e2m1(-ties), even + 8));
  const auto above = at::nextafter(ties, at::full({}, 100.0F)), below = at::nextafter(ties, at::zeros({}));
  CHECK(at::equal(encode_e2m1(above), at::arange(1, 8, at::TensorOptions(at::kByte))));
  CHECK(at::equal(encode_e2m1(below), at::arange(0, 7, at::TensorOptions(at::kByte))));
  CHECK(at::equal(encode_e2m1(at::tensor({kInf, -kInf, 1e30F, kNan, -kNan})),
                  at::tensor({7, 15, 7, 7, 7}, at::TensorOptions(at::kByte))));
}

TEST_CASE("e8m0: powers of two, the smallest one subnormal, 255 no number") {
  const auto values = decode_e8m0(at::arange(256, at::TensorOptions(at::kByte)));
  for (int b = 0; b < 255; ++b) CHECK(values[b].item<float>() == std::ldexp(1.0F, b - 127));
  CHECK(std::isnan(values[255].item<float>()));
}

TEST_CASE("nibbles: the first element is the high one; two orders") {
  const auto codes = at::arange(16, at::TensorOptions(at::kByte)).view({2, 8});
  const auto packed = pack_nibbles(codes);
  CHECK(packed[0][0].item<int>() == 0x01);
  CHECK(packed[1][3].item<int>() == 0xef);
  CHECK(at::equal(unpack_nibbles(packed), codes));
  CHECK(swap_nibbles(packed)[1][3].item<int>() == 0xfe);
  const auto all = at::arange(256, at::TensorOptions(at::kByte));
  CHECK(at::equal(swap_nibbles(swap_nibbles(all)), all));
  CHECK(at::equal(pack_nibbles(unpack_nibbles(all)), all));
}
