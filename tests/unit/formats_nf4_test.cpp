#include "formats/nf4.h"

#include <doctest/doctest.h>

#include <limits>

#include "expect_error.h"
#include "formats_integer_support.h"

using namespace ltx;
using namespace ltx::formats;

TEST_CASE("nf4: the error of Gaussian weights is that of spec 08 §20") {
  const auto w = measured_weight();
  CHECK(relative_error(decode(encode_nf4(w)), w) == doctest::Approx(0.0919).epsilon(0.03));
}

TEST_CASE("nf4: every level codes to itself, a boundary to the lower code") {
  const auto table = nf4_table();
  auto w = at::zeros({1, 64});
  w.narrow(1, 0, 16).copy_(table);
  const auto middle = (table.narrow(0, 0, 15) + table.narrow(0, 1, 15)) * 0.5;
  w.narrow(1, 16, 15).copy_(middle);
  w.narrow(1, 32, 15).copy_(at::nextafter(middle, at::full_like(middle, 2)));
  const auto m = encode_nf4(w);
  CHECK(m.scale.item<float>() == 1);
  const auto codes = at::stack({m.codes.bitwise_right_shift(4), m.codes.bitwise_and(15)}, 1).flatten();
  for (int64_t i = 0; i < 16; ++i) CHECK(codes[i].item<int>() == i);
  for (int64_t i = 0; i < 15; ++i) {
    CHECK(codes[16 + i].item<int>() == i);
    CHECK(codes[32 + i].item<int>() == i + 1);
  }
  CHECK(codes[47].item<int>() == 7);  // zero
}

TEST_CASE("nf4: blocks run over row ends and the last one may be short") {
  const auto w = gaussian({5, 33}, 1);  // 165 elements: blocks of 64, 64 and 37
  const auto m = encode_nf4(w);
  CHECK(m.scale.numel() == 3);
  CHECK(m.codes.numel() == 83);
  const auto flat = w.flatten();
  CHECK(at::equal(m.scale, at::stack({flat.slice(0, 0, 64).abs().max(), flat.slice(0, 64, 128).abs().max(),
                                      flat.slice(0, 128).abs().max()})));
  const auto back = decode(m);
  CHECK(relative_error(back, w) < 0.12);
  CHECK(same_bits(decode(m, at::kBFloat16), back.to(at::kBFloat16)));
  // The same elements as whole blocks.
  const auto padded = encode_nf4(at::constant_pad_nd(flat, {0, 27}).view({3, 64}));
  CHECK(at::equal(decode(padded).flatten().narrow(0, 0, 165), back.flatten()));
}

TEST_CASE("nf4: the stored table and block size count") {
  auto m = encode_nf4(gaussian({4, 64}, 1));
  m.table = at::arange(16, at::kFloat);
  const auto codes = at::stack({m.codes.bitwise_right_shift(4), m.codes.bitwise_and(15)}, 1).view({4, 64});
  CHECK(at::equal(decode(m), codes * m.scale.unsqueeze(1)));
  m.nf4_block = 32;
  m.scale = at::arange(1, 9, at::kFloat);
  CHECK(at::equal(decode(m), (codes.view({8, 32}) * m.scale.unsqueeze(1)).view({4, 64})));
  m.nf4_block = 128;
  expect_error(Status::TensorMismatch, "128 bytes of codes and 2 scales", [&] { decode(m); });
  m.table = at::zeros({8});
  expect_error(Status::TensorMismatch, "a table of 8", [&] { decode(m); });
}

TEST_CASE("nf4: zero blocks, subnormal blocks, NaN") {
  auto w = at::zeros({3, 64});
  w[1].fill_(1e-40);
  w[2][0] = -3;
  const auto m = encode_nf4(w);
  CHECK(m.scale[0].item<float>() == 0);
  CHECK(m.codes.narrow(0, 0, 32).eq(0x77).all().item<bool>());
  CHECK(at::isfinite(decode(m)).all().item<bool>());
  CHECK(decode(m)[2][0].item<float>() == -3);
  w[1][5] = kNan;
  expect_error(Status::Numeric, "1 of 192", [&] { encode_nf4(w); });
}

TEST_CASE("nf4: quantized again, values stay") {
  const auto once = decode(encode_nf4(measured_weight()));
  CHECK(at::equal(decode(encode_nf4(once)), once));
}

TEST_CASE("nf4: double quantized maxima are expanded") {
  const auto table = at::linspace(-1, 1, 256, at::kFloat);
  const auto codes = (at::arange(300) * 7 % 256).to(at::kByte);
  const auto scales = at::tensor({2.0F, 0.5F});
  const auto maxima = expand_double_quantized(codes, scales, table, 0.25F);
  CHECK(maxima.numel() == 300);
  CHECK(maxima[3].item<float>() == table[21].item<float>() * 2.0F + 0.25F);
  CHECK(maxima[299].item<float>() == table[299 * 7 % 256].item<float>() * 0.5F + 0.25F);
  // One scale for more blocks than there are: as many as there are.
  const auto one = expand_double_quantized(codes, scales.narrow(0, 0, 1), table, 0.25F, 300);
  for (const int64_t block : {int64_t{1} << 31, std::numeric_limits<int64_t>::max()})
    CHECK(at::equal(expand_double_quantized(codes, scales.narrow(0, 0, 1), table, 0.25F, block), one));
  for (const int64_t block : {int64_t{0}, int64_t{-1}})
    expect_error(Status::TensorMismatch, "300 block maxima",
                 [&, block = block] { expand_double_quantized(codes, scales, table, 0, block); });
  expect_error(Status::TensorMismatch, "300 block maxima",
               [&] { expand_double_quantized(codes, scales.narrow(0, 0, 1), table, 0); });
}
