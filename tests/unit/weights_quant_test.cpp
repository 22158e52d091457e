// Files with quantized layers: what they are taken for, what is read from them, and what is refused.
#include <doctest/doctest.h>

#include <cmath>
#include <cstring>
#include <map>
#include <nlohmann/json.hpp>

#include "file_fixture.h"
#include "formats/activations.h"
#include "formats/nf4.h"
#include "formats/scale_swizzle.h"
#include "gguf_fixture.h"
#include "weights/checkpoint.h"
#include "weights/inspect.h"
#include "weights/model_files.h"
#include "weights/quantized_store.h"
#include "weights/stored_writer.h"

namespace ltx::weights {
namespace {

using formats::Format;
using nlohmann::json;
using test::check_error;
using test::Folder;
using Tensors = std::map<std::string, at::Tensor>;

// One layer of each shape: [N, K] = [64, 16], [16, 64] and the square [32, 32] of this config.
const std::string kWide = "transformer_blocks.0.audio_ff.net.0.proj",
                  kTall = "transformer_blocks.0.audio_ff.net.2", kSquare = "transformer_blocks.0.attn1.to_q";
const json kConfig = {{"num_attention_heads", 2},
                      {"attention_head_dim", 16},
                      {"audio_num_attention_heads", 2},
                      {"audio_attention_head_dim", 8},
                      {"apply_gated_attention", true}};

at::Tensor random(at::IntArrayRef shape, uint64_t seed = 1) {
  auto generator = at::make_generator<at::CPUGeneratorImpl>(seed);
  return at::randn(shape, generator).mul_(0.05);
}

at::Tensor bytes_of(const std::string& text) {
  auto tensor = at::empty({static_cast<int64_t>(text.size())}, at::kByte);
  std::memcpy(tensor.data_ptr(), text.data(), text.size());
  return tensor;
}

at::Tensor e4m3(const at::Tensor& values) {
  return values.clamp(-448, 448).to(at::kFloat8_e4m3fn);
}

StoredHints hints() {
  StoredHints hints;
  hints.shapes = LinearShapes(kConfig);
  return hints;
}

std::shared_ptr<const StoredLayers> detect(const Tensors& tensors, StoredHints with = hints()) {
  return std::make_shared<const StoredLayers>(std::make_shared<MemoryStore>(tensors), std::move(with));
}

/// The bf16 weight of a layer by the store that networks read.
at::Tensor read(const Tensors& tensors, const std::string& layer, StoredHints with = hints()) {
  return QuantizedStore(detect(tensors, std::move(with))).read(layer + ".weight");
}

void refuses(Status status, std::initializer_list<std::string_view> parts, const Tensors& tensors,
             StoredHints with = hints()) {
  check_error(status, parts, [&] {
    const QuantizedStore store(detect(tensors, std::move(with)));
    for (const auto& name : store.names()) store.read(name);
  });
}

/// A layer in the layout of the library's writer.
Tensors stored(const std::string& layer, const at::Tensor& weight, formats::Encoding encoding) {
  StoredMatrix matrix;
  matrix.matrix = formats::encode(weight, encoding);
  Tensors tensors;
  for (auto& [name, tensor] : stored_tensors(layer, matrix)) tensors[name] = tensor;
  return tensors;
}

formats::Encoding as(Format format) {
  formats::Encoding encoding;
  encoding.format = format;
  return encoding;
}

at::Tensor bf16(const at::Tensor& values) {
  return values.to(at::kFloat).to(at::kBFloat16);
}

json attributes(const Tensors& tensors, const std::string& layer, StoredHints with = hints()) {
  return describe(*detect(tensors, std::move(with))->find(layer));
}

double relative_l2(const at::Tensor& a, const at::Tensor& b) {
  return ((a.to(at::kDouble) - b.to(at::kDouble)).norm() / b.to(at::kDouble).norm()).item<double>();
}

constexpr float kE2m1[] = {0, 0.5, 1, 1.5, 2, 3, 4, 6, -0.0, -0.5, -1, -1.5, -2, -3, -4, -6};

/// codes U8 [N, K/2] by hand: element 2j is in the high nibble if `high`.
at::Tensor nibbles(const at::Tensor& codes, bool high) {
  const auto even = codes.bitwise_right_shift(4), odd = codes.bitwise_and(15);
  return at::stack(high ? std::vector{even, odd} : std::vector{odd, even}, -1).flatten(1).to(at::kLong);
}

at::Tensor e2m1_values(const at::Tensor& codes) {
  return at::tensor(at::ArrayRef<float>(kE2m1, 16)).index({codes});
}

}  // namespace

TEST_CASE("each row of the table of formats, read as its formula says") {
  const auto w = random({16, 64});
  const auto codes = e4m3(w * 1000);
  const auto row_scale = random({16}).abs() + 0.001;
  const auto check = [&](const Tensors& tensors, const char* format, const char* policy,
                         const at::Tensor& values) {
    CAPTURE(format);
    const auto layers = detect(tensors);
    CHECK(formats::name_of(layers->find(kTall)->format) == format);
    CHECK(layers->policy() == policy);
    CHECK(layers->counts() == std::map<std::string, int64_t>{{format, 1}});
    const QuantizedStore store(layers);
    CHECK(store.names() == std::vector<std::string>{kTall + ".weight"});
    const auto& info = *store.find(kTall + ".weight");
    CHECK(info.shape == std::vector<int64_t>{16, 64});
    CHECK(info.dtype == (layers->any() ? "BF16" : "F32"));
    CHECK(at::equal(store.read(kTall + ".weight").to(at::kBFloat16), bf16(values)));
  };
  const auto W = kTall + ".weight", S = kTall + ".weight_scale";
  check({{W, w}}, "unquantized", "none", w);
  check({{W, codes}}, "fp8-unscaled", "fp8-cast", codes);
  check({{W, w.to(at::kFloat8_e5m2)}}, "fp8-unscaled", "fp8-cast", w.to(at::kFloat8_e5m2));
  const auto scaled = codes.to(at::kFloat) * 0.001F;
  check({{W, codes}, {S, at::full({}, 0.001F)}}, "fp8-per-tensor", "fp8-scaled-mm", scaled);
  check({{W, codes}, {S, at::full({1}, 0.001F)}}, "fp8-per-tensor", "fp8-scaled-mm", scaled);
  check({{W, codes}, {kTall + ".scale_weight", at::full({1}, 0.001F)}}, "fp8-per-tensor", "fp8-scaled-mm",
        scaled);
  const auto e5m2 = (w * 1000).to(at::kFloat8_e5m2);
  check({{W, e5m2}, {S, at::full({}, 0.5, at::kBFloat16)}}, "fp8-per-tensor", "fp8-scaled-mm",
        e5m2.to(at::kFloat) * 0.5F);
  const auto by_row = codes.to(at::kFloat) * row_scale.unsqueeze(1);
  check({{W, codes}, {S, row_scale}}, "fp8-per-row", "fp8-dynamic", by_row);
  check({{W, codes}, {S, row_scale.unsqueeze(1)}}, "fp8-per-row", "fp8-dynamic", by_row);
  const auto half = row_scale.to(at::kHalf);
  check({{W, codes}, {S, half}}, "fp8-per-row", "fp8-dynamic",
        codes.to(at::kFloat) * half.to(at::kFloat).unsqueeze(1));
  check({{W, codes}, {S, at::full({1, 1}, 0.25F)}}, "fp8-block128", "fp8-block128",
        codes.to(at::kFloat) * 0.25F);
  check({{W, codes}, {kTall + ".weight_scale_inv", at::full({1, 1}, 0.25F)}}, "fp8-block128", "fp8-block128",
        codes.to(at::kFloat) * 0.25F);
  const auto exponents = at::full({16, 2}, 120, at::kByte);  // 2^-7
  check({{W, codes}, {S, exponents}}, "mxfp8", "mxfp8", codes.to(at::kFloat) / 128);
  check({{W, codes}, {S, exponents.view(at::kFloat8_e8m0fnu)}}, "mxfp8", "mxfp8", codes.to(at::kFloat) / 128);
  const auto int8 = (w * 500).round().clamp(-128, 127).to(at::kChar);
  check({{W, int8}, {S, row_scale}}, "int8", "int8", int8.to(at::kFloat) * row_scale.unsqueeze(1));
  check({{W, int8}, {S, at::full({}, 0.01F)}}, "int8", "int8", int8.to(at::kFloat) * 0.01F);

  const auto packed = at::arange(16 * 32).mul(37).bitwise_and(255).to(at::kByte).view({16, 32});
  const auto block_scale = (random({16, 4}).abs() + 0.1).to(at::kFloat8_e4m3fn);
  check({{W, packed}, {S, block_scale}, {kTall + ".weight_scale_2", at::full({}, 0.01F)}}, "nvfp4",
        "nvfp4-prequant",
        e2m1_values(nibbles(packed, true)) * (block_scale.to(at::kFloat) * 0.01F).repeat_interleave(16, 1));
  const auto group_scale = bf16(random({16, 2}).abs() + 0.01), zero = bf16(random({16, 2}));
  const auto centred =
      (nibbles(packed, true) - 8).to(at::kFloat) * group_scale.to(at::kFloat).repeat_interleave(32, 1);
  check({{W, packed}, {S, group_scale}, {kTall + ".weight_zero", zero}}, "int4", "int4",
        centred + zero.to(at::kFloat).repeat_interleave(32, 1));
  check({{W, packed}, {S, group_scale}}, "int4", "int4", centred);
}

TEST_CASE("fp6, blocks over the edge, nf4: shapes that the small config does not have") {
  const auto w = random({256, 256}, 2);
  const auto at_rest = [&](Tensors tensors) { return read(tensors, "layer", {}); };
  for (const auto format :
       {Format::Fp6Block128, Format::Fp8Block128, Format::Nf4, Format::Mxfp8, Format::Nvfp4, Format::Int4,
        Format::Int8, Format::Fp8PerRow, Format::Fp8PerTensor}) {
    CAPTURE(formats::name_of(format));
    const auto tensors = stored("layer", w, as(format));
    CHECK(detect(tensors, {})->find("layer")->format == format);
    CHECK(at::equal(at_rest(tensors), formats::decode(formats::encode(w, as(format)), at::kBFloat16)));
  }
  const auto codes = e4m3(random({130, 200}) * 1000);
  const auto scale = random({2, 2}).abs() + 0.1;
  const auto spread =
      scale.repeat_interleave(128, 0).repeat_interleave(128, 1).slice(0, 0, 130).slice(1, 0, 200);
  CHECK(at::equal(at_rest({{"layer.weight", codes}, {"layer.weight_scale", scale}}),
                  bf16(codes.to(at::kFloat) * spread)));
}

TEST_CASE("mixed files are normal; the store hides what accompanies others and gives the codes") {
  auto tensors = stored(kWide, random({64, 16}), as(Format::Nvfp4));
  tensors.merge(stored(kTall, random({16, 64}), as(Format::Int8)));
  tensors[kTall + ".bias"] = at::ones({16});
  tensors[kSquare + ".weight"] = at::eye(32, at::kBFloat16);
  tensors["scaled_fp8"] = at::zeros({1}).to(at::kFloat8_e4m3fn);
  const auto layers = detect(tensors);
  CHECK(layers->policy() == "mixed");
  CHECK(layers->counts() == std::map<std::string, int64_t>{{"int8", 1}, {"nvfp4", 1}, {"unquantized", 1}});
  const QuantizedStore store(layers);
  CHECK(store.names() ==
        std::vector<std::string>{kSquare + ".weight", kWide + ".weight", kTall + ".bias", kTall + ".weight"});
  CHECK(store.find(kWide + ".weight_scale") == nullptr);
  CHECK(store.find(kWide + ".weight")->format == Format::Nvfp4);
  CHECK(store.find(kWide + ".weight")->bytes == 64 * 8 + 128 * 4 + 4 + 18);  // with the marker's text
  CHECK(store.find(kSquare + ".weight")->format == Format::Unquantized);
  const auto parts = store.parts(kTall + ".weight");
  REQUIRE(parts.stored.has_value());
  CHECK(!parts.values.defined());
  CHECK(parts.stored->matrix.format == Format::Int8);
  CHECK(parts.stored->matrix.codes.sizes() == at::IntArrayRef({16, 64}));
  CHECK(!store.parts(kSquare + ".weight").stored);
  CHECK(at::equal(store.parts(kSquare + ".weight").values, tensors[kSquare + ".weight"]));
  CHECK(store.stored_layers() == layers.get());
}

TEST_CASE("weights stored [K, N] are turned, square ones with the others") {
  const auto wide = e4m3(random({64, 16}) * 1000), square = e4m3(random({32, 32}) * 1000);
  const auto scale = random({64}).abs() + 0.1;
  const auto turned = [](const at::Tensor& t) {
    return t.view(at::kByte).t().contiguous().view(at::kFloat8_e4m3fn);
  };
  const Tensors straight{
      {kWide + ".weight", wide}, {kWide + ".weight_scale", scale}, {kSquare + ".weight", square}};
  const Tensors other{{kWide + ".weight", turned(wide)},
                      {kWide + ".weight_scale", scale},
                      {kSquare + ".weight", turned(square)}};
  for (const auto& layer : {kWide, kSquare}) CHECK(at::equal(read(straight, layer), read(other, layer)));
  CHECK(attributes(straight, kWide)["layout"] == "NK");
  CHECK(attributes(other, kWide)["layout"] == "KN");
  CHECK(attributes(other, kSquare)["layout"] == "KN");
  const auto matrix = detect(other)->read(*detect(other)->find(kWide)).matrix;
  CHECK(matrix.codes.is_contiguous());
  CHECK(at::equal(matrix.codes.view(at::kByte), wide.view(at::kByte)));

  // What the config does not name is turned if its scale shows that it is a layer; a table is none.
  const auto table = e4m3(random({24, 8}) * 1000);
  auto beside = other;
  beside["embed_tokens.weight"] = table;
  beside["other.weight"] = turned(table);
  beside["other.weight_scale"] = at::ones({});
  for (const auto* name : {"embed_tokens", "other"})
    CHECK(at::equal(read(beside, name), table.to(at::kBFloat16)));

  // Nothing to go by: as PyTorch has it.
  const auto alone = read({{kSquare + ".weight", square}}, kSquare);
  CHECK(at::equal(alone, square.to(at::kBFloat16)));
  // Without a config every file is [N, K].
  CHECK(read({{kWide + ".weight", turned(wide)}}, kWide, {}).sizes() == at::IntArrayRef({16, 64}));

  refuses(Status::Quant, {kWide, kTall, "[N, K]", "[K, N]"},
          {{kWide + ".weight", wide}, {kTall + ".weight", wide}, {kWide + ".weight_scale", at::ones({})}});
  refuses(Status::TensorMismatch, {kWide + ".weight_scale", "F32 [16]", "[64]"},
          {{kWide + ".weight", turned(wide)}, {kWide + ".weight_scale", at::ones({16})}});
  refuses(Status::TensorMismatch, {kWide + ".weight", "[64, 16] or its transpose", "found [64, 8]"},
          {{kWide + ".weight", e4m3(random({64, 8}))}});
  refuses(Status::Quant, {kWide + ".weight", "unknown quantized layer", "I8 [64, 16]"},
          {{kWide + ".weight", random({16, 64}).to(at::kChar)}, {kWide + ".weight_scale", at::ones({})}});
}

TEST_CASE("scales that no encoder writes are refused with their key") {
  const auto codes = e4m3(random({64, 16}));
  const auto W = kWide + ".weight", S = kWide + ".weight_scale";
  for (const float bad : {NAN, INFINITY, 0.F, -1.F}) {
    CAPTURE(bad);
    refuses(Status::Quant, {S}, {{W, codes}, {S, at::full({}, bad)}});
    auto rows = at::ones({64});
    rows[7] = bad;
    refuses(Status::Quant, {S, "element 7", "1 such"}, {{W, codes}, {S, rows}});
    refuses(Status::Quant, {S}, {{W, codes}, {S, at::full({1, 1}, bad)}});
    refuses(Status::Quant, {S}, {{W, codes.view(at::kChar)}, {S, rows}});
    refuses(Status::Quant, {kWide + ".bias_scale"},
            {{kWide + ".bias", codes.select(1, 0)}, {kWide + ".bias_scale", at::full({}, bad)}});
    auto nvfp4 = stored(kWide, random({64, 16}), as(Format::Nvfp4));
    nvfp4[S + "_2"] = at::full({}, bad);
    refuses(Status::Quant, {S + "_2"}, nvfp4);
  }
  auto mxfp8 = stored(kTall, random({16, 64}), as(Format::Mxfp8));
  mxfp8[kTall + ".weight_scale"][0][0] = 255;
  refuses(Status::Quant, {kTall + ".weight_scale", "NaN", "0xFF"}, mxfp8);
  for (const int bad : {0x7F, 0xFF, 0x81}) {
    auto nvfp4 = stored(kWide, random({64, 16}), as(Format::Nvfp4));
    nvfp4[S].view(at::kByte)[0][0] = bad;
    refuses(Status::Quant, {S, bad == 0x81 ? "a sign" : "NaN"}, nvfp4);
  }
  auto int4 = stored(kTall, random({16, 64}), [] {
    auto encoding = as(Format::Int4);
    encoding.group_size = 32;
    return encoding;
  }());
  int4[kTall + ".weight_zero"] = at::full({16, 2}, NAN, at::kBFloat16);
  refuses(Status::Quant, {kTall + ".weight_zero"}, int4);
  auto nf4 = stored(kTall, random({16, 64}), as(Format::Nf4));
  nf4[kTall + ".weight.absmax"] = at::full({16}, -1.F);
  refuses(Status::Quant, {kTall + ".weight.absmax"}, nf4);

  // A tensor of zeros has scales of zero.
  const auto zeros = stored(kWide, at::zeros({64, 16}), as(Format::Nvfp4));
  CHECK(zeros.at(S + "_2").item<float>() == 0);
  CHECK(at::equal(read(zeros, kWide), at::zeros({64, 16}, at::kBFloat16)));
}

TEST_CASE("nvfp4 whose columns fill blocks of 16 up: cut when it is read, written with the same padding") {
  json config = kConfig;
  config["attention_head_dim"] = 20;  // attn1.to_q is [40, 40]
  StoredHints with;
  with.shapes = LinearShapes(config);
  const auto w = random({40, 40});
  const auto padded = at::constant_pad_nd(w, {0, 8, 0, 8});
  const auto tensors = stored(kSquare, padded, as(Format::Nvfp4));
  CHECK(tensors.at(kSquare + ".weight").sizes() == at::IntArrayRef({48, 24}));
  const auto values = read(tensors, kSquare, with);
  CHECK(values.sizes() == at::IntArrayRef({40, 40}));
  CHECK(at::equal(values, formats::decode(formats::encode(padded, as(Format::Nvfp4)), at::kBFloat16)
                              .narrow(0, 0, 40)
                              .narrow(1, 0, 40)));

  const auto layers = detect(tensors, with);
  const auto matrix = layers->read(*layers->find(kSquare));
  CHECK(look_of(matrix) == look_of(*layers, *layers->find(kSquare)));
  Tensors again;
  for (auto& [name, tensor] : stored_tensors(kSquare, matrix)) again[name] = tensor;
  CHECK(again.at(kSquare + ".weight").sizes() == at::IntArrayRef({40, 24}));
  CHECK(at::equal(read(again, kSquare, with), values));

  // 40 columns by themselves are two and a half blocks.
  refuses(Status::TensorMismatch, {kSquare + ".weight", "multiple of 16 columns for nvfp4, found 40"},
          {{kSquare + ".weight", at::zeros({40, 20}, at::kByte)},
           {kSquare + ".weight_scale", at::ones({40, 3}).to(at::kFloat8_e4m3fn)},
           {kSquare + ".weight_scale_2", at::ones({})}},
          with);
}

TEST_CASE("int8 stored [K, N] is refused with the shape that is expected: no published file has it") {
  const auto W = kTall + ".weight";
  const auto codes = (random({64, 16}) * 1000).to(at::kChar);
  for (const auto& scale : {at::full({}, 0.01), at::full({16}, 0.01), at::full({64, 1}, 0.01)})
    refuses(Status::Quant, {kTall, "expected I8 [16, 64]", "I8 [64, 16]"},
            {{W, codes}, {kTall + ".weight_scale", scale}});
}

TEST_CASE("scales and weights of wrong shapes are refused with both shapes") {
  const auto W = kWide + ".weight", S = kWide + ".weight_scale";
  const auto codes = e4m3(random({64, 16}));
  refuses(Status::TensorMismatch, {S, "[64]", "F32 [3]"}, {{W, codes}, {S, at::ones({3})}});
  refuses(Status::TensorMismatch, {S, "F32 [1, 64]"}, {{W, codes}, {S, at::ones({1, 64})}});
  refuses(Status::TensorMismatch, {S, "one value"},
          {{W, random({64, 16}).to(at::kFloat8_e5m2)}, {S, at::ones({64})}});
  refuses(Status::TensorMismatch, {S, "[1, 1]"}, {{W, codes}, {kWide + ".weight_scale_inv", at::ones({64})}});
  refuses(Status::TensorMismatch, {S, "[64, 1] linear or [128, 4] swizzled", "U8 [64, 2]"},
          {{W, e4m3(random({64, 32}))}, {S, at::full({64, 2}, 100, at::kByte)}});
  refuses(Status::TensorMismatch, {W, "padded to multiples of 16", "[60, 16]"},
          {{W, at::zeros({60, 8}, at::kByte)},
           {S, at::ones({60, 1}).to(at::kFloat8_e4m3fn)},
           {S + "_2", at::ones({})}});
  refuses(Status::TensorMismatch, {S + "_2", "one value"},
          {{W, at::zeros({64, 8}, at::kByte)},
           {S, at::ones({64, 1}).to(at::kFloat8_e4m3fn)},
           {S + "_2", at::ones({2})}});
  refuses(Status::TensorMismatch, {"multiple of 16 columns", "24"},
          {{"layer.weight", at::zeros({16, 12}, at::kByte)},
           {"layer.weight_scale", at::ones({16, 2}).to(at::kFloat8_e4m3fn)},
           {"layer.weight_scale_2", at::ones({})}});
  refuses(
      Status::TensorMismatch, {"multiple of 32 columns"},
      {{"layer.weight", e4m3(random({16, 40}))}, {"layer.weight_scale", at::full({16, 2}, 100, at::kByte)}});
  refuses(Status::TensorMismatch, {kTall + ".weight_scale", "[16, K/group]"},
          {{kTall + ".weight", at::zeros({16, 32}, at::kByte)},
           {kTall + ".weight_scale", at::ones({16, 3}, at::kBFloat16)}});
  for (const int64_t groups : {1, 2, 4, 8, 16}) {
    const Tensors grouped{{"layer.weight", at::zeros({16, 128}, at::kByte)},
                          {"layer.weight_scale", at::ones({16, groups}, at::kBFloat16)}};
    if (256 / groups >= 32) {
      CHECK(detect(grouped)->find("layer")->format == Format::Int4);
    } else {
      refuses(Status::TensorMismatch, {"layer.weight_scale", "32, 64, 128 or 256", "thus 16"}, grouped);
    }
  }
  refuses(Status::TensorMismatch, {"layer.weight_scale", "thus 96"},
          {{"layer.weight", at::zeros({16, 96}, at::kByte)},
           {"layer.weight_scale", at::ones({16, 2}, at::kBFloat16)}});
  refuses(Status::TensorMismatch, {kTall + ".weight_zero", "BF16 [16, 2]"},
          {{kTall + ".weight", at::zeros({16, 32}, at::kByte)},
           {kTall + ".weight_scale", at::ones({16, 2}, at::kBFloat16)},
           {kTall + ".weight_zero", at::ones({16, 1}, at::kBFloat16)}});
  refuses(Status::TensorMismatch, {"multiples of 128", "[64, 128]"},
          {{"layer.weight", at::zeros({64, 96}, at::kByte)}, {"layer.weight_scale", at::ones({1, 1})}});
  refuses(Status::TensorMismatch, {kWide + ".input_scale", "one value"},
          {{W, codes}, {S, at::ones({})}, {kWide + ".input_scale", at::ones({2})}});
  refuses(Status::TensorMismatch, {kWide + ".pre_quant_scale", "[16]"},
          {{W, codes}, {S, at::ones({})}, {kWide + ".pre_quant_scale", at::ones({64})}});
  auto nf4 = stored(kTall, random({16, 64}), as(Format::Nf4));
  nf4[kTall + ".weight"] = at::zeros({511, 1}, at::kByte);
  refuses(Status::TensorMismatch, {kTall + ".weight", "[512, 1]", "[511, 1]"}, nf4);
  refuses(Status::Quant, {"unknown quantized layer"},
          {{W, at::zeros({64, 0}, at::kByte)}, {S, at::ones({})}});
}

TEST_CASE("incomplete sets and orphans are refused") {
  const auto W = kWide + ".weight", S = kWide + ".weight_scale";
  const auto codes = e4m3(random({64, 16}));
  for (const std::string orphan :
       {".weight_scale", ".weight_scale_2", ".input_scale", ".scale_weight", ".comfy_quant", ".weight.absmax",
        ".weight_zero", ".pre_quant_scale", ".torchao_nvfp4"})
    refuses(Status::TensorMissing, {kWide + orphan, "'" + W + "'"}, {{kWide + orphan, at::ones({1})}});
  refuses(Status::TensorMissing, {kWide + ".bias_scale", kWide + ".bias'"},
          {{kWide + ".bias_scale", at::ones({})}});
  refuses(Status::Quant, {"unknown quantized layer", "'" + S + "'"},
          {{W, at::zeros({64, 8}, at::kByte)}, {S, at::ones({64, 1}).to(at::kFloat8_e4m3fn)}});
  refuses(Status::Quant, {"unknown quantized layer", "no scale"}, {{W, at::zeros({64, 8}, at::kByte)}});
  refuses(Status::Quant, {"unknown quantized layer", "no scale"}, {{W, at::zeros({64, 16}, at::kChar)}});
  refuses(Status::Quant, {"unknown quantized layer", W, "I8 [64, 8]", "bf16 file"},
          {{W, at::zeros({64, 8}, at::kChar)}, {S, at::ones({64, 1})}});
  refuses(Status::Quant, {"unknown quantized layer", "'" + S + "' F32 []"},
          {{W, at::ones({64, 16})}, {S, at::ones({})}});
  refuses(Status::Quant, {"unknown quantized layer", "weight_global_scale"},
          {{W, at::zeros({64, 8}, at::kByte)},
           {S, at::ones({64, 1}).to(at::kFloat8_e4m3fn)},
           {kWide + ".weight_global_scale", at::ones({})}});
  refuses(Status::Quant, {"one weight_scale", S},
          {{W, codes}, {S, at::ones({})}, {kWide + ".scale_weight", at::ones({})}});
  refuses(Status::Quant, {kWide + ".bias_scale", "no scale beside"},
          {{kWide + ".bias", at::ones({64})}, {kWide + ".bias_scale", at::ones({})}});
  auto nf4 = stored(kTall, random({16, 64}), as(Format::Nf4));
  nf4.erase(kTall + ".weight.quant_map");
  refuses(Status::TensorMissing, {kTall + ".weight.quant_map"}, nf4);
  // A parameter that merely ends alike is a parameter.
  CHECK(detect({{"tower.per_dim_scale", at::ones({4})}})->any() == false);

  const auto beside = detect({{W, at::ones({64, 16})}, {kWide + ".input_scale", at::ones({})}});
  REQUIRE(beside->warnings().size() == 1);
  CHECK(beside->warnings()[0].find(kWide + ".input_scale") != std::string::npos);
  CHECK(QuantizedStore(beside).names() == std::vector<std::string>{W});
}

TEST_CASE("words about a layer: what they add, and what they must not contradict") {
  const auto W = kTall + ".weight", S = kTall + ".weight_scale", Q = kTall + ".comfy_quant";
  const auto int8 = (random({16, 64}) * 500).to(at::kChar);
  const auto scale = random({16, 1}).abs() + 0.1;
  const auto with = [&](const std::string& text) {
    return Tensors{{W, int8}, {S, scale}, {Q, bytes_of(text)}};
  };
  const auto rotated = formats::rotate(int8.to(at::kFloat) * scale, 16);
  for (const auto* text :
       {R"({"format":"int8_tensorwise","convrot":true,"convrot_groupsize":16})",
        R"({"format":"int8_tensorwise","params":{"convrot":true,"convrot_groupsize":16}})"}) {
    CHECK(attributes(with(text), kTall)["convrot"] == 16);
    CHECK(relative_l2(read(with(text), kTall), rotated) < 0.003);
  }
  CHECK(at::equal(read(with(std::string(8, '\0')), kTall), bf16(int8.to(at::kFloat) * scale)));
  CHECK(at::equal(read(with(R"({"format":"int8"})"), kTall), bf16(int8.to(at::kFloat) * scale)));
  refuses(Status::TensorMismatch, {"rotation", "256"},
          with(R"({"format":"int8_tensorwise","convrot":true})"));
  refuses(Status::Quant, {"convrot_groupsize", "power of 4", "32"},
          with(R"({"format":"int8_tensorwise","convrot":true,"convrot_groupsize":32})"));
  refuses(Status::Quant, {Q, "nvfp4", "contradicts", "int8"}, with(R"({"format":"nvfp4"})"));
  refuses(Status::Quant, {Q, "awq_w4a16", "not supported"}, with(R"({"format":"awq_w4a16"})"));
  refuses(Status::Quant, {Q, "not JSON"}, with("{format"));
  refuses(Status::Quant, {Q, "format", "nothing"}, with("{}"));
  refuses(Status::Quant, {Q, "JSON object", "[]"}, with("[]"));
  refuses(Status::Quant, {Q, "true or false"}, with(R"({"format":"int8_tensorwise","convrot":1})"));
  refuses(Status::Quant, {Q, "bytes of a JSON text"}, {{W, int8}, {S, scale}, {Q, at::ones({1})}});
  refuses(Status::Quant, {Q, "contradicts", "unquantized"},
          {{W, random({16, 64})}, {Q, bytes_of(R"({"format":"int8_tensorwise"})")}});
  refuses(Status::Quant, {Q, "'float8_e4m3fn' contradicts", "fp8-unscaled"},
          {{W, e4m3(random({16, 64}))}, {Q, bytes_of(R"({"format":"float8_e4m3fn"})")}});

  auto listed = hints();
  listed.metadata[kTall] =
      parse_marker(R"({"format":"int8_tensorwise","convrot":true,"convrot_groupsize":16})", "meta");
  CHECK(relative_l2(read({{W, int8}, {S, scale}}, kTall, listed), rotated) < 0.003);
  refuses(Status::Quant, {Q, "contradicts meta"}, with(R"({"format":"int8_tensorwise"})"), listed);
  refuses(Status::Quant, {"meta", "contradicts", "unquantized"}, {{W, random({16, 64})}}, listed);
  CHECK(detect({{kWide + ".weight", random({64, 16})}}, listed)->warnings().size() == 1);

  const auto precise =
      detect({{W, e4m3(random({16, 64}))},
              {S, at::ones({})},
              {Q, bytes_of(R"({"format":"float8_e4m3fn","full_precision_matrix_mult":true})")}});
  CHECK(precise->find(kTall)->full_precision_matmul);
  CHECK(precise->read(*precise->find(kTall)).full_precision_matmul);
}

TEST_CASE("NVFP4 of each producer decodes to the same weights") {
  const auto w = random({40, 48});
  const auto matrix = formats::encode(w, as(Format::Nvfp4));
  const auto expected = formats::decode(matrix, at::kBFloat16);
  const auto low = matrix.codes.bitwise_left_shift(4).bitwise_or(matrix.codes.bitwise_right_shift(4));
  const auto scale = matrix.scale.view(at::kFloat8_e4m3fn);
  const auto swizzled = formats::swizzle_scales(scale);
  const auto layer = [&](const at::Tensor& codes, const at::Tensor& scales, const std::string& torchao = "") {
    Tensors tensors{{"l.weight", codes}, {"l.weight_scale", scales}, {"l.weight_scale_2", matrix.scale_2}};
    if (!torchao.empty()) tensors["l.torchao_nvfp4"] = bytes_of(torchao);
    return tensors;
  };
  CHECK(at::equal(read(layer(matrix.codes, swizzled), "l"), expected));
  CHECK(at::equal(read(layer(matrix.codes, scale), "l"), expected));  // linear: no swizzled array has 40 rows
  CHECK(at::equal(read(layer(low, scale, R"({"is_swizzled_scales":false})"), "l"), expected));
  CHECK(at::equal(read(layer(low, swizzled, R"({"is_swizzled_scales":true})"), "l"), expected));
  CHECK(at::equal(
      read(layer(low, swizzled.view(at::kByte).view({32, 16}), R"({"is_swizzled_scales":true})"), "l"),
      expected));
  // Rows padded beyond the next multiple of 128.
  CHECK(at::equal(
      read(layer(matrix.codes, at::cat({swizzled.view(at::kByte), at::zeros({128, 4}, at::kByte)})), "l"),
      expected));
  refuses(Status::Quant, {"l.weight_scale", "linear", "[128, 4]"},
          layer(low, swizzled, R"({"is_swizzled_scales":false})"));
  refuses(Status::Quant, {"l.weight_scale", "swizzled", "[40, 3]"},
          layer(low, scale, R"({"is_swizzled_scales":true})"));
  refuses(Status::TensorMismatch, {"l.weight_scale", "U8 [32, 16]"},
          layer(low, swizzled.view(at::kByte).view({32, 16})));

  // Where both readings fit, only the caller knows.
  const auto big = random({128, 64});
  const auto both = formats::encode(big, as(Format::Nvfp4));
  auto overridden = hints();
  const Tensors linear{
      {"l.weight", both.codes}, {"l.weight_scale", both.scale}, {"l.weight_scale_2", both.scale_2}};
  CHECK(relative_l2(read(linear, "l"), big) > 0.2);
  overridden.overrides.scale_layout = ScaleLayout::Linear;
  CHECK(relative_l2(read(linear, "l", overridden), big) < 0.12);
  overridden.overrides.nibble = NibbleOrder::Low;
  CHECK(attributes(linear, "l", overridden) ==
        json{{"format", "nvfp4"}, {"nibble", "lo"}, {"scale_layout", "linear"}, {"input_scale", false}});
  CHECK(relative_l2(read(linear, "l", overridden), big) > 1);
}

TEST_CASE("padding is cut") {
  // A gate: 2 rows in a file that pads to 16; K = 32 has two block columns of four.
  const std::string gate = "transformer_blocks.0.attn1.to_gate_logits";
  const auto padded = at::cat({random({2, 32}), at::full({14, 32}, 100.F)});
  const auto tensors = stored(gate, padded, as(Format::Nvfp4));
  const auto store = QuantizedStore(detect(tensors));
  CHECK(store.find(gate + ".weight")->shape == std::vector<int64_t>{2, 32});
  CHECK(
      at::equal(store.read(gate + ".weight"),
                formats::decode(formats::encode(padded, as(Format::Nvfp4)), at::kBFloat16).narrow(0, 0, 2)));
  const auto codes = store.parts(gate + ".weight").stored->matrix;
  CHECK(codes.codes.sizes() == at::IntArrayRef({2, 16}));
  CHECK(codes.scale.sizes() == at::IntArrayRef({2, 2}));

  // MXFP8: K = 16 is padded to 32; what lies there does not count, whatever it is.
  const auto w = random({64, 16});
  auto mxfp8 = stored(kWide, w, as(Format::Mxfp8));
  mxfp8[kWide + ".weight"].view(at::kByte).narrow(1, 16, 16).fill_(0x40);
  const auto matrix = QuantizedStore(detect(mxfp8)).parts(kWide + ".weight").stored->matrix;
  CHECK(matrix.columns == 16);
  CHECK(matrix.codes.sizes() == at::IntArrayRef({64, 32}));
  CHECK(at::equal(matrix.codes.view(at::kByte).narrow(1, 16, 16), at::zeros({64, 16}, at::kByte)));
  CHECK(at::equal(read(mxfp8, kWide), formats::decode(formats::encode(w, as(Format::Mxfp8)), at::kBFloat16)));
}

TEST_CASE("nf4: tables of the file, double quantization") {
  const auto w = random({16, 64});
  auto tensors = stored(kTall, w, as(Format::Nf4));
  tensors[kTall + ".weight.quant_map"].mul_(0.5);
  CHECK(relative_l2(read(tensors, kTall), formats::decode(formats::encode(w, as(Format::Nf4))) * 0.5F) <
        0.003);

  const auto absmax = tensors[kTall + ".weight.absmax"];
  const auto mean = absmax.mean().item<float>();
  const auto widest = (absmax - mean).abs().max().item<float>();
  const auto table = at::linspace(-1, 1, 256);
  tensors[kTall + ".weight.absmax"] = (((absmax - mean) / widest + 1) * 127.5F).round().to(at::kByte);
  tensors[kTall + ".weight.nested_absmax"] = at::full({1}, widest);
  tensors[kTall + ".weight.nested_quant_map"] = table;
  tensors[kTall + ".weight.quant_state.bitsandbytes__nf4"] = bytes_of(
      json{{"quant_type", "nf4"}, {"blocksize", 64}, {"shape", {16, 64}}, {"nested_offset", mean}}.dump());
  CHECK(relative_l2(read(tensors, kTall), formats::decode(formats::encode(w, as(Format::Nf4))) * 0.5F) <
        0.01);
  auto wrong = tensors;
  wrong.erase(kTall + ".weight.nested_absmax");
  refuses(Status::TensorMissing, {"nested_absmax"}, wrong);
  for (const auto& [text, part] : std::map<std::string, std::string>{
           {R"({"quant_type":"fp4","shape":[16,64]})", "quant_type"},
           {R"({"quant_type":"nf4","shape":[16]})", "shape"},
           {R"({"quant_type":"nf4","shape":[-16,64]})", "shape"},
           {R"({"quant_type":"nf4","shape":[1e300,64]})", "shape"},
           {R"({"quant_type":"nf4","shape":[16,64],"blocksize":0})", "blocksize"},
           {R"({"quant_type":"nf4","shape":[16,64],"nested_offset":"x"})", "nested_offset"},
           {R"({"quant_type":"nf4","shape":[16,64],"nested_offset":-1e39})", "a number that F32 holds"}}) {
    wrong = tensors;
    wrong[kTall + ".weight.quant_state.bitsandbytes__nf4"] = bytes_of(text);
    refuses(Status::Quant, {"quant_state", part}, wrong);
  }
  // Each part is finite, their sum is not.
  wrong = tensors;
  wrong[kTall + ".weight.nested_absmax"] = at::full({1}, 3e38);
  wrong[kTall + ".weight.nested_quant_map"] = at::ones({256});
  wrong[kTall + ".weight.quant_state.bitsandbytes__nf4"] =
      bytes_of(R"({"quant_type":"nf4","shape":[16,64],"nested_offset":3e38})");
  refuses(Status::Quant, {kTall + ".weight.absmax", "finite block maxima", "nested_absmax"}, wrong);
  // A nested block that no memory holds is one block.
  wrong = tensors;
  wrong[kTall + ".weight.quant_state.bitsandbytes__nf4"] = bytes_of(json{
      {"quant_type", "nf4"},
      {"shape", {16, 64}},
      {"nested_offset", mean},
      {"nested_blocksize", 1LL << 31}}.dump());
  CHECK(at::equal(read(wrong, kTall), read(tensors, kTall)));
  wrong = tensors;
  wrong[kTall + ".weight.quant_state.bitsandbytes__nf4"] =
      bytes_of(R"({"quant_type":"nf4","shape":[32,32]})");
  refuses(Status::TensorMismatch, {kTall + ".weight", "[16, 64]", "[32, 32]"}, wrong);
}

TEST_CASE("fp8 tensors that are no layer's weight become bf16") {
  const auto table = e4m3(random({9, 32}) * 100), bias = e4m3(random({64}) * 100),
             norm = e4m3(random({32}) * 100);
  const auto conv = e4m3(random({4, 3, 3}) * 100);
  const Tensors tensors{{"table", table},
                        {"table_scale", at::full({}, 0.01F)},
                        {"by_row", table},
                        {"by_row_scale", at::arange(1, 10).to(at::kFloat)},
                        {"keyframes", table},
                        {kWide + ".bias", bias},
                        {kWide + ".bias_scale", at::full({1}, 0.5, at::kBFloat16)},
                        {"norm.weight", norm},
                        {"norm.weight_scale", at::full({}, 2.F)},
                        {"conv.weight", conv},
                        {"conv.scale_weight", at::full({}, 2.F)},
                        {"conv2.weight", conv},
                        {"conv2.weight_scale_inv", at::full({1}, 0.25F)}};
  const auto layers = detect(tensors);
  CHECK(layers->policy() == "none");
  const QuantizedStore store(layers);
  const auto check = [&](const std::string& name, const at::Tensor& values) {
    CAPTURE(name);
    CHECK(store.find(name)->dtype == "BF16");
    CHECK(store.find(name)->format == Format::Unquantized);
    CHECK(at::equal(store.read(name), bf16(values)));
    CHECK(at::equal(store.parts(name).values, bf16(values)));
  };
  check("table", table.to(at::kFloat) * 0.01F);
  check("by_row", table.to(at::kFloat) * at::arange(1, 10).to(at::kFloat).unsqueeze(1));
  check("keyframes", table);
  check(kWide + ".bias", bias.to(at::kFloat) * 0.5F);
  check("norm.weight", norm.to(at::kFloat) * 2);
  check("conv.weight", conv.to(at::kFloat) * 2);
  check("conv2.weight", conv.to(at::kFloat) * 0.25F);
  CHECK(store.names().size() == 7);
  refuses(Status::TensorMismatch, {"conv2.weight_scale_inv", "expected one value, found F32 [4]"},
          {{"conv2.weight", conv}, {"conv2.weight_scale_inv", at::ones({4})}});
  refuses(Status::TensorMismatch, {"table_scale", "one value or [9]", "F32 [32]"},
          {{"table", table}, {"table_scale", at::ones({32})}});
  refuses(Status::TensorMismatch, {"table_scale", "U8"},
          {{"table", table}, {"table_scale", at::ones({}, at::kByte)}});
  refuses(Status::Quant, {"unknown quantized layer", "norm.weight"},
          {{"norm.weight", norm}, {"norm.pre_quant_scale", at::ones({32})}});
}

TEST_CASE("a scale of the activations is handed on, one before them is folded where they stay as they are") {
  auto tensors = stored(kTall, random({16, 64}), as(Format::Nvfp4));
  const auto plain = formats::decode(detect(tensors)->read(*detect(tensors)->find(kTall)).matrix);
  const auto pre = bf16(random({64}).abs() + 0.5);
  tensors[kTall + ".pre_quant_scale"] = pre;
  tensors[kTall + ".input_scale"] = at::full({1}, 0.125, at::kHalf);
  const auto layers = detect(tensors);
  const auto stored = layers->read(*layers->find(kTall));
  CHECK(stored.input_scale.dim() == 0);
  CHECK((stored.input_scale.scalar_type() == at::kFloat));
  CHECK(stored.input_scale.item<float>() == 0.125F);
  CHECK(at::equal(stored.pre_quant_scale, pre));
  CHECK(attributes(tensors, kTall)["input_scale"] == true);
  CHECK(at::equal(layers->dequantize(*layers->find(kTall)), bf16(plain * pre.to(at::kFloat))));
}

TEST_CASE("int8 convolutions, and rotated tables that are decoded some rows at a time") {
  const auto codes = (random({64, 64, 3, 3, 3}) * 500).to(at::kChar);
  const auto scale = random({64}).abs() + 0.1;
  const auto store = QuantizedStore(detect({{"conv.weight", codes}, {"conv.weight_scale", scale}}));
  CHECK(store.find("conv.weight")->shape == codes.sizes().vec());
  CHECK(store.find("conv.weight")->format == Format::Int8);
  CHECK(at::equal(store.read("conv.weight"), bf16(codes.to(at::kFloat) * scale.view({64, 1, 1, 1, 1}))));
  CHECK(store.parts("conv.weight").stored->matrix.codes.sizes() == at::IntArrayRef({64, 64 * 27}));

  const auto table = at::arange(9 << 21).mul(7).remainder(251).sub(125).to(at::kChar).view({-1, 64});
  const auto rows = at::full({table.size(0), 1}, 0.5F);
  const Tensors tensors{{"embed_tokens.weight", table},
                        {"embed_tokens.weight_scale", rows},
                        {"embed_tokens.comfy_quant",
                         bytes_of(R"({"format":"int8_tensorwise","convrot":true,"convrot_groupsize":64})")}};
  const auto values = read(tensors, "embed_tokens");
  for (const int64_t row : {int64_t{0}, table.size(0) / 2, table.size(0) - 1})
    CHECK(relative_l2(values[row], formats::rotate(table.narrow(0, row, 1).to(at::kFloat) * 0.5F, 64)[0]) <
          0.003);
}

TEST_CASE("two files of one model agree as far as their formats let them") {
  const auto w = random({256, 256}, 4);
  const auto fp8 = detect(stored("l", w, as(Format::Fp8PerRow)), {});
  auto nvfp4 = stored("l", w, as(Format::Nvfp4));
  const auto good = compare_layer(*detect(nvfp4, {}), *fp8, "l");
  CHECK(good.same);
  CHECK(good.correlation > 0.99);
  StoredHints low;
  low.overrides.nibble = NibbleOrder::Low;
  nvfp4.erase("l.comfy_quant");
  const auto bad = compare_layer(*detect(nvfp4, low), *fp8, "l");
  CHECK(!bad.same);
  CHECK(bad.relative_l2 > 1);
  check_error(Status::TensorMissing, {"'k'"}, [&] { compare_layer(*fp8, *fp8, "k"); });
  check_error(Status::TensorMismatch, {"'l'"}, [&] {
    compare_layer(*detect({{"l.weight", at::ones({2, 2})}}, {}), *fp8, "l");
  });
}

TEST_CASE("shapes of layers follow from the config") {
  const LinearShapes shapes(kConfig);
  const auto is = [&](const char* layer, int64_t rows, int64_t columns) {
    CAPTURE(layer);
    CHECK(shapes.find(layer) == LinearShape{rows, columns});
  };
  is("transformer_blocks.0.attn1.to_q", 32, 32);
  is("transformer_blocks.47.ff.net.0.proj", 128, 32);
  is("transformer_blocks.1.audio_to_video_attn.to_q", 16, 32);
  is("transformer_blocks.1.audio_to_video_attn.to_k", 16, 16);
  is("transformer_blocks.1.audio_to_video_attn.to_out.0", 32, 16);
  is("transformer_blocks.1.audio_to_video_attn.to_gate_logits", 2, 32);
  is("transformer_blocks.1.video_to_audio_attn.to_v", 16, 32);
  is("transformer_blocks.1.video_to_audio_attn.to_gate_logits", 2, 16);
  is("patchify_proj", 32, 128);
  is("audio_proj_out", 128, 16);
  is("adaln_single.emb.timestep_embedder.linear_1", 32, 256);
  is("adaln_single.linear", 192, 32);
  is("video_connector.transformer_1d_blocks.0.attn1.to_q", 3840, 3840);
  is("audio_embeddings_connector.transformer_1d_blocks.0.ff.net.2", 3840, 15360);
  for (const auto* unknown : {"transformer_blocks.attn1.to_q", "transformer_blocks.0.norm", "attn1.to_q", "",
                              "transformer_blocks.0.", "transformer_blocks.", "video_connector.attn1.to_q"})
    CHECK(!shapes.find(unknown));
  CHECK(!LinearShapes(json{{"num_attention_heads", "many"}}).find("transformer_blocks.0.attn1.to_q"));
  CHECK(!LinearShapes(json{{"num_attention_heads", 1e300}}).find("transformer_blocks.0.attn1.to_q"));
  CHECK(!LinearShapes(json::array()).find("transformer_blocks.0.attn1.to_q"));
  CHECK(LinearShapes(json::object()).find("transformer_blocks.0.attn1.to_q") == LinearShape{4096, 4096});
}

TEST_CASE("checkpoints: components open through their formats, plain files as they are") {
  const Folder folder;
  const std::string prefix = "model.diffusion_model.";
  const auto save = [&](const char* name, const Tensors& tensors,
                        std::map<std::string, std::string> metadata = {}) {
    metadata["config"] = json{{"transformer", kConfig}}.dump();
    Tensors named;
    for (const auto& [key, tensor] : tensors) named[prefix + key] = tensor;
    save_tensors((folder / name).string(), named, metadata);
    return folder / name;
  };
  const auto codes = e4m3(random({16, 64}) * 1000);
  const Tensors plain{{kWide + ".weight", random({64, 16})}};
  const auto view = Checkpoint(save("plain.safetensors", plain)).open(Component::Transformer).view;
  CHECK(dynamic_cast<const FileStore*>(&view.store()) != nullptr);
  CHECK(view.store().stored_layers() == nullptr);
  CHECK(view.is_mapped(kWide + ".weight"));

  Tensors official{{kTall + ".weight", codes},
                   {kTall + ".weight_scale", at::full({}, 0.001F)},
                   {kTall + ".input_scale", at::full({}, 0.02F)},
                   {"transformer_blocks.0._orig_mod.attn1.to_q.weight", at::ones({32, 32}, at::kBFloat16)},
                   {"video_embeddings_connector.learnable_registers", codes},
                   {"video_embeddings_connector.learnable_registers_scale", at::full({}, 0.5F)},
                   {"scaled_fp8", at::zeros({2}).to(at::kFloat8_e4m3fn)}};
  const auto entry = [&](const std::string& layer) {
    return std::map<std::string, std::string>{
        {"_quantization_metadata",
         json{{"format_version", "1.0"}, {"layers", {{layer, {{"format", "float8_e4m3fn"}}}}}}.dump()}};
  };
  const auto path = save("official.safetensors", official, entry(prefix + kTall));
  const auto part = Checkpoint(path).open(Component::Transformer);
  CHECK(at::equal(part.view.take(kTall + ".weight", {16, 64}), bf16(codes.to(at::kFloat) * 0.001F)));
  CHECK(!part.view.is_mapped(kTall + ".weight"));
  CHECK(part.view.is_mapped(kSquare + ".weight"));
  CHECK(part.view.unused() == std::vector<std::string>{kSquare + ".weight"});
  CHECK(part.view.info(kTall + ".weight")->key == prefix + kTall + ".weight");
  CHECK(
      !part.view.store().stored_layers()->find(kTall)->full_precision_matmul);  // not legacy: it has metadata
  official.erase(kTall + ".input_scale");
  const auto legacy = save("legacy.safetensors", official);
  CHECK(Checkpoint(legacy).layers()->find(kTall)->full_precision_matmul);
  CHECK(Checkpoint(legacy).layers()->files().find("video_embeddings_connector.learnable_registers") !=
        nullptr);
  CHECK(at::equal(
      QuantizedStore(Checkpoint(legacy).layers()).read("video_embeddings_connector.learnable_registers"),
      bf16(codes.to(at::kFloat) * 0.5F)));
  // Names without the prefix of the tensors.
  const auto rotated = json{
      {"layers", {{kTall, {{"format", "int8_tensorwise"}, {"convrot", true}, {"convrot_groupsize", 64}}}}}};
  const auto bare =
      save("bare.safetensors",
           {{kTall + ".weight", codes.view(at::kChar)}, {kTall + ".weight_scale", at::ones({16, 1})}},
           {{"_quantization_metadata", rotated.dump()}});
  CHECK(Checkpoint(bare).layers()->find(kTall)->rotation == 64);
  // Whatever prefix and compiled segment one of the two has and the other has not.
  for (const std::string in_file : {"model.diffusion_model.", "diffusion_model.", ""})
    for (const std::string in_metadata : {"model.diffusion_model.", "diffusion_model.", ""})
      for (const int compiled : {0, 1, 2, 3}) {
        CAPTURE(in_file);
        CAPTURE(in_metadata);
        CAPTURE(compiled);
        auto segment = kTall;
        segment.insert(segment.find(".audio_ff"), "._orig_mod");
        const auto stored_name = in_file + (compiled & 1 ? segment : kTall),
                   said_name = in_metadata + (compiled & 2 ? segment : kTall);
        const json entries{
            {"layers",
             {{said_name, {{"format", "int8_tensorwise"}, {"convrot", true}, {"convrot_groupsize", 64}}}}}};
        const auto file = (folder / "prefixes.safetensors").string();
        save_tensors(
            file,
            {{stored_name + ".weight", codes.view(at::kChar)},
             {stored_name + ".weight_scale", at::ones({16, 1})}},
            {{"config", json{{"transformer", kConfig}}.dump()}, {"_quantization_metadata", entries.dump()}});
        const auto opened = Checkpoint(std::filesystem::path(file)).open(Component::Transformer).view;
        CHECK(opened.store().stored_layers()->find(kTall)->rotation == 64);
        CHECK(opened.store().stored_layers()->warnings().empty());
        CHECK(Checkpoint(std::filesystem::path(file)).layers()->find(kTall)->rotation == 64);
      }
  for (const auto& [text, part_of_message] : std::map<std::string, std::string>{
           {"{", "not JSON"}, {"{}", "layers"}, {R"({"layers":{"a":1}})", "'a'"}})
    check_error(Status::Quant, {"_quantization_metadata", part_of_message}, [&, text = text] {
      Checkpoint(save("bad.safetensors", plain, {{"_quantization_metadata", text}}))
          .open(Component::Transformer);
    });
  check_error(Status::Quant, {"float8_e4m3fn", "contradicts", "unquantized"}, [&] {
    Checkpoint(save("bad.safetensors", plain, entry(prefix + kWide))).open(Component::Transformer);
  });

  // A file without a config: its layers' shapes are those of the config that the caller has.
  Tensors turned{
      {prefix + kTall + ".weight", codes.view(at::kByte).t().contiguous().view(at::kFloat8_e4m3fn)}};
  save_tensors((folder / "turned.safetensors").string(), turned);
  const Checkpoint extract(folder / "turned.safetensors");
  CHECK(extract.open(Component::Transformer).view.info(kTall + ".weight")->shape ==
        std::vector<int64_t>{64, 16});
  CHECK(extract.open(Component::Transformer, kConfig).view.info(kTall + ".weight")->shape ==
        std::vector<int64_t>{16, 64});

  SUBCASE("what info says") {
    const auto info = inspect_file(path);
    CHECK(info["quantization"] == json{{"fp8-per-tensor", 1}});
    CHECK(info["quantization_policy"] == "fp8-scaled-mm");
    CHECK(info["unquantized_layers"] == 1);
    CHECK(info["quantization_attributes"] ==
          json{{"layout", {{"NK", 1}}}, {"input_scale", 1}, {"full_precision_matmul", 0}});
    CHECK(info["components"]["transformer"]["quantization"] == json{{"fp8-per-tensor", 1}});
    CHECK(info["components"]["transformer"]["unquantized_blocks"] == json::array());
    CHECK(inspect_file(folder / "plain.safetensors")["quantization"] == json::object());
    CHECK(inspect_file(folder / "plain.safetensors")["quantization_policy"] == "none");
    const auto broken = inspect_file(folder / "bad.safetensors");
    CHECK(broken["quantization_error"].get<std::string>().find("contradicts") != std::string::npos);
    CHECK(broken["tensors"] == 1);
  }
}

TEST_CASE("a GGUF transformer beside a safetensors file of int8 connectors") {
  const Folder folder;
  const std::string connector = "video_embeddings_connector.transformer_1d_blocks.0.attn1.to_q";
  auto config = kConfig;
  config["connector_num_attention_heads"] = 2;
  config["connector_attention_head_dim"] = 4;
  const auto gguf =
      folder.write("transformer.gguf", test::GgufWriter{}
                                           .text("general.architecture", "ltxv")
                                           .text("config", json{{"transformer", config}}.dump())
                                           .tensor("adaln_single.linear.bias", {8}, 0, std::string(32, '\0'))
                                           .bytes());
  const auto codes = at::arange(64).view({8, 8}).to(at::kChar);
  const std::string prefix = "model.diffusion_model.";
  save_tensors((folder / "connectors.safetensors").string(),
               {{prefix + connector + ".weight", codes},
                {prefix + connector + ".weight_scale", at::full({8}, 0.5F)},
                {prefix + "video_embeddings_connector.positions", at::arange(4).to(at::kInt)},
                {"text_embedding_projection.aggregate_embed.weight", at::ones({4, 4}, at::kBFloat16)}});
  const Checkpoint checkpoint({gguf, folder / "connectors.safetensors"});
  const auto view = checkpoint.open(Component::Embeddings).view;
  const auto name = "video_connector" + connector.substr(connector.find('.')) + ".weight";
  CHECK(view.info(name)->format == Format::Int8);
  CHECK(at::equal(view.take(name, {8, 8}), bf16(codes.to(at::kFloat) * 0.5F)));
  CHECK(view.info("video_connector.positions")->dtype == "I32");

  // In a GGUF file the same letters are a type that is not read.
  const auto bad = folder.write("bad.gguf", test::GgufWriter{}
                                                .text("general.architecture", "ltxv")
                                                .tensor("adaln_single.linear.bias", {8}, 24, "01234567")
                                                .bytes());
  check_error(Status::Quant, {"adaln_single.linear.bias", "GGUF type 'I8'"},
              [&] { Checkpoint(bad).open(Component::Transformer); });
}

TEST_CASE("a text encoder that mixes formats, as ComfyUI packs them") {
  const Folder folder;
  const std::string layer = "model.layers.0.self_attn.q_proj", table = "model.embed_tokens";
  auto tensors = stored(layer, random({64, 32}), as(Format::Nvfp4));
  tensors.merge(stored("model.layers.0.mlp.up_proj", random({64, 32}), as(Format::Fp8PerTensor)));
  auto rotated = as(Format::Int8);
  rotated.rotation = 16;
  const auto words = random({100, 32});
  tensors.merge(stored(table, words, rotated));
  tensors["model.norm.weight"] = at::ones({32}, at::kBFloat16);
  const auto path = folder / "gemma.safetensors";
  save_tensors(path.string(), tensors);
  const auto view = Checkpoint(path).open(Component::TextEncoder).view;
  CHECK(view.info("language_model.layers.0.self_attn.q_proj.weight")->format == Format::Nvfp4);
  CHECK(view.info("language_model.layers.0.mlp.up_proj.weight")->format == Format::Fp8PerTensor);
  CHECK(relative_l2(view.take("language_model.embed_tokens.weight", {100, 32}), words) < 0.02);
  CHECK(view.store().stored_layers()->find("language_model.embed_tokens")->rotation == 16);
  CHECK(view.store().names().size() == 4);
}

}  // namespace ltx::weights
