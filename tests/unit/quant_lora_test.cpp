// LoRAs on weights in a number format (spec 08 §3.3, §23, §24 item 10).
#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <cmath>
#include <functional>

#include "device/allocation_tracker.h"
#include "file_fixture.h"
#include "formats/gguf.h"
#include "quant/context.h"
#include "quant/linear.h"
#include "quant/load_linear.h"
#include "quant/lora_fusion.h"
#include "quant/row_blocks.h"
#include "weights/fused_store.h"
#include "weights/lora_delta.h"
#include "weights/progress_store.h"

using namespace ltx;
using namespace ltx::quant;
using formats::Encoding;
using formats::Format;
using formats::Matrix;
using ltx::test::check_error;
using ltx::test::Folder;
using weights::LoraDelta;
using weights::ScaledFactors;

namespace {

Encoding as(Format format, bool rotated = false) {
  Encoding encoding;
  encoding.format = format;
  if (rotated) encoding.rotation = 16;
  return encoding;
}

const std::vector<Encoding>& all_encodings() {
  static const std::vector<Encoding> encodings = {
      as(Format::Fp8Unscaled), as(Format::Fp8PerTensor), as(Format::Fp8PerRow), as(Format::Mxfp8),
      as(Format::Fp8Block128), as(Format::Fp6Block128),  as(Format::Nvfp4),     as(Format::Int8),
      as(Format::Int8, true),  as(Format::Int4),         as(Format::Nf4)};
  return encodings;
}

/// Gaussian weights of σ = 0.02 in bf16, as the table of spec 08 §3.3 assumes.
at::Tensor weights_of(int64_t rows, int64_t columns) {
  return (at::randn({rows, columns}) * 0.02).to(at::kBFloat16);
}

/// Factors of an update whose rms is `share` of 0.02.
ScaledFactors update_of(int64_t rows, int64_t columns, double share, int64_t rank = 64) {
  ScaledFactors update;
  update.up = at::randn({rows, rank}).to(at::kBFloat16);
  update.down = at::randn({rank, columns}).to(at::kBFloat16);
  update.strength = share * 0.02 / std::sqrt(static_cast<double>(rank));
  return update;
}

bool same(const Matrix& a, const Matrix& b) {
  const auto equal = [](const at::Tensor& x, const at::Tensor& y) {
    if (x.defined() != y.defined()) return false;
    if (!x.defined()) return true;
    const auto bytes = [](const at::Tensor& t) { return t.contiguous().view({-1}).view(at::kByte); };
    return x.sizes() == y.sizes() && x.scalar_type() == y.scalar_type() && at::equal(bytes(x), bytes(y));
  };
  return a.format == b.format && a.rows == b.rows && a.columns == b.columns && a.rotation == b.rotation &&
         equal(a.codes, b.codes) && equal(a.scale, b.scale) && equal(a.scale_2, b.scale_2) &&
         equal(a.zero, b.zero) && equal(a.table, b.table);
}

double relative(const at::Tensor& found, const at::Tensor& wanted) {
  return (found.to(at::kDouble) - wanted.to(at::kDouble)).norm().item<double>() /
         wanted.to(at::kDouble).norm().item<double>();
}

}  // namespace

TEST_CASE("row blocks: taking a matrix apart and joining it changes nothing") {
  at::manual_seed(3);
  const auto weight = weights_of(1280, 256);
  for (const auto& encoding : all_encodings()) {
    CAPTURE(formats::name_of(encoding.format));
    const auto whole = formats::encode(weight, encoding);
    const auto step = row_step(encoding.format, whole.rows, whole.columns);
    std::vector<Matrix> parts;
    for (int64_t begin = 0; begin < whole.rows; begin += step) {
      const int64_t count = std::min(step, whole.rows - begin);
      parts.push_back(rows_of(whole, begin, count));
      CHECK(parts.back().rows == count);
      CHECK(at::equal(formats::decode(parts.back()), formats::decode(whole).narrow(0, begin, count)));
    }
    CHECK(parts.size() == 3);
    CHECK(same(join_rows(parts), whole));
  }
  // Blocks of NF4 that run over every cut keep the matrix in one piece.
  CHECK(row_step(Format::Nf4, 700, 33, 4096) == 700);
  CHECK(row_step(Format::Nf4, 700, 64, 4096) == weights::kRowsAtATime);
}

TEST_CASE("before: one quantization of the sum, in row blocks as on the whole") {
  at::manual_seed(4);
  const auto weight = weights_of(1280, 256);
  auto second = update_of(1280, 256, 0.3, 8);
  second.alpha = 0.5;
  const std::vector<ScaledFactors> updates = {update_of(1280, 256, 0.1), second};
  const LoraDelta delta(updates, LoraDelta::Sum::Fp32);
  const auto wanted = weight.to(at::kFloat) + delta.rows(0, 1280);
  auto exact = weight.to(at::kDouble);
  for (const auto& update : updates)
    exact += update.strength * update.alpha * at::mm(update.up.to(at::kDouble), update.down.to(at::kDouble));
  CHECK(relative(wanted, exact) < 1e-6);
  for (const auto& encoding : all_encodings()) {
    CAPTURE(formats::name_of(encoding.format));
    const auto fused = fuse_before(weight, updates, encoding);
    CHECK(same(fused.weight, formats::encode(wanted, encoding)));
    CHECK(fused.survival.slope() == doctest::Approx(1).epsilon(0.01));
    CHECK(fused.survival.size() == doctest::Approx(std::hypot(0.1, 0.15)).epsilon(0.05));
    const auto asked = delta.rows(0, 1280), got = formats::decode(fused.weight) - weight.to(at::kFloat);
    CHECK(fused.survival.relative_l2() == doctest::Approx(relative(got, asked)).epsilon(1e-3));
  }
  const auto plain = fuse_before(weight, updates, as(Format::Unquantized)).weight;
  CHECK(at::equal(plain.codes, wanted.to(at::kBFloat16)));
  const auto wide = fuse_before(weight.to(at::kFloat), updates, as(Format::Unquantized)).weight;
  CHECK(at::equal(wide.codes, wanted));
}

TEST_CASE("after: each format's rule of spec 08, with the update in bf16") {
  at::manual_seed(5);
  const auto weight = weights_of(1280, 256);
  const std::vector<ScaledFactors> updates = {update_of(1280, 256, 0.3), update_of(1280, 256, -0.2, 3)};
  const auto delta = LoraDelta(updates, LoraDelta::Sum::Bf16).rows(0, 1280);
  CHECK(at::equal(delta, delta.to(at::kBFloat16).to(at::kFloat)));
  for (const auto& encoding : all_encodings()) {
    CAPTURE(formats::name_of(encoding.format));
    const auto base = formats::encode(weight, encoding);
    const bool through_bf16 = encoding.format == Format::Nvfp4 || encoding.format == Format::Fp8Block128 ||
                              encoding.format == Format::Fp6Block128;
    const auto sum =
        through_bf16 ? (formats::decode(base, at::kBFloat16).to(at::kFloat) + delta).to(at::kBFloat16)
        : encoding.format == Format::Fp8Unscaled ? (formats::decode(base) + delta).to(at::kBFloat16)
                                                 : formats::decode(base) + delta;
    const auto codes = base.codes.clone();
    const auto fused = fuse_after(base, updates, encoding, Rounding::Nearest);
    CHECK(same(fused.weight, formats::encode(sum, encoding)));
    const auto got = formats::decode(fused.weight) - formats::decode(base);
    CHECK(fused.survival.relative_l2() == doctest::Approx(relative(got, delta)).epsilon(1e-2));
    // The base is as it was, so that a LoRA can be taken out again.
    CHECK(at::equal(base.codes.view(at::kByte), codes.view(at::kByte)));
  }
}

TEST_CASE("after: group size, symmetry and E5M2 are those of the base") {
  at::manual_seed(6);
  const auto weight = weights_of(64, 256);
  const std::vector<ScaledFactors> updates = {update_of(64, 256, 0.5)};
  auto encoding = as(Format::Int4);
  encoding.group_size = 32;
  encoding.symmetric = true;
  const auto fused = fuse_after(formats::encode(weight, encoding), updates, as(Format::Int4)).weight;
  CHECK(fused.scale.size(1) == 8);
  CHECK(!fused.zero.defined());

  Matrix e5m2;
  e5m2.format = Format::Fp8Unscaled;
  e5m2.rows = 64;
  e5m2.columns = 256;
  e5m2.codes = weight.to(at::kFloat8_e5m2);
  for (const auto rounding : {Rounding::Nearest, Rounding::Stochastic}) {
    const auto result = fuse_after(e5m2, updates, as(Format::Fp8Unscaled), rounding);
    CHECK((result.weight.codes.scalar_type() == at::kFloat8_e5m2));
    CHECK(result.survival.slope() == doctest::Approx(1).epsilon(0.1));
  }
}

TEST_CASE("after: the noise of stochastic rounding runs through the matrix, not through its blocks") {
  at::manual_seed(7);
  const int64_t rows = weights::kRowsAtATime;
  const auto weight = weights_of(rows, 64).repeat({2, 1});
  auto update = update_of(rows, 64, 0.05);
  update.up = update.up.repeat({2, 1});
  const auto base = formats::encode(weight, as(Format::Fp8Unscaled));
  const auto fused = fuse_after(base, {update}, as(Format::Fp8Unscaled)).weight.codes.view(at::kByte);
  CHECK(!at::equal(fused.narrow(0, 0, rows), fused.narrow(0, rows, rows)));
  const auto again = fuse_after(base, {update}, as(Format::Fp8Unscaled)).weight.codes.view(at::kByte);
  CHECK(at::equal(fused, again));
}

TEST_CASE("how much of an update survives: the table of spec 08 section 3.3") {
  at::manual_seed(8);
  const int64_t rows = 512, columns = 1024;
  const auto weight = weights_of(rows, columns);
  struct Row {
    Encoding encoding;
    Rounding rounding;
    double at_1, at_5, at_20;  // per cent of the weight's rms
  };
  const std::vector<Row> table = {{as(Format::Fp8Unscaled), Rounding::Nearest, 0, 0.93, 1},
                                  {as(Format::Fp8Unscaled), Rounding::Auto, 0.97, 1, 1},
                                  {as(Format::Fp8PerTensor), Rounding::Auto, 0.36, 0.99, 1},
                                  {as(Format::Fp8PerRow), Rounding::Auto, 0.36, 0.99, 1},
                                  {as(Format::Fp8Block128), Rounding::Auto, 0.36, 0.99, 1},
                                  {as(Format::Int8), Rounding::Auto, 0.84, 1, 1},
                                  {as(Format::Nvfp4), Rounding::Auto, 0, 0.44, 0.98}};
  for (const auto& [share, column] :
       {std::pair{0.01, &Row::at_1}, std::pair{0.05, &Row::at_5}, std::pair{0.2, &Row::at_20}}) {
    const std::vector<ScaledFactors> updates = {update_of(rows, columns, share)};
    for (const auto& row : table) {
      const double wanted = row.*column;
      const auto after =
          fuse_after(formats::encode(weight, row.encoding), updates, row.encoding, row.rounding);
      const auto before = fuse_before(weight, updates, row.encoding);
      CHECK(std::abs(after.survival.slope() - wanted) < 0.1);
      CHECK(std::abs(before.survival.slope() - 1) < 0.1);
    }
  }
}

TEST_CASE("no update: the base bit for bit, whatever the order") {
  at::manual_seed(9);
  const auto weight = weights_of(256, 256);
  for (const auto& encoding : all_encodings()) {
    CAPTURE(formats::name_of(encoding.format));
    const auto base = formats::encode(weight, encoding);
    CHECK(same(fuse_before(weight, {}, encoding).weight, base));
    CHECK(fuse_after(base, {}, encoding).weight.codes.is_same(base.codes));
    CHECK(fuse_after(base, {}, encoding).survival.slope() == 1);
  }
  CHECK(fuse_before(weight, {}, as(Format::Unquantized)).weight.codes.is_same(weight));
}

TEST_CASE("run time and before agree within the error of the format") {
  at::manual_seed(10);
  const int64_t rows = 256, columns = 256;
  const auto weight = weights_of(rows, columns), x = at::randn({33, columns}).to(at::kBFloat16);
  const std::vector<ScaledFactors> updates = {update_of(rows, columns, 0.2, 8)};
  for (const auto& encoding : all_encodings()) {
    CAPTURE(formats::name_of(encoding.format));
    LinearParts base;
    base.weight = formats::encode(weight, encoding);
    base.kind = kind_of(encoding.format);
    base.arithmetic = Arithmetic::Dequant;
    auto late = base, early = base;
    late.low_rank = runtime_factors(updates, at::kCPU);
    early.weight = fuse_before(weight, updates, encoding).weight;
    const auto y = Linear(late)(x), other = Linear(early)(x);
    const auto exact = at::linear(
        x.to(at::kFloat), weight.to(at::kFloat) + LoraDelta(updates, LoraDelta::Sum::Fp32).rows(0, rows));
    // Errors of two independent quantizations add in quadrature.
    const double error = relative(formats::decode(base.weight), weight);
    CHECK(relative(y, exact) < 1.3 * error + 0.005);
    CHECK(relative(y, other) < 1.3 * std::sqrt(2.0) * error + 0.008);
    CHECK(relative(Linear(base)(x), exact) > 0.15);
  }
}

TEST_CASE("run time factors own their memory, in the dtype of the arithmetic") {
  auto updates = std::vector<ScaledFactors>{update_of(8, 8, 1)};
  updates[0].alpha = 0.25;
  const auto kept = runtime_factors(updates, at::kCPU);
  CHECK(!kept[0].up.is_same(updates[0].up));
  CHECK(kept[0].up.data_ptr() != updates[0].up.data_ptr());
  CHECK(at::equal(kept[0].down, updates[0].down));
  CHECK(kept[0].alpha == 0.25);
  CHECK((runtime_factors(updates, at::kCPU, at::kFloat)[0].up.scalar_type() == at::kFloat));
}

TEST_CASE("fusing takes rows at a time: no copy of the weight in full precision") {
  at::manual_seed(11);
  const int64_t rows = 8192, columns = 1024;
  const auto weight = weights_of(rows, columns);
  const std::vector<ScaledFactors> updates = {update_of(rows, columns, 0.1, 4)};
  const auto bf16 = static_cast<int64_t>(weight.nbytes());
  for (const auto& encoding : all_encodings()) {
    CAPTURE(formats::name_of(encoding.format));
    const auto base = formats::encode(weight, encoding);
    const auto result = static_cast<int64_t>(base.bytes());
    // A format with a scale of the whole tensor needs the sum as a whole, in fp32.
    const int64_t most = is_row_local(encoding.format) ? 2 * bf16 : 4 * bf16;
    {
      const device::AllocationTracker memory;
      const auto fused = fuse_before(weight, updates, encoding);
      CHECK(memory.peak() - result < most);
    }
    const device::AllocationTracker memory;
    const auto fused = fuse_after(base, updates, encoding);
    CHECK(memory.peak() - result < most);
  }
}

TEST_CASE("the number of threads changes nothing") {
  at::manual_seed(12);
  const auto weight = weights_of(700, 256);
  const std::vector<ScaledFactors> updates = {update_of(700, 256, 0.1), update_of(700, 256, 0.1, 450)};
  const int threads = at::get_num_threads();
  for (const auto format : {Format::Fp8PerRow, Format::Nvfp4, Format::Fp8Unscaled}) {
    const auto base = formats::encode(weight, as(format));
    at::set_num_threads(1);
    const auto one = fuse_before(weight, updates, as(format)),
               one_after = fuse_after(base, updates, as(format));
    at::set_num_threads(2);
    CHECK(same(one.weight, fuse_before(weight, updates, as(format)).weight));
    CHECK(same(one_after.weight, fuse_after(base, updates, as(format)).weight));
    at::set_num_threads(threads);
  }
}

TEST_CASE("a sum that is not finite is refused with the number of its values") {
  auto weight = at::zeros({1100, 64});
  weight[3][4] = NAN;
  weight[1099][0] = INFINITY;
  const std::vector<ScaledFactors> updates = {update_of(1100, 64, 0.1)};
  for (const auto format :
       {Format::Fp8PerRow, Format::Fp8PerTensor, Format::Nvfp4, Format::Fp8Unscaled, Format::Unquantized})
    check_error(Status::Numeric, {"2 values", "NaN or Inf"},
                [&] { fuse_before(weight, updates, as(format)); });
  auto huge = update_of(1100, 64, 0.1);
  huge.strength = 1e38;
  for (const auto format : {Format::Unquantized, Format::Int8})
    check_error(Status::Numeric, {"NaN or Inf", "strength"}, [&] {
      fuse_after(fuse_before(at::zeros({1100, 64}, at::kBFloat16), {}, as(format)).weight, {huge},
                 as(format));
    });
}

TEST_CASE("GGUF: what cannot be encoded again becomes bf16 with the update") {
  at::manual_seed(13);
  const auto weight = weights_of(64, 256);
  const std::vector<ScaledFactors> updates = {update_of(64, 256, 0.1)};
  const auto base = formats::encode_gguf(weight, Format::Q8_0);
  const auto fused = fuse_after(base, updates, as(Format::Q8_0));
  CHECK((fused.weight.format == Format::Unquantized));
  const auto delta = LoraDelta(updates, LoraDelta::Sum::Bf16).rows(0, 64);
  CHECK(at::equal(fused.weight.codes,
                  (formats::decode(base, at::kBFloat16).to(at::kFloat) + delta).to(at::kBFloat16)));
}

TEST_CASE("which order a layer follows") {
  const auto order = [](LoraOrder asked, Format stored, Format held) {
    return resolve_order(asked, stored, held);
  };
  const auto bf16 = Format::Unquantized, fp8 = Format::Fp8PerRow, gguf = Format::Q4_K;
  CHECK((order(LoraOrder::Auto, bf16, fp8) == LoraOrder::Before));
  CHECK((order(LoraOrder::Auto, bf16, bf16) == LoraOrder::After));
  CHECK((order(LoraOrder::Auto, fp8, fp8) == LoraOrder::After));
  CHECK((order(LoraOrder::Auto, fp8, bf16) == LoraOrder::After));
  CHECK((order(LoraOrder::Auto, gguf, gguf) == LoraOrder::Runtime));
  CHECK((order(LoraOrder::Auto, gguf, bf16) == LoraOrder::After));
  CHECK((order(LoraOrder::Before, bf16, bf16) == LoraOrder::Before));
  CHECK((order(LoraOrder::Before, fp8, fp8) == LoraOrder::After));
  CHECK((order(LoraOrder::After, bf16, fp8) == LoraOrder::After));
  CHECK((order(LoraOrder::After, gguf, gguf) == LoraOrder::After));
  for (const auto stored : {bf16, fp8, gguf})
    CHECK((order(LoraOrder::Runtime, stored, stored) == LoraOrder::Runtime));
}

TEST_CASE("what is said about updates that were lost") {
  const auto layer = [](const std::string& name, double slope, double size, bool prequantized,
                        LoraOrder order = LoraOrder::After) {
    LayerFusion fusion;
    fusion.layer = name;
    fusion.order = order;
    fusion.prequantized = prequantized;
    fusion.survival.asked = size * size;
    fusion.survival.kept = slope * size * size;
    fusion.survival.weight = 1;
    return fusion;
  };
  CHECK(survival_warnings({}).empty());
  CHECK(survival_warnings({layer("a", 0.99, 0.5, true), layer("b", 0.8, 0.01, false)}).empty());
  CHECK(survival_warnings({layer("a", 0.1, 0.01, true, LoraOrder::Runtime)}).empty());

  auto found =
      survival_warnings({layer("a", 0.5, 0.2, false), layer("b", 0.02, 0.2, false),
                         layer("c", 0.3, 0.2, true), layer("d", 0.4, 0.2, false), layer("e", 1, 0.2, true)});
  REQUIRE(found.size() == 1);
  for (const auto* part : {"4 of 5 layers", "'b' (2.0 %), 'c' (30.0 %), 'd' (40.0 %)", "75 %", "runtime"})
    CHECK(found[0].find(part) != std::string::npos);
  CHECK(found[0].find("'a'") == std::string::npos);

  found = survival_warnings({layer("a", 0.97, 0.012, true), layer("b", 0.97, 0.06, true)});
  REQUIRE(found.size() == 1);
  for (const auto* part : {"1 of 2 layers", "'a' (1.2 %)", "below 5 %", "runtime"})
    CHECK(found[0].find(part) != std::string::npos);

  DeltaSurvival together = layer("a", 1, 0.3, false).survival;
  together += layer("b", 0, 0.4, false).survival;
  CHECK(together.slope() == doctest::Approx(0.36));
  CHECK(together.size() == doctest::Approx(std::sqrt(0.125)));
}

namespace {

const std::string kLayer = "transformer_blocks.0.attn1.to_q";

/// One layer that a file stores in a number format.
class StoredLayerStore : public weights::Store {
 public:
  explicit StoredLayerStore(Matrix matrix) {
    stored_.matrix = std::move(matrix);
    stored_.input_scale = at::full({}, 0.25f);
    info_.shape = {stored_.matrix.rows, stored_.matrix.columns};
    info_.dtype = "BF16";
    info_.source = "'test': tensor '" + kLayer + ".weight'";
    info_.format = stored_.matrix.format;
    info_.bytes = stored_.matrix.bytes();
  }
  std::vector<std::string> names() const override { return {kLayer + ".weight"}; }
  const weights::TensorInfo* find(std::string_view name) const override {
    return name == kLayer + ".weight" ? &info_ : nullptr;
  }
  at::Tensor read(std::string_view) const override { return formats::decode(stored_.matrix, at::kBFloat16); }
  weights::WeightParts parts(std::string_view) const override { return {{}, stored_, {}}; }
  std::string describe() const override { return "'test'"; }

  weights::StoredMatrix stored_;

 private:
  weights::TensorInfo info_;
};

std::shared_ptr<const weights::LoraFile> lora_file(const std::filesystem::path& path,
                                                   const ScaledFactors& update) {
  weights::save_tensors(path.string(), {{"diffusion_model." + kLayer + ".lora_A.weight", update.down},
                                        {"diffusion_model." + kLayer + ".lora_B.weight", update.up}});
  return std::make_shared<const weights::LoraFile>(path);
}

struct Loaded {
  LinearParts parts;
  std::vector<LayerFusion> fusions;
};

Loaded load(const std::shared_ptr<const weights::Store>& store, Kind kind, const Options& options = {}) {
  Context wanted;
  wanted.policy = Policy(Target::Transformer, kind, options);
  const auto context = make_context(std::move(wanted), *store);
  const Source root(weights::View(store), at::kCPU, at::kBFloat16, context);
  const auto& shape = store->find(kLayer + ".weight")->shape;
  auto parts =
      load_linear(root / "transformer_blocks" / int64_t{0} / "attn1" / "to_q", shape[1], shape[0], false);
  return {std::move(parts), context->report->fusions()};
}

Options ordered(LoraOrder order) {
  Options options;
  options.lora_order = order;
  return options;
}

}  // namespace

TEST_CASE("loading with LoRAs: the order by what the file stores, the base as it was when they are gone") {
  at::manual_seed(14);
  const Folder folder;
  const auto weight = weights_of(256, 256);
  auto update = update_of(256, 256, 0.5);
  const double strength = update.strength;
  const auto file = lora_file(folder / "lora.safetensors", update);
  weights::save_tensors((folder / "base.safetensors").string(), {{kLayer + ".weight", weight}});
  const std::shared_ptr<const weights::Store> plain =
      std::make_shared<weights::FileStore>(std::vector{(folder / "base.safetensors").string()});
  const auto with = [&](const std::shared_ptr<const weights::Store>& base, double factor) {
    return weights::with_loras(base, {{file, factor}}, at::kCPU);
  };
  for (const auto kind :
       {Kind::None, Kind::Fp8Cast, Kind::Fp8ScaledMm, Kind::Fp8Dynamic, Kind::Int8, Kind::Int4, Kind::Nf4,
        Kind::Mxfp8, Kind::Fp8Block128, Kind::Fp6Block128, Kind::Nvfp4Cast}) {
    CAPTURE(name_of(kind));
    const auto base = load(plain, kind).parts.weight;
    const auto fused = load(with(plain, strength), kind);
    CHECK(!same(fused.parts.weight, base));
    REQUIRE(fused.fusions.size() == 1);
    CHECK((fused.fusions[0].order == (kind == Kind::None ? LoraOrder::After : LoraOrder::Before)));
    CHECK(fused.fusions[0].survival.slope() == doctest::Approx(1).epsilon(0.05));
    CHECK(same(load(plain, kind).parts.weight, base));
    CHECK(same(load(with(plain, 0.0), kind).parts.weight, base));

    const auto late = load(with(plain, strength), kind, ordered(LoraOrder::Runtime)).parts;
    CHECK(same(late.weight, base));
    REQUIRE(late.low_rank.size() == 1);
    CHECK(late.low_rank[0].strength == strength);

    if (kind == Kind::None) continue;
    const auto stored = std::make_shared<const StoredLayerStore>(base);
    const auto again = load(with(stored, strength), Kind::Auto);
    CHECK((again.fusions.at(0).order == LoraOrder::After));
    CHECK(again.fusions[0].prequantized);
    CHECK(again.parts.weight.format == base.format);
    CHECK(!same(again.parts.weight, base));
    CHECK(same(load(stored, Kind::Auto).parts.weight, base));
    CHECK(stored->parts({}).stored->input_scale.item<float>() == 0.25f);
    if (again.parts.input_scale.defined()) CHECK(again.parts.input_scale.item<float>() == 0.25f);
  }
}

TEST_CASE("loading with LoRAs: what they were made for and what they hold") {
  at::manual_seed(15);
  const Folder folder;
  const auto narrow = lora_file(folder / "narrow.safetensors", update_of(256, 128, 0.5));
  auto broken = update_of(256, 256, 0.5);
  broken.down[0][3] = NAN;
  const auto damaged = lora_file(folder / "damaged.safetensors", broken);
  const auto stored =
      std::make_shared<const StoredLayerStore>(formats::encode(weights_of(256, 256), as(Format::Nvfp4)));
  check_error(Status::LoraMismatch, {kLayer, "expected an update of shape [256, 256], found [256, 128]"},
              [&] {
                weights::with_loras(stored, {{narrow, 1.0}}, at::kCPU);
              });
  for (const auto order : {LoraOrder::After, LoraOrder::Runtime})
    check_error(Status::Numeric, {kLayer + ".lora_A.weight", "1 NaN or Inf"}, [&] {
      load(weights::with_loras(stored, {{damaged, 1.0}}, at::kCPU), Kind::Auto, ordered(order));
    });
}

TEST_CASE("loading with LoRAs: codes that meet scaled activations keep them, the update stays beside") {
  at::manual_seed(16);
  const Folder folder;
  const auto file = lora_file(folder / "lora.safetensors", update_of(256, 256, 1));
  auto stored = std::make_shared<StoredLayerStore>(formats::encode(weights_of(256, 256), as(Format::Nvfp4)));
  stored->stored_.pre_quant_scale = at::rand({256}) + 0.5;
  const auto loaded =
      load(weights::with_loras(stored, {{file, 1e-4}}, at::kCPU), Kind::Auto, ordered(LoraOrder::After));
  CHECK(same(loaded.parts.weight, stored->stored_.matrix));
  CHECK(loaded.parts.low_rank.size() == 1);
  REQUIRE(loaded.fusions.size() == 1);
  CHECK((loaded.fusions[0].order == LoraOrder::Runtime));
  CHECK(survival_warnings(loaded.fusions).empty());
}

TEST_CASE("loading with LoRAs from a file takes two weights of memory above its result") {
  at::manual_seed(17);
  const Folder folder;
  const int64_t rows = 4096, columns = 2048;
  const auto file = lora_file(folder / "lora.safetensors", update_of(rows, columns, 0.5, 4));
  weights::save_tensors((folder / "base.safetensors").string(),
                        {{kLayer + ".weight", weights_of(rows, columns)}});
  const auto base = std::make_shared<weights::FileStore>(std::vector{(folder / "base.safetensors").string()});
  const std::shared_ptr<const weights::Store> store = std::make_shared<weights::ProgressStore>(
      weights::with_loras(base, {{file, 1e-4}}, at::kCPU), Monitor::silent());
  for (const auto kind : {Kind::Fp8Cast, Kind::Fp8Dynamic, Kind::Int8, Kind::Int4, Kind::Mxfp8}) {
    CAPTURE(name_of(kind));
    const device::AllocationTracker memory;
    const auto loaded = load(store, kind);
    CHECK(memory.peak() - static_cast<int64_t>(loaded.parts.weight.bytes()) < 2 * rows * columns * 2);
  }
}
