#include "formats/gguf.h"

#include <doctest/doctest.h>

#include <functional>
#include <map>
#include <random>

#include "expect_error.h"
#include "formats_integer_support.h"

using namespace ltx;
using namespace ltx::formats;

namespace {

/// What a block says, before it is packed.
struct Logical {
  float d = 1, dmin = 1;  // dmin: also the m of Q4_1 and Q5_1
  std::vector<int> q, scale, minimum;
};
using Bytes = std::vector<uint8_t>;

void put_f16(Bytes& b, size_t at, float v) {
  const auto half = static_cast<c10::Half>(v).x;
  b[at] = static_cast<uint8_t>(half);
  b[at + 1] = static_cast<uint8_t>(half >> 8);
}
void add_bits(uint8_t& byte, int value, int shift) {
  byte = static_cast<uint8_t>(byte | value << shift);
}

/// Nibbles of 32 elements in 16 bytes, the first half low.
void put_halves(Bytes& b, size_t at, const int* q) {
  for (size_t i = 0; i < 32; ++i) add_bits(b[at + i % 16], q[i] & 15, i < 16 ? 0 : 4);
}
/// Bit 4 of 32 elements in 4 bytes.
void put_fifth(Bytes& b, size_t at, const int* q) {
  for (size_t i = 0; i < 32; ++i) add_bits(b[at + i / 8], q[i] >> 4, static_cast<int>(i % 8));
}
/// Eight six-bit scales and minima in 12 bytes: the first four whole, the others split.
void put_scales(Bytes& b, size_t at, const Logical& l) {
  for (size_t j = 0; j < 4; ++j) {
    b[at + j] = static_cast<uint8_t>(l.scale[j] | (l.scale[j + 4] >> 4) << 6);
    b[at + 4 + j] = static_cast<uint8_t>(l.minimum[j] | (l.minimum[j + 4] >> 4) << 6);
    b[at + 8 + j] = static_cast<uint8_t>((l.scale[j + 4] & 15) | (l.minimum[j + 4] & 15) << 4);
  }
}
/// Nibbles of 256 elements: 32 bytes hold the sub-blocks 2c and 2c + 1.
void put_pairs(Bytes& b, size_t at, const Logical& l) {
  for (size_t i = 0; i < 256; ++i) add_bits(b[at + i / 64 * 32 + i % 32], l.q[i] & 15, i / 32 % 2 ? 4 : 0);
}
/// Two bits of 256 elements: 32 bytes hold four runs of 32.
void put_twos(Bytes& b, size_t at, const Logical& l) {
  for (size_t i = 0; i < 256; ++i)
    add_bits(b[at + i / 128 * 32 + i % 32], l.q[i] & 3, static_cast<int>(2 * (i / 32 % 4)));
}

constexpr int kIq4[16] = {-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113};

/// How a type is packed, and what element i is worth. Codes are 0 … codes−1, scales in [low, high].
struct Packing {
  int codes, elements, scales, low, high;
  std::function<void(Bytes&, const Logical&)> pack;
  std::function<float(const Logical&, int)> value;
};

const std::map<Format, Packing>& packings() {
  static const std::map<Format, Packing> all = {
      {Format::Q8_0,
       {256, 32, 0, 0, 0,
        [](Bytes& b, const Logical& l) {
          put_f16(b, 0, l.d);
          for (size_t i = 0; i < 32; ++i) b[2 + i] = static_cast<uint8_t>(l.q[i] - 128);
        },
        [](const Logical& l, int i) { return static_cast<float>(l.q[i] - 128) * l.d; }}},
      {Format::Q4_0,
       {16, 32, 0, 0, 0,
        [](Bytes& b, const Logical& l) {
          put_f16(b, 0, l.d);
          put_halves(b, 2, l.q.data());
        },
        [](const Logical& l, int i) { return static_cast<float>(l.q[i] - 8) * l.d; }}},
      {Format::Q4_1,
       {16, 32, 0, 0, 0,
        [](Bytes& b, const Logical& l) {
          put_f16(b, 0, l.d);
          put_f16(b, 2, l.dmin);
          put_halves(b, 4, l.q.data());
        },
        [](const Logical& l, int i) { return static_cast<float>(l.q[i]) * l.d + l.dmin; }}},
      {Format::Q5_0,
       {32, 32, 0, 0, 0,
        [](Bytes& b, const Logical& l) {
          put_f16(b, 0, l.d);
          put_fifth(b, 2, l.q.data());
          put_halves(b, 6, l.q.data());
        },
        [](const Logical& l, int i) { return static_cast<float>(l.q[i] - 16) * l.d; }}},
      {Format::Q5_1,
       {32, 32, 0, 0, 0,
        [](Bytes& b, const Logical& l) {
          put_f16(b, 0, l.d);
          put_f16(b, 2, l.dmin);
          put_fifth(b, 4, l.q.data());
          put_halves(b, 8, l.q.data());
        },
        [](const Logical& l, int i) { return static_cast<float>(l.q[i]) * l.d + l.dmin; }}},
      {Format::Q4_K,
       {16, 256, 8, 0, 63,
        [](Bytes& b, const Logical& l) {
          put_f16(b, 0, l.d);
          put_f16(b, 2, l.dmin);
          put_scales(b, 4, l);
          put_pairs(b, 16, l);
        },
        [](const Logical& l, int i) {
          return l.d * static_cast<float>(l.scale[i / 32] * l.q[i]) -
                 l.dmin * static_cast<float>(l.minimum[i / 32]);
        }}},
      {Format::Q5_K,
       {32, 256, 8, 0, 63,
        [](Bytes& b, const Logical& l) {
          put_f16(b, 0, l.d);
          put_f16(b, 2, l.dmin);
          put_scales(b, 4, l);
          for (size_t i = 0; i < 256; ++i) add_bits(b[16 + i % 32], l.q[i] >> 4, static_cast<int>(i / 32));
          put_pairs(b, 48, l);
        },
        [](const Logical& l, int i) {
          return l.d * static_cast<float>(l.scale[i / 32] * l.q[i]) -
                 l.dmin * static_cast<float>(l.minimum[i / 32]);
        }}},
      {Format::Q6_K,
       {64, 256, 16, -128, 127,
        [](Bytes& b, const Logical& l) {
          for (size_t i = 0; i < 256; ++i) {
            const size_t half = i / 128, quarter = i / 32 % 4, at = i % 32;
            add_bits(b[64 * half + 32 * (quarter % 2) + at], l.q[i] & 15, quarter < 2 ? 0 : 4);
            add_bits(b[128 + 32 * half + at], l.q[i] >> 4, static_cast<int>(2 * quarter));
          }
          for (size_t k = 0; k < 16; ++k) b[192 + k] = static_cast<uint8_t>(l.scale[k]);
          put_f16(b, 208, l.d);
        },
        [](const Logical& l, int i) { return l.d * static_cast<float>(l.scale[i / 16] * (l.q[i] - 32)); }}},
      {Format::Q3_K,
       {8, 256, 16, -32, 31,
        [](Bytes& b, const Logical& l) {
          for (size_t i = 0; i < 256; ++i) add_bits(b[i % 32], l.q[i] >> 2, static_cast<int>(i / 32));
          put_twos(b, 32, l);
          for (size_t k = 0; k < 16; ++k) {
            add_bits(b[96 + k % 8], (l.scale[k] + 32) & 15, k < 8 ? 0 : 4);
            add_bits(b[104 + k % 4], (l.scale[k] + 32) >> 4, static_cast<int>(2 * (k / 4)));
          }
          put_f16(b, 108, l.d);
        },
        [](const Logical& l, int i) { return l.d * static_cast<float>(l.scale[i / 16] * (l.q[i] - 4)); }}},
      {Format::Q2_K,
       {4, 256, 16, 0, 15,
        [](Bytes& b, const Logical& l) {
          for (size_t k = 0; k < 16; ++k) b[k] = static_cast<uint8_t>(l.scale[k] | l.minimum[k] << 4);
          put_twos(b, 16, l);
          put_f16(b, 80, l.d);
          put_f16(b, 82, l.dmin);
        },
        [](const Logical& l, int i) {
          return l.d * static_cast<float>(l.scale[i / 16] * l.q[i]) -
                 l.dmin * static_cast<float>(l.minimum[i / 16]);
        }}},
      {Format::Iq4Nl,
       {16, 32, 0, 0, 0,
        [](Bytes& b, const Logical& l) {
          put_f16(b, 0, l.d);
          put_halves(b, 2, l.q.data());
        },
        [](const Logical& l, int i) { return l.d * static_cast<float>(kIq4[l.q[i]]); }}},
      {Format::Iq4Xs,
       {16, 256, 8, -32, 31,
        [](Bytes& b, const Logical& l) {
          put_f16(b, 0, l.d);
          for (size_t k = 0; k < 8; ++k) {
            const int s = l.scale[k] + 32;
            add_bits(b[2 + k / 4], s >> 4, static_cast<int>(2 * (k % 4)));
            add_bits(b[4 + k / 2], s & 15, k % 2 ? 4 : 0);
            put_halves(b, 8 + 16 * k, l.q.data() + 32 * k);
          }
        },
        [](const Logical& l, int i) { return l.d * static_cast<float>(l.scale[i / 32] * kIq4[l.q[i]]); }}}};
  return all;
}

Matrix matrix_of(Format format, int64_t rows, int64_t columns, const Bytes& bytes) {
  Matrix m;
  m.format = format;
  m.rows = rows;
  m.columns = columns;
  m.codes = at::from_blob(const_cast<uint8_t*>(bytes.data()),
                          {rows, static_cast<int64_t>(bytes.size()) / rows}, at::TensorOptions(at::kByte))
                .clone();
  return m;
}

}  // namespace

TEST_CASE("gguf: blocks of every type built by hand decode to what they say") {
  std::mt19937 random(5);
  const auto draw = [&](int low, int high) { return std::uniform_int_distribution<int>(low, high)(random); };
  CHECK(packings().size() == 12);
  for (const auto& [key, packing] : packings()) {
    const auto format = key;  // lambdas take no structured binding in Clang 14
    INFO(std::string(name_of(format)));
    const auto& type = gguf_type(format);
    REQUIRE(type.block_elements == packing.elements);
    constexpr int kBlocks = 6;
    Bytes bytes;
    std::vector<float> expected;
    for (int block = 0; block < kBlocks; ++block) {
      Logical l;
      if (block > 0) {  // the first has d = 1; powers of two keep products exact
        l.d = std::ldexp(1.0F, -draw(0, 10));
        l.dmin = -std::ldexp(1.0F, -draw(0, 10));
      }
      for (int i = 0; i < packing.elements; ++i)
        l.q.push_back(i < packing.codes ? i : draw(0, packing.codes - 1));
      for (int i = 0; i < packing.scales; ++i) {
        l.scale.push_back(draw(packing.low, packing.high));
        l.minimum.push_back(draw(packing.low, packing.high));
      }
      Bytes b(static_cast<size_t>(type.block_bytes));
      packing.pack(b, l);
      bytes.insert(bytes.end(), b.begin(), b.end());
      for (int i = 0; i < packing.elements; ++i) expected.push_back(packing.value(l, i));
    }
    const auto m = matrix_of(format, 2, kBlocks / 2 * packing.elements, bytes);
    const auto e = at::tensor(expected).view({2, -1});
    CHECK(at::equal(decode(m), e));
    CHECK(at::equal(decode(m, at::kBFloat16), e.to(at::kBFloat16)));
    // A slice of rows is a matrix of its own.
    const auto second = matrix_of(format, 1, kBlocks / 2 * packing.elements,
                                  Bytes(bytes.begin() + static_cast<int64_t>(bytes.size()) / 2, bytes.end()));
    CHECK(at::equal(decode(second), e.narrow(0, 1, 1)));
  }
}

TEST_CASE("gguf: half floats of every kind scale a block") {
  for (const auto& [code, value] :
       {std::pair{0x0001, 5.9604644775390625e-8F}, std::pair{0x03ff, 6.0975551605e-5F},
        std::pair{0x0400, 6.103515625e-5F}, std::pair{0x7bff, 65504.0F}, std::pair{0x8000, -0.0F},
        std::pair{0xfc00, -kInf}, std::pair{0x7fff, kNan}, std::pair{0x7c01, kNan},
        std::pair{0xffff, kNan}}) {
    const auto bits = code;
    INFO("bits ", bits);
    Bytes b(34, 1);
    b[0] = static_cast<uint8_t>(bits);
    b[1] = static_cast<uint8_t>(bits >> 8);
    const auto m = matrix_of(Format::Q8_0, 1, 32, b);
    for (const auto dtype : {at::kFloat, at::kBFloat16}) {
      const float found = decode(m, dtype)[0][31].item<float>();
      const float expected = at::tensor(value).to(dtype).item<float>();
      CHECK((std::isnan(expected) ? std::isnan(found) : found == expected));
    }
  }
}

TEST_CASE("gguf: the types that the library reads") {
  CHECK(gguf_types().size() == 15);
  for (const auto& type : gguf_types()) {
    CHECK(gguf_type(type.id) == &type);
    if (is_gguf(type.format)) {
      CHECK(&gguf_type(type.format) == &type);
      CHECK(std::string(name_of(type.format)) == std::string("gguf-") + type.name);
      CHECK_FALSE(gguf_dtype(type).has_value());
      CHECK(gguf_row_bytes(type, 2 * type.block_elements) == 2 * type.block_bytes);
    } else {
      CHECK(static_cast<int>(c10::elementSize(*gguf_dtype(type))) == type.block_bytes);
    }
  }
  CHECK(gguf_type(9U) == nullptr);  // Q8_1
  expect_error(Status::InvalidArgument, "int8", [] { gguf_type(Format::Int8); });
}

TEST_CASE("gguf: rows that are no whole blocks, codes of another length") {
  expect_error(Status::Quant, "Q4_K", [] { gguf_row_bytes(gguf_type(Format::Q4_K), 128); });
  const auto m = matrix_of(Format::Q4_0, 1, 64, Bytes(18));
  expect_error(Status::TensorMismatch, "36 bytes", [&] { decode(m); });
  CHECK_FALSE(can_store({.format = Format::Q6_K}, 4, 128));
  CHECK(can_store({.format = Format::Q8_0}, 4, 96));
}

TEST_CASE("gguf: Q8_0 and Q4_0 are written with the errors of spec 08 §20") {
  const auto w = measured_weight();
  CHECK(relative_error(decode(encode_gguf(w, Format::Q8_0)), w) == doctest::Approx(0.0054).epsilon(0.03));
  CHECK(relative_error(decode(encode_gguf(w, Format::Q4_0)), w) == doctest::Approx(0.0861).epsilon(0.03));
  auto zero = at::zeros({2, 64});
  for (const auto format : {Format::Q8_0, Format::Q4_0}) {
    CHECK(decode(encode_gguf(zero, format)).any().item<bool>() == false);
    auto bad = zero.clone();
    bad[0][0] = kNan;
    expect_error(Status::Numeric, "1 of 128", [&] { encode_gguf(bad, format); });
    expect_error(Status::Quant, "40 elements", [&] { encode_gguf(at::zeros({1, 40}), format); });
  }
  expect_error(Status::Unsupported, "gguf-Q4_K", [&] { encode_gguf(w, Format::Q4_K); });
}
