// Every build of the vectorised rows gives the bits of the scalar functions.
#include <doctest/doctest.h>

#include <cstring>
#include <random>
#include <vector>

#include "formats/cpu/rows.h"
#include "formats/scalar/e2m1.h"

using namespace ltx::formats;

namespace {

typedef Fp8EncodeArguments::Scaling Scaling;

/// Random bit patterns: all magnitudes, subnormals, NaN and Inf; every fourth near the codes' ties.
std::vector<float> patterns(size_t count, uint32_t seed) {
  std::mt19937 random(seed);
  std::vector<float> values(count);
  for (size_t i = 0; i < count; ++i) {
    uint32_t bits = random();
    if (i % 4 == 1) bits = (bits & 0x87ffffffU) + 0x38000000U;  // 2^-15 … 2
    if (i % 4 == 2) bits = ((bits & 0x8ff80000U) + 0x38000000U) + bits % 3 - 1;
    values[i] = scalar::float_of(bits);
  }
  return values;
}

std::vector<uint16_t> halves(const std::vector<float>& values) {
  std::vector<uint16_t> bits;
  for (const float v : values) bits.push_back(static_cast<uint16_t>(scalar::bits_of(v) >> 16));
  return bits;
}

float element(const void* x, Element type, int64_t i) {
  return type == Element::Float ? static_cast<const float*>(x)[i]
                                : scalar::from_bf16(static_cast<const uint16_t*>(x)[i]);
}

template <class Check>
void for_builds(Check&& check) {
  const auto& builds = cpu::available();
  for (int i = 0; i < builds.count; ++i) {
    INFO(builds.rows[i]->name);
    check(*builds.rows[i]);
  }
}

}  // namespace

TEST_CASE("rows: encoding a million bit patterns, both codes, both elements, saturating or not") {
  const auto floats = patterns(1000003, 1);
  const auto bf16 = halves(floats);
  for (const auto type : {Element::Float, Element::BFloat16})
    for (const auto code : {Code::E4m3, Code::E5m2})
      for (const bool saturate : {true, false}) {
        Fp8EncodeArguments a;
        a.element = type;
        a.code = code;
        a.saturate = saturate;
        a.rows = 1;
        a.columns = static_cast<int64_t>(floats.size());
        a.codes_stride = a.columns;
        a.x = type == Element::Float ? static_cast<const void*>(floats.data()) : bf16.data();
        std::vector<uint8_t> expected(floats.size()), found(floats.size());
        uint32_t largest = 0;
        for (int64_t i = 0; i < a.columns; ++i) {
          const float v = element(a.x, type, i);
          largest = std::max(largest, scalar::bits_of(v) & scalar::kMagnitude);
          expected[i] = code == Code::E4m3 ? scalar::encode_float8<scalar::E4m3>(v, saturate)
                                           : scalar::encode_float8<scalar::E5m2>(v, saturate);
        }
        for_builds([&](const cpu::Rows& rows) {
          int32_t bits = 0;
          a.codes = found.data();
          a.bits = &bits;
          rows.fp8_encode(a, 0, 1);
          CHECK(found == expected);
          CHECK(static_cast<uint32_t>(bits) == largest);
          a.bits = nullptr;
          std::fill(found.begin(), found.end(), uint8_t{1});
          rows.fp8_encode(a, 0, 1);
          CHECK(found == expected);
        });
      }
}

TEST_CASE("rows: encoding under factors of blocks") {
  constexpr int64_t kRows = 5, kColumns = 83, kBlockRows = 2, kBlockColumns = 17, kBlocks = 5;
  const auto floats = patterns(kRows * kColumns, 2);
  const auto bf16 = halves(floats);
  const std::vector<float> factors = {1,      0.3F, 1e-3F, 700,  3.3e38F, 1e-39F, 0.0F, 5,
                                      0.125F, 7,    1e10F, 0.7F, 0.11F,   13,     17};
  for (const auto type : {Element::Float, Element::BFloat16})
    for (const auto scaling : {Scaling::Multiply, Scaling::MultiplyRounded, Scaling::Divide}) {
      Fp8EncodeArguments a;
      a.element = type;
      a.scaling = scaling;
      a.rows = kRows;
      a.columns = a.codes_stride = kColumns;
      a.block_rows = kBlockRows;
      a.block_columns = kBlockColumns;
      a.factor = factors.data();
      a.x = type == Element::Float ? static_cast<const void*>(floats.data()) : bf16.data();
      std::vector<uint8_t> expected(floats.size()), found(floats.size());
      for (int64_t row = 0; row < kRows; ++row)
        for (int64_t column = 0; column < kColumns; ++column) {
          const float v = element(a.x, type, row * kColumns + column);
          const float by = factors[row / kBlockRows * kBlocks + column / kBlockColumns];
          float scaled = scaling == Scaling::Divide ? v / by : v * by;
          if (scaling == Scaling::MultiplyRounded) scaled = scalar::round_to_bf16(scaled);
          expected[row * kColumns + column] = scalar::encode_scaled<scalar::E4m3>(scaled, v);
        }
      for_builds([&](const cpu::Rows& rows) {
        a.codes = found.data();
        std::fill(found.begin(), found.end(), uint8_t{1});
        rows.fp8_encode(a, 0, 3);
        rows.fp8_encode(a, 3, kRows);
        CHECK(found == expected);
      });
    }
}

TEST_CASE("rows: largest magnitudes and quantizing blocks of rows") {
  constexpr int64_t kRows = 7, kColumns = 100;
  auto floats = patterns(kRows * kColumns, 3);
  for (int64_t i = 0; i < 3 * kColumns; ++i)
    if (!(std::fabs(floats[i]) < 1e30F)) floats[i] = -1.5F;  // some rows of numbers only
  std::fill_n(floats.begin() + 2 * kColumns, 40, -0.0F);
  const auto bf16 = halves(floats);
  for (const auto type : {Element::Float, Element::BFloat16}) {
    const void* const x = type == Element::Float ? static_cast<const void*>(floats.data()) : bf16.data();
    for (const int64_t block : {32, 33, 100, 128})
      for (const bool skip_nan : {false, true}) {
        const int64_t blocks = (kColumns + block - 1) / block;
        std::vector<int32_t> expected(kRows * blocks), found(kRows * blocks);
        for (int64_t i = 0; i < kRows * kColumns; ++i) {
          const auto magnitude =
              static_cast<int32_t>(scalar::bits_of(element(x, type, i)) & scalar::kMagnitude);
          auto& largest = expected[i / kColumns * blocks + i % kColumns / block];
          if (!(skip_nan && magnitude > static_cast<int32_t>(scalar::kInfinity)))
            largest = std::max(largest, magnitude);
        }
        for_builds([&](const cpu::Rows& rows) {
          BlockMaxArguments a{type, kRows, kColumns, block, skip_nan, x, found.data()};
          rows.block_max(a, 0, kRows);
          CHECK(found == expected);
        });
        if (skip_nan) continue;
        for (const auto form :
             {ScaleRule::Form::Quotient, ScaleRule::Form::Reciprocal, ScaleRule::Form::Rceil}) {
          Fp8QuantizeArguments a;
          a.element = type;
          a.rule.form = form;
          a.rows = kRows;
          a.columns = kColumns;
          a.block = block;
          a.x = x;
          a.codes_stride = kColumns + 5;
          std::vector<uint8_t> codes(kRows * a.codes_stride, 7), found_codes, found_exponents(kRows * blocks);
          std::vector<float> scales, found_scales(kRows * blocks);
          std::vector<uint8_t> exponents;
          for (int64_t i = 0; i < kRows * blocks; ++i) {
            const auto scale = scalar::block_scale(a.rule, static_cast<uint32_t>(expected[i]));
            scales.push_back(scale.scale);
            exponents.push_back(scale.exponent);
            for (int64_t c = i % blocks * block; c < std::min(kColumns, (i % blocks + 1) * block); ++c) {
              const float v = element(x, type, i / blocks * kColumns + c);
              codes[i / blocks * a.codes_stride + c] = scalar::encode_scaled<scalar::E4m3>(
                  form == ScaleRule::Form::Quotient ? v / scale.factor : v * scale.factor, v);
            }
          }
          for_builds([&](const cpu::Rows& rows) {
            found_codes.assign(codes.size(), 7);
            a.codes = found_codes.data();
            a.scale = a.rule.binary() ? nullptr : found_scales.data();
            a.exponent = a.rule.binary() ? found_exponents.data() : nullptr;
            rows.fp8_quantize(a, 0, kRows);
            CHECK(found_codes == codes);
            if (a.rule.binary()) {
              CHECK(found_exponents == exponents);
            } else {
              CHECK(std::memcmp(found_scales.data(), scales.data(), scales.size() * sizeof(float)) == 0);
            }
          });
        }
      }
  }
}

TEST_CASE("rows: decoding all codes under scales of blocks") {
  constexpr int64_t kRows = 6, kColumns = 256 + 11, kStride = kColumns + 3;
  std::vector<uint8_t> codes(kRows * kStride);
  for (size_t i = 0; i < codes.size(); ++i) codes[i] = static_cast<uint8_t>(i);
  const std::vector<float> scales = {1, 0.0123F, 1e-38F, 1e36F, 0.37F, 448, 3.3F, 1.0F / 3, 1e-45F};
  const std::vector<uint8_t> exponents = {0, 1, 127, 254, 255, 120, 130, 3, 250};
  for (const auto out : {Element::Float, Element::BFloat16})
    for (const auto code : {Code::E4m3, Code::E5m2})
      for (const int kind : {0, 1, 2}) {
        Fp8DecodeArguments a;
        a.out_element = out;
        a.code = code;
        a.rows = kRows;
        a.columns = kColumns;
        a.codes = codes.data();
        a.codes_stride = kStride;
        a.block_rows = 2;
        a.block_columns = 100;
        a.scale_stride = 3;
        a.scale = kind == 1 ? scales.data() : nullptr;
        a.exponent = kind == 2 ? exponents.data() : nullptr;
        std::vector<float> expected(kRows * kColumns), found(kRows * kColumns);
        std::vector<uint16_t> expected_bf16, found_bf16(kRows * kColumns);
        for (int64_t i = 0; i < kRows * kColumns; ++i) {
          const int64_t row = i / kColumns, column = i % kColumns, block = row / 2 * 3 + column / 100;
          const uint8_t c = codes[row * kStride + column];
          const float scale =
              kind == 2 ? scalar::decode_e8m0(exponents[block]) : (kind == 1 ? scales[block] : 1.0F);
          expected[i] = scale * (code == Code::E4m3 ? scalar::decode_float8<scalar::E4m3>(c)
                                                    : scalar::decode_float8<scalar::E5m2>(c));
          expected_bf16.push_back(scalar::bf16_of(expected[i]));
        }
        for_builds([&](const cpu::Rows& rows) {
          a.out = out == Element::Float ? static_cast<void*>(found.data()) : found_bf16.data();
          rows.fp8_decode(a, 0, kRows);
          bool same = true;
          for (int64_t i = 0; i < kRows * kColumns; ++i) {
            const float f = out == Element::Float ? found[i] : scalar::from_bf16(found_bf16[i]);
            const float e = out == Element::Float ? expected[i] : scalar::from_bf16(expected_bf16[i]);
            same = same && (std::isnan(e) ? std::isnan(f) : scalar::bits_of(e) == scalar::bits_of(f));
          }
          CHECK(same);
        });
      }
}

TEST_CASE("rows: NVFP4 both ways") {
  constexpr int64_t kRows = 50, kColumns = 96;
  auto floats = patterns(kRows * kColumns, 5);
  const auto bf16 = halves(floats);
  for (const float tensor_scale : {0.0F, 1.0F, 3.7e-4F, 1e-40F, 1e30F})
    for (const auto type : {Element::Float, Element::BFloat16}) {
      const void* const x = type == Element::Float ? static_cast<const void*>(floats.data()) : bf16.data();
      std::vector<uint8_t> codes, scales, found_codes(kRows * kColumns / 2),
          found_scales(kRows * kColumns / 16);
      std::vector<float> values, found_values(kRows * kColumns);
      for (int64_t block = 0; block < kRows * kColumns / 16; ++block) {
        float largest = 0;
        for (int64_t i = 0; i < 16; ++i) {
          const float v = std::fabs(element(x, type, block * 16 + i));
          if (v > largest) largest = v;  // false for NaN
        }
        scales.push_back(scalar::nvfp4_block_scale(largest, tensor_scale));
        const float factor = scalar::nvfp4_factor(scales.back(), tensor_scale);
        for (int64_t i = block * 16; i < block * 16 + 16; i += 2)
          codes.push_back(static_cast<uint8_t>(scalar::encode_e2m1(element(x, type, i) * factor) << 4 |
                                               scalar::encode_e2m1(element(x, type, i + 1) * factor)));
        const float total = tensor_scale * scalar::decode_e4m3(scales.back());
        for (size_t i = codes.size() - 8; i < codes.size(); ++i) {
          values.push_back(scalar::decode_e2m1(codes[i] >> 4) * total);
          values.push_back(scalar::decode_e2m1(codes[i] & 15) * total);
        }
      }
      for_builds([&](const cpu::Rows& rows) {
        Nvfp4EncodeArguments a{
            type, kRows, kColumns, x, &tensor_scale, found_codes.data(), found_scales.data()};
        rows.nvfp4_encode(a, 0, kRows);
        CHECK(found_codes == codes);
        CHECK(found_scales == scales);
        Nvfp4DecodeArguments d{Element::Float,      kRows,         kColumns,           found_codes.data(),
                               found_scales.data(), &tensor_scale, found_values.data()};
        rows.nvfp4_decode(d, 0, kRows);
        CHECK(std::memcmp(found_values.data(), values.data(), values.size() * sizeof(float)) == 0);
        std::vector<uint16_t> rounded(values.size()), expected;
        for (const float v : values) expected.push_back(scalar::bf16_of(v));
        d.out_element = Element::BFloat16;
        d.out = rounded.data();
        rows.nvfp4_decode(d, 0, kRows);
        CHECK(rounded == expected);
      });
    }
}
