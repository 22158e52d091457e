#include "formats/int8_filter.h"

#include <doctest/doctest.h>

#include "expect_error.h"
#include "formats_integer_support.h"

using namespace ltx;
using namespace ltx::formats;

TEST_CASE("int8 filters: a scale per output channel over the whole filter") {
  auto w = gaussian({5, 6, 3, 2, 3}).to(at::kBFloat16);
  w[1].zero_();
  w[2][5][2][1][2] = 2;
  const auto q = encode_int8_filter(w);
  CHECK((q.codes.sizes() == w.sizes()));
  CHECK((q.codes.scalar_type() == at::kChar));
  const auto amax = w.to(at::kFloat).abs().amax({1, 2, 3, 4});
  CHECK(same_bits(q.scale, amax.clamp_min(1.1920928955078125e-7F) / 127.5F));
  CHECK(q.codes[2][5][2][1][2].item<int>() == 127);
  CHECK(q.codes[1].any().item<bool>() == false);
  const auto back = decode_int8_filter(q);
  CHECK((back.sizes() == w.sizes()));
  CHECK((back - w).abs().amax({1, 2, 3, 4}).le(q.scale * 0.51F).all().item<bool>());
  CHECK(same_bits(decode_int8_filter(q, at::kBFloat16), back.to(at::kBFloat16)));
}

TEST_CASE("int8 filters: NaN is refused, thin convolutions stay as they are") {
  auto w = gaussian({4, 4, 3, 3, 3});
  w[3][0][0][0][0] = kNan;
  expect_error(Status::Numeric, "1 of 432", [&] { encode_int8_filter(w); });
  CHECK(can_store_int8_filter({64, 64, 3, 3, 3}));
  CHECK_FALSE(can_store_int8_filter({64, 48, 3, 3, 3}));
  CHECK_FALSE(can_store_int8_filter({3, 128, 3, 3, 3}));
  CHECK_FALSE(can_store_int8_filter({128, 128}));
}
