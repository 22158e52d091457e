#include "formats/fp8_block.h"

#include <doctest/doctest.h>

#include "expect_error.h"
#include "formats/activations.h"
#include "formats/fp6.h"
#include "formats_integer_support.h"

using namespace ltx;
using namespace ltx::formats;

namespace {

const Encoding kFp8{.format = Format::Fp8Block128}, kFp6{.format = Format::Fp6Block128};

}  // namespace

TEST_CASE("fp8-block128 and fp6-block128: the errors of spec 08 §20") {
  const auto w = gaussian({128, 4096}).to(at::kBFloat16);
  CHECK(relative_error(decode(encode(w, kFp8)), w) == doctest::Approx(0.0266).epsilon(0.03));
  CHECK(relative_error(decode(encode(w, kFp6)), w) == doctest::Approx(0.0290).epsilon(0.03));
  CHECK(relative_error(dequantize_fp8(fp8_1x128(w)), w) == doctest::Approx(0.0258).epsilon(0.03));
}

TEST_CASE("fp8-block128: a scale per block, blocks of zeros") {
  auto w = gaussian({256, 384}).to(at::kBFloat16);
  w.slice(0, 0, 128).slice(1, 128, 256).zero_();
  w.slice(0, 128).slice(1, 256).mul_(1e-5);
  for (const auto& encoding : {kFp8, kFp6}) {
    const auto m = encode(w, encoding);
    CHECK(m.scale.sizes() == at::IntArrayRef({2, 3}));
    CHECK(m.scale[0][1].item<float>() == 1);
    const auto values = decode(m);
    CHECK(values.isfinite().all().item<bool>());
    CHECK(values.slice(0, 0, 128).slice(1, 128, 256).abs().max().item<float>() == 0);
    const auto small = [](const at::Tensor& t) { return t.slice(0, 128).slice(1, 256); };
    CHECK(relative_error(small(values), small(w)) < 0.031);
    CHECK(m.bytes() == (encoding == kFp8 ? 256 * 384 : 256 * 384 * 3 / 4) + 24);
  }
  CHECK(decode(encode_fp8_block128(w, true)).isnan().sum().item<int64_t>() == 128 * 128);
}

TEST_CASE("fp8-block128: powers of two, decoding and encoding again") {
  const auto w = gaussian({128, 256}).to(at::kBFloat16);
  for (const auto& encoding : {kFp8, kFp6}) {
    const auto once = encode(w, encoding), larger = encode(w * 1024, encoding);
    CHECK(same_bits(once.codes, larger.codes));
    CHECK(at::equal(once.scale * 1024, larger.scale));
    const auto values = decode(once);
    const auto twice = encode(values, encoding);
    CHECK(same_bits(once.codes, twice.codes));
    // The target of fp6, 0.1172, lies 1.07e-4 above its largest code.
    CHECK(at::allclose(decode(twice), values, encoding == kFp8 ? 3e-7 : 1.1e-4, 0));
    // A bf16 intermediate moves the scale, not the codes (spec 08 §24.4).
    const auto through_bf16 = encode(decode(once, at::kBFloat16), encoding);
    CHECK(same_bits(once.codes, through_bf16.codes));
    CHECK(at::allclose(through_bf16.scale, once.scale, 1.0 / 256, 0));
  }
}

TEST_CASE("fp8-block128: files may end in partial blocks") {
  const auto whole = encode(gaussian({256, 256}), kFp8);
  Matrix m = whole;
  m.rows = 130;
  m.columns = 200;
  m.codes =
      whole.codes.view(at::kByte).slice(0, 0, 130).slice(1, 0, 200).contiguous().view(at::kFloat8_e4m3fn);
  for (const auto dtype : {at::kFloat, at::kBFloat16})
    CHECK(same_bits(decode(m, dtype), decode(whole, dtype).slice(0, 0, 130).slice(1, 0, 200).contiguous()));
}

TEST_CASE("fp8-block128 and fp6-block128: shapes that have no whole blocks are refused, NaN counted") {
  for (const auto& encoding : {kFp8, kFp6}) {
    CHECK(can_store(encoding, 128, 256));
    CHECK(!can_store(encoding, 32, 4096));
    CHECK(!can_store(encoding, 128, 64));
    expect_error(Status::Quant, "[32, 4096] cannot be stored as fp", [&] {
      encode(at::ones({32, 4096}), encoding);
    });
    auto w = gaussian({128, 128});
    w[5].slice(0, 0, 3).fill_(kInf);
    expect_error(Status::Numeric, "3 values", [&] { encode(w, encoding); });
  }
}

TEST_CASE("fp6: four codes in three bytes, both ways, for every code") {
  // Bits 5 and 6 are zero: 64 codes, each in each of the four places.
  const auto low = at::arange(32, at::TensorOptions(at::kByte));
  const auto all = at::cat({low, low + 128});
  for (int64_t place = 0; place < 4; ++place) {
    auto codes = at::full({64, 4}, 0x9f, at::TensorOptions(at::kByte));
    codes.select(1, place).copy_(all);
    const auto packed = pack_fp6(codes.view(at::kFloat8_e4m3fn));
    CHECK(packed.sizes() == at::IntArrayRef({64, 3}));
    CHECK(at::equal(unpack_fp6(packed).view(at::kByte), codes));
  }
  const auto bytes = at::arange(256 * 3, at::TensorOptions(at::kInt)).to(at::kByte).view({256, 3});
  CHECK(at::equal(pack_fp6(unpack_fp6(bytes)), bytes));
  // v0 = 1, v1 = 2, v2 = 3, v3 = 4 as spec 08 §13.2 lays them out.
  const auto four =
      pack_fp6(at::tensor({1, 2, 3, 4}, at::TensorOptions(at::kByte)).view({1, 4}).view(at::kFloat8_e4m3fn));
  CHECK(at::equal(
      four,
      at::tensor({1 << 2, 2 << 4, 3 << 6 | 4}, at::TensorOptions(at::kInt)).to(at::kByte).view({1, 3})));
  const auto w = gaussian({128, 128});
  const auto m = encode(w, kFp6);
  const auto fp8 = fp6_as_fp8(m);
  CHECK(fp8.format == Format::Fp8Block128);
  CHECK(fp8.codes.view(at::kByte).bitwise_and(0x60).max().item<int>() == 0);
  CHECK(same_bits(decode(fp8), decode(m)));
}

TEST_CASE("fp8 1x128: rows of a last partial block, zeros") {
  auto x = gaussian({3, 300}, 1.0);
  x[1].slice(0, 0, 128).zero_();
  const auto q = fp8_1x128(x);
  CHECK(q.scale.sizes() == at::IntArrayRef({3, 3}));
  CHECK(q.scale[1][0].item<float>() == 1);
  CHECK(relative_error(dequantize_fp8(q), x) < 0.03);
}
