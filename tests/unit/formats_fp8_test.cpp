#include "formats/fp8.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "expect_error.h"
#include "formats/activations.h"
#include "formats/dither.h"
#include "formats/float8.h"
#include "formats_integer_support.h"

using namespace ltx;
using namespace ltx::formats;

namespace {

typedef Encoding::Fp8Form Form;

Encoding as(Format format, Form form = Form::Divide, bool reference = false) {
  Encoding e{.format = format};
  e.fp8_form = form;
  e.reference = reference;
  return e;
}

const std::vector<Encoding> kScaled = {as(Format::Fp8PerTensor), as(Format::Fp8PerTensor, Form::Multiply),
                                       as(Format::Fp8PerRow)};

}  // namespace

TEST_CASE("fp8: the errors of Gaussian weights are those of spec 08 §20") {
  struct Row {
    double sigma, unscaled;
  };
  for (const auto& row : {Row{0.002, 0.281}, Row{0.005, 0.113}, Row{0.01, 0.0564}, Row{0.02, 0.0330},
                          Row{0.03, 0.0287}, Row{0.05, 0.0270}, Row{0.1, 0.0266}}) {
    const auto w = gaussian({64, 4096}, row.sigma).to(at::kBFloat16);
    CHECK(relative_error(decode(encode(w, as(Format::Fp8Unscaled))), w) ==
          doctest::Approx(row.unscaled).epsilon(0.03));
    CHECK(relative_error(decode_float8(encode_float8(w, at::kFloat8_e5m2)), w) ==
          doctest::Approx(0.0525).epsilon(0.03));
    for (const auto& encoding : kScaled)
      CHECK(relative_error(decode(encode(w, encoding)), w) == doctest::Approx(0.0265).epsilon(0.03));
  }
  for (const auto& row : {Row{0.005, 0.159}, Row{0.02, 0.0470}, Row{0.05, 0.0388}}) {
    const auto w = gaussian({64, 4096}, row.sigma).to(at::kBFloat16);
    const auto zeros = at::zeros(w.sizes(), at::kByte).view(at::kFloat8_e4m3fn);
    CHECK(relative_error(decode_float8(add_with_dither(zeros, w).codes), w) ==
          doctest::Approx(row.unscaled).epsilon(0.03));
  }
  // Folded: scaled fp8, read in bf16 and stored without a scale.
  for (const auto& row : {Row{0.005, 0.115}, Row{0.01, 0.062}, Row{0.02, 0.042}}) {
    const auto w = gaussian({64, 4096}, row.sigma).to(at::kBFloat16);
    const auto folded = decode(encode(w, as(Format::Fp8PerTensor)), at::kBFloat16);
    CHECK(relative_error(decode(encode(folded, as(Format::Fp8Unscaled))), w) ==
          doctest::Approx(row.unscaled).epsilon(0.05));
  }
}

TEST_CASE("fp8: a power of two changes the scales of scaled formats only") {
  const auto w = gaussian({24, 80}).to(at::kBFloat16);
  for (const auto& encoding : kScaled) {
    const auto plain = encode(w, encoding), larger = encode(w * 256, encoding);
    CHECK(same_bits(plain.codes, larger.codes));
    CHECK(at::equal(plain.scale * 256, larger.scale));
  }
  CHECK(!same_bits(encode(w, as(Format::Fp8Unscaled)).codes, encode(w * 2, as(Format::Fp8Unscaled)).codes));
}

TEST_CASE("fp8: quantizing decoded values again changes nothing") {
  const auto w = awkward(256).slice(0, 0, 7).to(at::kBFloat16);
  for (const auto& encoding : kScaled) {
    const auto once = encode(w, encoding);
    const auto values = decode(once);
    const auto twice = encode(values, encoding);
    CHECK(same_bits(twice.codes, once.codes));
    CHECK(at::allclose(decode(twice), values, 3e-7, 0));
    if (encoding.fp8_form == Form::Divide) CHECK(same_bits(decode(twice), values));
  }
}

TEST_CASE("fp8: zeros, rows of zeros and values too small for a factor") {
  for (const auto dtype : {at::kFloat, at::kBFloat16})
    for (const double small : {0.0, 1e-39, -1e-39}) {
      const auto w = at::full({4, 32}, small).to(dtype);
      for (const auto& encoding : kScaled) {
        const auto m = encode(w, encoding);
        CHECK(m.scale.isfinite().all().item<bool>());
        CHECK(m.scale.gt(0).all().item<bool>());
        CHECK(decode(m).abs().max().item<float>() < 1e-38);
        if (encoding.fp8_form == Form::Multiply) CHECK(m.scale.item<float>() == 1);
      }
      CHECK(decode(encode(w, as(Format::Fp8Unscaled))).abs().max().item<float>() == 0);
    }
  auto w = gaussian({3, 16});
  w[1].zero_();
  const auto row = decode(encode(w, as(Format::Fp8PerRow)))[1];
  CHECK(at::equal(row, at::zeros(16)));
  // The public code divides zero by zero.
  CHECK(decode(encode(w, as(Format::Fp8PerRow, Form::Divide, true)))[1].isnan().all().item<bool>());
  const auto zeros = at::zeros({4, 4});
  CHECK(decode(encode(zeros, as(Format::Fp8PerTensor, Form::Multiply, true))).isnan().all().item<bool>());
}

TEST_CASE("fp8: outlier rows need a scale per row") {
  auto w = gaussian({7, 4096}, 1.0);
  for (int64_t i = 0; i < 7; ++i) w[i].mul_(std::pow(10.0, -static_cast<double>(i)));
  const auto tensor = decode(encode(w, as(Format::Fp8PerTensor)));
  const auto rows = decode(encode(w, as(Format::Fp8PerRow)));
  for (int64_t i = 0; i < 7; ++i) CHECK(relative_error(rows[i], w[i]) < 0.028);
  CHECK(relative_error(tensor[3], w[3]) < 0.04);
  CHECK(relative_error(tensor[6], w[6]) > 0.5);
}

TEST_CASE("fp8: NaN and Inf in a weight are counted") {
  auto w = gaussian({5, 40});
  w[1][3] = kNan;
  w[4][39] = -kInf;
  std::vector<Encoding> all = kScaled;
  all.push_back(as(Format::Fp8Unscaled));
  for (auto encoding : all)
    for (const bool reference : {false, true})
      for (const auto dtype : {at::kFloat, at::kBFloat16, at::kHalf}) {
        encoding.reference = reference;
        expect_error(Status::Numeric, "[5, 40] holds 2 values that are NaN or Inf",
                     [&] { encode(w.to(dtype), encoding); });
      }
}

TEST_CASE("fp8: the reference's roundings") {
  const auto w = gaussian({16, 64}, 0.02, 5);
  const auto amax = w.abs().amax(1);
  const auto expect_scale = [&](at::ScalarType dtype) {
    const auto m = encode(w.to(dtype), as(Format::Fp8PerRow, Form::Divide, true));
    const auto expected =
        w.to(dtype).abs().amax(1).to(at::kFloat).mul(1.0F / 448.0F).to(dtype).to(at::kFloat);
    CHECK(same_bits(m.scale, expected));
    CHECK(same_bits(
        m.codes,
        w.to(dtype).to(at::kFloat).div(expected.unsqueeze(1)).clamp(-448, 448).to(at::kFloat8_e4m3fn)));
  };
  expect_scale(at::kFloat);
  expect_scale(at::kBFloat16);
  expect_scale(at::kHalf);
  // Without saturation a large value is lost.
  const auto large = at::full({1, 4}, 1000.0F);
  CHECK(decode(encode(large, as(Format::Fp8Unscaled, Form::Divide, true))).isnan().all().item<bool>());
  CHECK(at::equal(decode(encode(large, as(Format::Fp8Unscaled))), at::full({1, 4}, 448.0F)));
}

TEST_CASE("fp8: e5m2 without a scale is decoded, fp16 is decoded with one rounding, gaps are no matter") {
  Matrix m;
  m.format = Format::Fp8Unscaled;
  m.rows = 2;
  m.columns = 8;
  m.codes = gaussian({2, 8}).to(at::kFloat8_e5m2);
  CHECK(at::equal(decode(m), m.codes.to(at::kFloat)));
  const auto w = gaussian({12, 20}).t();
  const auto row = encode(w, as(Format::Fp8PerRow));
  CHECK(same_bits(row.codes, encode(w.contiguous(), as(Format::Fp8PerRow)).codes));
  CHECK(same_bits(decode(row, at::kHalf), decode(row).to(at::kHalf)));
  CHECK(same_bits(decode(row, at::kBFloat16), decode(row).to(at::kBFloat16)));
  expect_error(Status::InvalidArgument, "F32 or BF16", [&] { decode(row, at::kDouble); });
  expect_error(Status::Quant, "no matrix", [] { encode(at::ones({3}), as(Format::Fp8PerRow)); });
  for (const auto format : {Format::Fp8Unscaled, Format::Fp8PerTensor, Format::Fp8PerRow, Format::Fp8Block128,
                            Format::Fp6Block128, Format::Mxfp8, Format::Nvfp4, Format::Int8, Format::Int4,
                            Format::Nf4, Format::Q8_0})
    for (const auto& [rows, columns] : {std::pair<int64_t, int64_t>{0, 256}, {256, 0}, {0, 0}}) {
      CHECK(!can_store(as(format), rows, columns));
      expect_error(Status::Quant,
                   fmt::format("A weight [{}, {}] cannot be stored as {}", rows, columns, name_of(format)),
                   [&, rows = rows, columns = columns] {
                     encode(at::empty({rows, columns}), as(format));
                   });
    }
  CHECK(encode(at::empty({0, 8}), as(Format::Unquantized)).columns == 8);
}

TEST_CASE("fp8 activations: as the weights, and NaN reaches the result") {
  const auto x = gaussian({6, 48}, 1.0);
  for (const auto dtype : {at::kFloat, at::kBFloat16}) {
    const auto tensor = fp8_per_tensor(x.to(dtype)), row = fp8_per_row(x.to(dtype));
    CHECK(same_bits(tensor.codes, encode(x.to(dtype), as(Format::Fp8PerTensor)).codes));
    CHECK(same_bits(row.codes, encode(x.to(dtype), as(Format::Fp8PerRow)).codes));
    CHECK(same_bits(dequantize_fp8(row), decode(encode(x.to(dtype), as(Format::Fp8PerRow)))));
    CHECK(same_bits(dequantize_fp8(tensor), decode(encode(x.to(dtype), as(Format::Fp8PerTensor)))));
  }
  auto bad = x.clone();
  bad[2][7] = kNan;
  bad[3][8] = kInf;
  const auto rows = dequantize_fp8(fp8_per_row(bad));
  CHECK(rows[2].isnan().all().item<bool>());
  CHECK(rows[3].isfinite().logical_not().any().item<bool>());
  CHECK(rows[4].isfinite().all().item<bool>());
  CHECK(dequantize_fp8(fp8_per_tensor(bad)).isnan().any().item<bool>());
  const auto blocks = dequantize_fp8(fp8_1x128(bad));
  CHECK(blocks[2].isnan().all().item<bool>());
  CHECK(fp8_static(bad, at::ones({}))[2][7].to(at::kFloat).isnan().item<bool>());
}

TEST_CASE("fp8 activations: a static scale saturates and equals the dynamic one where they agree") {
  auto x = gaussian({6, 48}, 1.0).clamp(-3.4, 3.4);
  x[0][0] = 3.5;  // 448 / 128
  const auto amax_scale = at::full({}, 3.5F / 448.0F);
  const auto dynamic = fp8_per_tensor(x);
  CHECK(at::equal(dynamic.scale, amax_scale));
  CHECK(same_bits(fp8_static(x, amax_scale), dynamic.codes));
  const auto beyond = fp8_static(at::tensor({100.0F, -100.0F, kInf, 0.5F}).view({1, 4}), amax_scale);
  CHECK(at::equal(beyond.to(at::kFloat), at::tensor({448.0F, -448.0F, 448.0F, 64.0F}).view({1, 4})));
}

TEST_CASE("fp8 activations: the reference's static scale has two roundings to bf16") {
  const auto x = gaussian({6, 48}, 1.0).to(at::kBFloat16);
  const auto scale = at::full({}, 0.0157F);
  const auto factor = scale.reciprocal().to(at::kBFloat16);
  const auto expected = x.mul(factor).clamp(-448, 448).to(at::kFloat8_e4m3fn);
  CHECK(same_bits(fp8_static(x, scale, true), expected));
  const auto plain = x.to(at::kFloat).mul(scale.reciprocal()).clamp(-448, 448).to(at::kFloat8_e4m3fn);
  CHECK(same_bits(fp8_static(x, scale), plain));
  CHECK(!same_bits(plain, expected));
  // No difference for fp32.
  CHECK(same_bits(fp8_static(x.to(at::kFloat), scale, true), plain));
}

TEST_CASE("formats: decoding into memory that exists, and matrices that do not fit together") {
  const auto w = gaussian({128, 256}).to(at::kBFloat16);
  for (const auto format : {Format::Unquantized, Format::Fp8Unscaled, Format::Fp8PerTensor, Format::Fp8PerRow,
                            Format::Fp8Block128, Format::Fp6Block128, Format::Mxfp8, Format::Nvfp4,
                            Format::Int8, Format::Int4, Format::Nf4, Format::Q8_0}) {
    const auto m = encode(w, as(format));
    for (const auto dtype : {at::kFloat, at::kBFloat16}) {
      auto out = at::full({128, 256}, 7.0, at::TensorOptions(dtype));
      decode_into(m, out);
      CHECK(same_bits(out, decode(m, dtype)));
    }
    expect_error(Status::InvalidArgument, "[128, 256] on cpu cannot be decoded into [256, 128]", [&] {
      decode_into(m, at::empty({256, 128}));
    });
  }
  auto short_scale = encode(w, as(Format::Fp8PerRow));
  short_scale.scale = short_scale.scale.slice(0, 1);
  expect_error(Status::TensorMismatch, "127 scales", [&] { decode(short_scale); });
  auto short_codes = encode(w, as(Format::Nvfp4));
  short_codes.codes = short_codes.codes.slice(1, 1);
  expect_error(Status::TensorMismatch, "do not make a weight [128, 256]", [&] { decode(short_codes); });
  auto gaps = at::empty({256, 128}).t();
  expect_error(Status::InvalidArgument, "without gaps", [&] { decode_into(short_scale, gaps); });
}
