// The rows of every instruction set against the element-wise functions that the CUDA kernels are made of.
#include <doctest/doctest.h>

#include <cstring>

#include "device/device.h"
#include "formats/activations.h"
#include "formats/cpu/integer_rows.h"
#include "formats/gguf.h"
#include "formats/int4.h"
#include "formats/int8.h"
#include "formats/nf4.h"
#include "formats/scalar/gguf.h"
#include "formats_integer_support.h"

using namespace ltx;
using namespace ltx::formats;
using namespace ltx::formats::integer;

namespace {

template <class Check>
void for_each_build(Check&& check) {
  const auto& available = cpu::available_integer_rows();
  for (int i = 0; i < available.count; ++i) {
    INFO(std::string(available.rows[i]->name));
    check(*available.rows[i]);
  }
}

at::Tensor bytes(int64_t count, uint64_t seed) {
  return at::randint(0, 256, {count}, at::make_generator<at::CPUGeneratorImpl>(seed),
                     at::TensorOptions(at::kByte));
}
/// Rows with awkward values, infinities and NaN in F32 or BF16, and each value in F32.
struct Input {
  Element element;
  at::Tensor x, values;
};
std::vector<Input> inputs(int64_t columns) {
  auto x = awkward(columns);
  x = at::cat({x, x});
  x[16][1] = kNan;
  x[17][columns - 1] = kInf;
  const auto narrow = x.to(at::kBFloat16);
  return {{Element::Float, x, x}, {Element::BFloat16, narrow, narrow.to(at::kFloat)}};
}
/// A decoder's output in both element types against values.
template <class Arguments, class Run>
void check_decoder(Arguments a, Run run, int64_t rows, const std::vector<float>& expected) {
  const auto e = at::tensor(expected);
  for (const auto dtype : {at::kFloat, at::kBFloat16}) {
    auto out = at::empty({e.numel()}, at::TensorOptions(dtype));
    a.element = dtype == at::kFloat ? Element::Float : Element::BFloat16;
    a.rows = rows;
    a.out = out.data_ptr();
    run(a, 0, rows / 2);
    run(a, rows / 2, rows);
    CHECK(at::equal(out.to(at::kFloat).nan_to_num(-7), e.to(dtype).to(at::kFloat).nan_to_num(-7)));
  }
}

}  // namespace

TEST_CASE("int8 rows of every instruction set are the scalar functions") {
  for (const int64_t columns : {1, 16, 33, 96}) {
    for (const auto& in : inputs(columns == 1 ? 2 : columns)) {
      const int64_t rows = in.x.size(0), k = in.x.size(1);
      for (const auto rule : {Int8Rule::Row, Int8Rule::Filter, Int8Rule::Tensorwise}) {
        for (const auto rounding : {Rounding::Float, Rounding::BFloat16, Rounding::Half}) {
          const auto amax = in.values.abs().amax(1);
          auto scale = at::empty({rows}, at::kFloat);
          auto codes = at::empty({rows, k}, at::kChar);
          for (int64_t r = 0; r < rows; ++r) {
            const float most = amax[r].item<float>();
            const float s = rule == Int8Rule::Row      ? int8_row_scale(most, rounding)
                            : rule == Int8Rule::Filter ? int8_filter_scale(most)
                                                       : int8_tensorwise_scale(most);
            scale[r] = s;
            for (int64_t i = 0; i < k; ++i) {
              const float v = in.values.data_ptr<float>()[r * k + i];
              codes.data_ptr<int8_t>()[r * k + i] =
                  rule == Int8Rule::Tensorwise ? int8_code_by_quotient(v, int8_divisor(s, rounding), rounding)
                                               : int8_code(v * (1.0F / s));
            }
          }
          for_each_build([&](const cpu::IntegerRows& build) {
            auto found_scale = at::empty_like(scale), found = at::empty_like(codes);
            Int8EncodeArguments a;
            a.element = in.element;
            a.rule = rule;
            a.rounding = rounding;
            a.rows = rows;
            a.columns = k;
            a.x = in.x.data_ptr();
            a.scale = found_scale.data_ptr<float>();
            a.codes = found.data_ptr<int8_t>();
            build.int8_encode(a, 0, rows);
            CHECK(at::equal(found_scale.nan_to_num(-1), scale.nan_to_num(-1)));
            CHECK(at::equal(found, codes));
          });
        }
      }
    }
  }
}

TEST_CASE("int8 decoders of every instruction set are the scalar function") {
  const auto codes = bytes(7 * 35, 1);
  const auto scale = gaussian({7});
  std::vector<float> expected;
  for (int64_t i = 0; i < codes.numel(); ++i) {
    expected.push_back(
        int8_value(static_cast<int8_t>(codes.data_ptr<uint8_t>()[i]), scale.data_ptr<float>()[i / 35]));
  }
  Int8DecodeArguments a;
  a.columns = 35;
  a.codes = static_cast<const int8_t*>(codes.data_ptr());
  a.scale = scale.data_ptr<float>();
  for_each_build([&](const cpu::IntegerRows& build) { check_decoder(a, build.int8_decode, 7, expected); });
}

TEST_CASE("int4 rows of every instruction set are the scalar functions") {
  for (const int64_t group : {32, 96}) {
    for (const auto& in : inputs(group)) {
      const int64_t rows = in.x.size(0);
      for (int mode = 0; mode < 3; ++mode) {  // centre, torchao's, symmetric
        std::vector<uint8_t> codes;
        std::vector<Int4Group> groups;
        for (int64_t r = 0; r < rows; ++r) {
          const float* const v = in.values.data_ptr<float>() + r * group;
          float low = v[0], high = v[0], most = 0;
          for (int64_t i = 0; i < group; ++i) {
            low = v[i] < low ? v[i] : low;
            high = v[i] > high ? v[i] : high;
            most = larger(most, v[i] < 0 ? -v[i] : v[i]);
          }
          groups.push_back(mode == 2 ? int4_symmetric_group(most) : int4_group(low, high, mode == 1));
          for (int64_t i = 0; i < group; i += 2) {
            codes.push_back(static_cast<uint8_t>(int4_code(v[i], groups.back()) << 4 |
                                                 int4_code(v[i + 1], groups.back())));
          }
        }
        for_each_build([&](const cpu::IntegerRows& build) {
          std::vector<uint8_t> found(codes.size());
          std::vector<uint16_t> scale(groups.size()), zero(groups.size());
          Int4EncodeArguments a;
          a.element = in.element;
          a.reference = mode == 1;
          a.rows = rows;
          a.group = group;
          a.x = in.x.data_ptr();
          a.codes = found.data();
          a.scale = scale.data();
          a.zero = mode == 2 ? nullptr : zero.data();
          build.int4_encode(a, 0, rows);
          const size_t finite_rows = static_cast<size_t>(rows - 2);
          for (size_t r = 0; r < groups.size(); ++r) {
            if (r >= finite_rows) {
              CHECK(scale[r] == 0x7fc0);
              continue;
            }
            CHECK(scale[r] == groups[r].scale);
            if (mode != 2) CHECK(zero[r] == groups[r].zero);
          }
          const size_t finite_bytes = finite_rows * static_cast<size_t>(group) / 2;
          CHECK(std::memcmp(found.data(), codes.data(), finite_bytes) == 0);

          std::vector<float> expected;
          for (size_t i = 0; i < 2 * finite_bytes; ++i) {
            const auto& g = groups[i / static_cast<size_t>(group)];
            const uint8_t code = i % 2 ? codes[i / 2] & 15 : codes[i / 2] >> 4;
            expected.push_back(mode == 2
                                   ? int4_symmetric_value(code, scalar::from_bf16(g.scale))
                                   : int4_value(code, scalar::from_bf16(g.scale), scalar::from_bf16(g.zero)));
          }
          Int4DecodeArguments d;
          d.group = group;
          d.codes = codes.data();
          d.scale = scale.data();
          d.zero = a.zero;
          check_decoder(d, build.int4_decode, rows - 2, expected);
        });
      }
    }
  }
}

TEST_CASE("nf4 rows of every instruction set are the scalar functions") {
  for (const int64_t columns : {64, 27}) {  // 18 rows: whole blocks, and a short last one
    for (const auto& in : inputs(columns)) {
      const int64_t elements = in.x.numel(), blocks = (elements + 63) / 64;
      std::vector<float> amax, expected;
      std::vector<uint8_t> codes(static_cast<size_t>((elements + 1) / 2));
      const float* const v = in.values.data_ptr<float>();
      const float levels[16] = {LTX_NF4_LEVELS};
      for (int64_t b = 0; b < blocks; ++b) {
        const auto block = in.values.flatten().slice(0, 64 * b, std::min(64 * b + 64, elements));
        amax.push_back(block.abs().max().item<float>());
        for (int64_t i = 64 * b; i < std::min(64 * b + 64, elements); ++i) {
          const uint8_t code = nf4_code(v[i], nf4_inverse(amax.back()));
          auto& byte = codes[static_cast<size_t>(i / 2)];
          byte = static_cast<uint8_t>(byte | code << (i % 2 ? 0 : 4));
          expected.push_back(levels[code] * amax.back());
        }
      }
      if (elements % 2) codes.back() |= 7;
      for_each_build([&](const cpu::IntegerRows& build) {
        std::vector<uint8_t> found(codes.size());
        std::vector<float> found_amax(amax.size());
        Nf4EncodeArguments a;
        a.element = in.element;
        a.rows = blocks;
        a.elements = elements;
        a.x = in.x.data_ptr();
        a.codes = found.data();
        a.amax = found_amax.data();
        build.nf4_encode(a, 0, blocks);
        CHECK(at::equal(at::tensor(found_amax).nan_to_num(-1), at::tensor(amax).nan_to_num(-1)));
        CHECK(found == codes);
        Nf4DecodeArguments d;
        d.elements = elements;
        d.codes = codes.data();
        d.amax = amax.data();
        d.table = levels;
        check_decoder(d, build.nf4_decode, blocks, expected);
      });
    }
  }
}

TEST_CASE("GGUF blocks of every instruction set are the scalar functions") {
  for (int type = 0; type < kGgufFormats; ++type) {
    const auto& known = gguf_type(static_cast<Format>(static_cast<int>(Format::Q8_0) + type));
    INFO(std::string(known.name));
    constexpr int64_t kBlocks = 200;  // random bytes: scales of every kind
    const auto blocks = bytes(kBlocks * known.block_bytes, 3);
    std::vector<float> expected;
    with_gguf_type(type, [&](auto t) {
      using Type = decltype(t);
      CHECK(Type::kBytes == known.block_bytes);
      CHECK(Type::kElements == known.block_elements);
      for (int64_t b = 0; b < kBlocks; ++b) {
        for (int i = 0; i < Type::kElements; ++i) {
          expected.push_back(Type::value(blocks.template data_ptr<uint8_t>() + b * Type::kBytes, i));
        }
      }
    });
    GgufDecodeArguments a;
    a.type = type;
    a.blocks = blocks.data_ptr<uint8_t>();
    for_each_build(
        [&](const cpu::IntegerRows& build) { check_decoder(a, build.gguf_decode, kBlocks, expected); });
  }
}

TEST_CASE("rotation of every instruction set is the scalar function") {
  for (const int64_t group : {4, 16, 64, 1024}) {
    const auto x = gaussian({3, 3 * group}, 1);
    std::vector<float> expected(x.data_ptr<float>(), x.data_ptr<float>() + x.numel());
    float root = 1;
    for (int64_t size = group; size > 1; size /= 4) root /= 2;
    for (auto& v : expected) v *= root;
    for (int64_t step = 1; step < group; step *= 4) {
      for (size_t i = 0; i < expected.size(); ++i) {
        if (static_cast<int64_t>(i) / step % 4 != 0) continue;
        const auto s = static_cast<size_t>(step);
        const Quad y = hadamard({expected[i], expected[i + s], expected[i + 2 * s], expected[i + 3 * s]});
        expected[i] = y.a;
        expected[i + s] = y.b;
        expected[i + 2 * s] = y.c;
        expected[i + 3 * s] = y.d;
      }
    }
    for_each_build([&](const cpu::IntegerRows& build) {
      for (const auto dtype : {at::kFloat, at::kBFloat16}) {
        auto out = at::empty({x.numel()}, at::TensorOptions(dtype));
        RotateArguments a;
        a.out_element = dtype == at::kFloat ? Element::Float : Element::BFloat16;
        a.rows = 9;
        a.group = group;
        a.x = x.data_ptr();
        a.out = out.data_ptr();
        build.rotate(a, 0, 9);
        CHECK(at::equal(out, at::tensor(expected).to(dtype)));
      }
    });
  }
}

TEST_SUITE("gpu") {
  TEST_CASE("the integer formats on a CUDA device have the bits of the CPU") {
    if (device::cuda_device_count() == 0) {
      MESSAGE("no CUDA device: skipped");
      return;
    }
    const at::Device cuda(at::kCUDA, 0);
    const auto same = [](const Matrix& found, const Matrix& expected) {
      const std::pair<const at::Tensor&, const at::Tensor&> members[] = {
          {found.codes, expected.codes}, {found.scale, expected.scale}, {found.zero, expected.zero}};
      for (const auto& [f, e] : members) {
        CHECK(f.defined() == e.defined());
        if (f.defined()) CHECK(same_bits(f.cpu(), e));
      }
      for (const auto dtype : {at::kFloat, at::kBFloat16}) {
        CHECK(same_bits(decode(found, dtype).cpu(), decode(expected, dtype)));
      }
    };
    for (const auto dtype : {at::kFloat, at::kBFloat16, at::kHalf}) {
      const auto w =
          at::cat({gaussian({55, 512}), awkward(512).slice(0, 0, dtype == at::kHalf ? 7 : 9)}).to(dtype);
      const auto on_device = w.to(cuda);
      for (const bool reference : {false, true}) {
        for (const auto form : {Encoding::Int8Form::Rows, Encoding::Int8Form::TensorwiseRows,
                                Encoding::Int8Form::TensorwiseScalar}) {
          Encoding e{.format = Format::Int8};
          e.int8_form = form;
          e.reference = reference;
          same(encode(on_device, e), encode(w, e));
        }
        for (const int64_t rotation : {4, 64, 256}) {
          Encoding e{.format = Format::Int8};
          e.rotation = rotation;
          e.reference = reference;
          same(encode(on_device, e), encode(w, e));
        }
        for (const bool symmetric : {false, true}) {
          for (const int64_t group : {32, 128, 256}) {
            Encoding e{.format = Format::Int4};
            e.group_size = group;
            e.symmetric = symmetric;
            e.reference = reference;
            same(encode(on_device, e), encode(w, e));
          }
        }
      }
      same(encode(on_device, {.format = Format::Nf4}), encode(w, {.format = Format::Nf4}));
      const auto odd = w.slice(1, 0, 77).contiguous();
      same(encode(odd.to(cuda), {.format = Format::Nf4}), encode(odd, {.format = Format::Nf4}));
      same(encode(odd.to(cuda), {.format = Format::Int8}), encode(odd, {.format = Format::Int8}));
      for (const auto& q : {uint8_per_row(on_device), uint8_tensorwise(on_device)}) {
        CHECK(same_bits(dequantize_int8(q).cpu(), dequantize_int8({q.codes.cpu(), q.scale.cpu(), {}})));
      }
      CHECK(same_bits(rotate(on_device, 256).cpu(), rotate(w, 256)));
    }
    const auto wide = gaussian({2, kLargestRotation});
    CHECK(same_bits(rotate(wide.to(cuda), kLargestRotation).cpu(), rotate(wide, kLargestRotation)));
    for (const auto& type : gguf_types()) {
      if (!is_gguf(type.format)) continue;
      INFO(std::string(type.name));
      Matrix m;
      m.format = type.format;
      m.rows = 5;
      m.columns = 3 * type.block_elements;
      m.codes = bytes(15 * type.block_bytes, 9).view({5, -1});
      for (const auto dtype : {at::kFloat, at::kBFloat16}) {
        const auto expected = decode(m, dtype), found = decode(m.to(cuda), dtype).cpu();
        CHECK(at::equal(found.nan_to_num(-7), expected.nan_to_num(-7)));
      }
    }
  }
}
