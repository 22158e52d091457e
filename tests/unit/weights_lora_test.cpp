#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>
#include <ATen/Parallel.h>

#include <cmath>
#include <functional>

#include "file_fixture.h"
#include "weights/fused_store.h"
#include "weights/lora.h"
#include "weights/lora_keys.h"
#include "weights/progress_store.h"

using namespace ltx;
using namespace ltx::weights;
using ltx::test::check_error;
using ltx::test::Folder;

namespace {

using Tensors = std::map<std::string, at::Tensor>;

at::Tensor bf16(double value) {
  return at::full({1, 1}, value, at::kDouble).to(at::kBFloat16);
}

std::shared_ptr<const LoraFile> lora(const Folder& folder, const Tensors& tensors,
                                     const std::map<std::string, std::string>& metadata = {}) {
  static int number = 0;
  const auto path = (folder / (std::to_string(++number) + ".safetensors")).string();
  save_tensors(path, tensors, metadata);
  return std::make_shared<const LoraFile>(path);
}

std::shared_ptr<const Store> memory(Tensors tensors) {
  return std::make_shared<const MemoryStore>(std::move(tensors));
}

at::Tensor fused(const std::shared_ptr<const Store>& base, std::vector<Lora> loras,
                 const std::string& name = "layer.weight") {
  return with_loras(base, std::move(loras), at::kCPU)->read(name);
}

}  // namespace

TEST_CASE("LoRA keys: every spelling names the same layer") {
  for (const std::string prefix :
       {"", "diffusion_model.", "model.diffusion_model.", "transformer.", "base_model.model.",
        "base_model.model.diffusion_model.", "diffusion_model._orig_mod."})
    for (const auto& [end, kind] : {std::pair<std::string, LoraPart>{".lora_A.weight", LoraPart::Down},
                                    {".lora_B.weight", LoraPart::Up},
                                    {".lora_down.weight", LoraPart::Down},
                                    {".lora_up.weight", LoraPart::Up},
                                    {".lora.down.weight", LoraPart::Down},
                                    {".lora.up.weight", LoraPart::Up},
                                    {".lora_A.default.weight", LoraPart::Down},
                                    {".lora_B.default.weight", LoraPart::Up},
                                    {".alpha", LoraPart::Alpha},
                                    {".dora_scale", LoraPart::Unsupported},
                                    {".diff", LoraPart::Unsupported},
                                    {".lokr_w1", LoraPart::Unsupported},
                                    {".hada_w1_a", LoraPart::Unsupported}}) {
      const auto& ending = end;  // a binding cannot be captured
      const auto part = kind;
      const auto key = read_lora_key(prefix + "transformer_blocks.0.attn1.to_q" + ending);
      CAPTURE(prefix);
      CAPTURE(ending);
      CHECK(key.part == part);
      CHECK((key.layer == "transformer_blocks.0.attn1.to_q" || part == LoraPart::Unsupported));
    }
  CHECK(read_lora_key("model.diffusion_model.adaln_single.linear.weight").part == LoraPart::None);
  CHECK(read_lora_key(".lora_A.weight").part == LoraPart::None);
  CHECK(read_lora_key("").part == LoraPart::None);
}

TEST_CASE("LoRA fusion: the specification's scalars, step by step") {
  const Folder folder;
  const auto first =
      lora(folder, {{"layer.lora_A.weight", bf16(1)}, {"layer.lora_B.weight", bf16(1.0078125)}});
  const auto second = lora(folder, {{"layer.lora_A.weight", bf16(1)}, {"layer.lora_B.weight", bf16(0.5)}});
  const auto zero = memory({{"layer.weight", bf16(0)}}), tenth = memory({{"layer.weight", bf16(0.1)}});
  CHECK(fused(zero, {{first, 0.3}}).item<float>() == 0.302734375f);
  CHECK(fused(zero, {{first, 0.3}, {second, 0.25}}).item<float>() == 0.427734375f);
  CHECK(fused(tenth, {{first, 0.3}}).item<float>() == 0.40234375f);
  CHECK(tenth->read("layer.weight").item<float>() == 0.10009765625f);
}

TEST_CASE("LoRA fusion: a further LoRA's sum is scaled as a whole, then added") {
  // Sums of whole numbers are exact in any order; 0.4 of a multiple of five lies on many ties of bf16.
  const Folder folder;
  const auto generator = at::make_generator<at::CPUGeneratorImpl>(7);
  const auto whole = [&](int64_t limit, at::IntArrayRef shape) {
    return at::randint(-limit, limit + 1, shape, generator, at::kLong);
  };
  const auto sum = whole(128, {64, 64}) * 32, up = whole(120, {64, 4}), down = whole(120, {4, 64});
  const auto first = lora(folder, {{"layer.lora_A.weight", at::eye(64).to(at::kBFloat16)},
                                   {"layer.lora_B.weight", sum.to(at::kBFloat16)}});
  const auto second = lora(folder, {{"layer.lora_A.weight", down.to(at::kBFloat16)},
                                    {"layer.lora_B.weight", up.to(at::kBFloat16)}});
  const auto base = memory({{"layer.weight", at::zeros({64, 64}, at::kBFloat16)}});
  const auto scaled = up.matmul(down).to(at::kFloat) * 0.4f;
  CHECK(
      at::equal(fused(base, {{first, 1.0}, {second, 0.4}}), (scaled + sum.to(at::kFloat)).to(at::kBFloat16)));
}

TEST_CASE("LoRA fusion: the sum of an F32 weight goes through bf16 and keeps its dtype") {
  const Folder folder;
  const auto file = lora(folder, {{"layer.lora_A.weight", bf16(1)}, {"layer.lora_B.weight", bf16(1)}});
  const auto result = fused(memory({{"layer.weight", at::full({1, 1}, 0.001)}}), {{file, 1.0}});
  CHECK((result.scalar_type() == at::kFloat));
  CHECK(result.item<float>() == 1.0f);
}

TEST_CASE("LoRA fusion: alpha counts where it is stored") {
  const Folder folder;
  const Tensors factors{{"layer.lora_down.weight", at::ones({4, 1}, at::kBFloat16)},
                        {"layer.lora_up.weight", at::ones({1, 4}, at::kBFloat16)}};
  auto with_alpha = factors;
  with_alpha["layer.alpha"] = at::full({}, 2.0);
  const auto base = memory({{"layer.weight", bf16(0)}});
  CHECK(fused(base, {{lora(folder, factors), 1.0}}).item<float>() == 4);
  CHECK(fused(base, {{lora(folder, with_alpha), 1.0}}).item<float>() == 2);
}

TEST_CASE("LoRA fusion: strength 0 is the identity, other tensors are the file's own") {
  const Folder folder;
  const auto file = lora(folder, {{"layer.lora_A.weight", bf16(1)}, {"layer.lora_B.weight", bf16(1)}});
  const auto base = memory({{"layer.weight", bf16(-0.0)}, {"layer.bias", at::ones({1})}});
  CHECK(with_loras(base, {{file, 0.0}}, at::kCPU) == base);
  CHECK(with_loras(base, {}, at::kCPU) == base);
  const FusedStore store(base, {{file, 1.0}, {file, 0.0}});
  CHECK(store.target_count() == 1);
  CHECK(store.read("layer.bias").is_same(base->read("layer.bias")));
  CHECK(store.names() == base->names());
}

TEST_CASE(
    "LoRA fusion: rows in pieces equal the whole, for any number of threads and either order of memory") {
  const Folder folder;
  at::manual_seed(1);
  const auto down = at::randn({5, 70}).to(at::kBFloat16), up = at::randn({1300, 5}).to(at::kBFloat16);
  const auto weight = at::randn({1300, 70}).to(at::kBFloat16);
  const auto file = lora(folder, {{"layer.lora_A.weight", down}, {"layer.lora_B.weight", up}});
  const auto base = memory({{"layer.weight", weight}});
  const int before = at::get_num_threads();
  at::set_num_threads(1);
  const auto one = fused(base, {{file, 0.7}});
  at::set_num_threads(2);
  const auto two = fused(base, {{file, 0.7}});
  at::set_num_threads(before);
  CHECK(at::equal(one, two));
  const auto exact = weight.to(at::kDouble) + 0.7 * at::mm(up.to(at::kDouble), down.to(at::kDouble));
  CHECK((one.to(at::kDouble) - exact).norm().item<double>() / exact.norm().item<double>() < 5e-3);
}

TEST_CASE("LoRA fusion: what does not fit is a warning, what fits nothing an error") {
  const Folder folder;
  const auto base = memory({{"layer.weight", at::zeros({2, 3}, at::kBFloat16)},
                            {"fp8.weight", at::zeros({2, 3}).to(at::kFloat8_e4m3fn)}});
  const auto pair = [](const std::string& name, int64_t out, int64_t rank, int64_t in) {
    return Tensors{{name + ".lora_A.weight", at::ones({rank, in})},
                   {name + ".lora_B.weight", at::ones({out, rank})}};
  };
  auto some = pair("layer", 2, 1, 3);
  some.merge(pair("text_embedding_projection.aggregate_embed", 2, 1, 3));
  some["half.lora_A.weight"] = at::ones({1, 3});
  const FusedStore store(base, {{lora(folder, some), 1.0}});
  REQUIRE(store.warnings().size() == 1);
  CHECK(store.warnings()[0].find("2 layers") != std::string::npos);
  CHECK(store.warnings()[0].find("half") != std::string::npos);

  const auto stranger = lora(folder, pair("other", 2, 1, 3));
  check_error(Status::LoraMismatch,
              {stranger->path(), "none of its 1 layers", "other.lora_A.weight", "does not fit"}, [&] {
                FusedStore(base, {{stranger, 1.0}});
              });
  check_error(Status::LoraMismatch, {"layer 'layer'", "expected an update of shape [2, 3], found [2, 4]"},
              [&] {
                FusedStore(base, {{lora(folder, pair("layer", 2, 1, 4)), 1.0}});
              });
  check_error(Status::Quant, {"fp8.weight", "F8_E4M3", "bf16 file"}, [&] {
    FusedStore(base, {{lora(folder, pair("fp8", 2, 1, 3)), 1.0}});
  });
}

namespace {

/// A weight that a file stores in a number format: int8 codes with a scale per row.
class CodedStore : public Store {
 public:
  CodedStore() {
    info_.shape = {2, 3};
    info_.dtype = "BF16";
    info_.source = "file 'coded', tensor 'layer.weight'";
    info_.format = formats::Format::Int8;
    info_.bytes = 14;
    stored_.matrix.format = formats::Format::Int8;
    stored_.matrix.rows = 2;
    stored_.matrix.columns = 3;
    stored_.matrix.codes = at::arange(6).view({2, 3}).to(at::kChar);
    stored_.matrix.scale = at::tensor({1.0f, 2.0f});
    stored_.input_scale = at::full({}, 0.5f);
  }
  std::vector<std::string> names() const override { return {"layer.weight"}; }
  const TensorInfo* find(std::string_view name) const override {
    return name == "layer.weight" ? &info_ : nullptr;
  }
  at::Tensor read(std::string_view) const override {
    return (stored_.matrix.codes.to(at::kFloat) * stored_.matrix.scale.unsqueeze(1)).to(at::kBFloat16);
  }
  WeightParts parts(std::string_view) const override { return {{}, stored_, {}}; }
  std::string describe() const override { return "coded"; }

 private:
  TensorInfo info_;
  StoredMatrix stored_;
};

class Reports : public Monitor {
 public:
  void progress(const Progress& report) override { done.push_back(report.bytes_done); }
  std::vector<uint64_t> done;
};

}  // namespace

TEST_CASE("LoRA fusion: a stored number format keeps its parts, its values take the update") {
  const Folder folder;
  const auto file = lora(folder, {{"layer.lora_A.weight", at::ones({1, 3})},
                                  {"layer.lora_B.weight", at::ones({2, 1})},
                                  {"layer.alpha", at::full({}, 3.0)}});
  const auto base = std::make_shared<const CodedStore>();
  const FusedStore store(base, {{file, 0.5}, {file, -0.25}});
  CHECK(at::equal(store.read("layer.weight"),
                  (base->read("layer.weight").to(at::kFloat) + 0.75).to(at::kBFloat16)));
  const auto parts = store.parts("layer.weight");
  REQUIRE(parts.stored);
  CHECK(parts.stored->matrix.codes.is_same(base->parts("layer.weight").stored->matrix.codes));
  CHECK(parts.stored->input_scale.item<float>() == 0.5f);
  REQUIRE(parts.updates.size() == 2);
  CHECK(parts.updates[0].strength == 0.5);
  CHECK(parts.updates[1].strength == -0.25);
  CHECK(parts.updates[1].alpha == 3);
  CHECK(parts.updates[0].up.sizes() == at::IntArrayRef({2, 1}));
  CHECK(parts.updates[0].down.sizes() == at::IntArrayRef({1, 3}));

  // Stores of stores: the inner updates come first.
  const FusedStore outer(std::make_shared<const FusedStore>(base, std::vector<Lora>{{file, 1.0}}),
                         {{file, 2.0}});
  const auto nested = outer.parts("layer.weight");
  REQUIRE(nested.updates.size() == 2);
  CHECK(nested.updates[0].strength == 1);
  CHECK(nested.updates[1].strength == 2);

  Reports reports;
  const ProgressStore progress(std::make_shared<const FusedStore>(base, std::vector<Lora>{{file, 1.0}}),
                               reports);
  CHECK(progress.parts("layer.weight").updates.size() == 1);
  CHECK(progress.bytes_done() == 14);
  CHECK(reports.done == std::vector<uint64_t>{14});
}

TEST_CASE(
    "LoRA fusion: the parts of unquantized weights are the file's values, updates only where targeted") {
  const Folder folder;
  const auto file = lora(folder, {{"layer.lora_A.weight", bf16(1)}, {"layer.lora_B.weight", bf16(1)}});
  const auto base = memory({{"layer.weight", bf16(2)}, {"other.weight", bf16(3)}});
  const FusedStore store(base, {{file, 1.0}});
  CHECK(store.parts("layer.weight").values.is_same(base->read("layer.weight")));
  CHECK(store.parts("layer.weight").updates.size() == 1);
  CHECK(store.parts("other.weight").values.is_same(base->read("other.weight")));
  CHECK(store.parts("other.weight").updates.empty());
}

TEST_CASE("LoRA fusion: factors that are not finite are refused with their name") {
  const Folder folder;
  auto down = at::ones({2, 3});
  down[1][2] = NAN;
  down[0][0] = INFINITY;
  const auto file = lora(folder, {{"layer.lora_A.weight", down}, {"layer.lora_B.weight", at::ones({2, 2})}});
  const auto base = memory({{"layer.weight", at::zeros({2, 3})}});
  const FusedStore store(base, {{file, 1.0}});
  for (const auto& use : {std::function<void()>([&] { store.read("layer.weight"); }),
                          std::function<void()>([&] { store.parts("layer.weight"); })})
    check_error(Status::Numeric, {file->path(), "layer.lora_A.weight", "found 2 NaN or Inf"}, use);
}

TEST_CASE("LoRA files read as the reference does: its spelling alone, no alpha, no complaints") {
  const Folder folder;
  const auto read = [&](const std::string& prefix, const std::string& a, const std::string& b) {
    static int number = 0;
    const auto path = (folder / ("r" + std::to_string(++number) + ".safetensors")).string();
    save_tensors(path, {{prefix + "layer" + a, bf16(1)},
                        {prefix + "layer" + b, bf16(1)},
                        {prefix + "layer.alpha", at::full({}, 8.0)},
                        {prefix + "other.lora_A.weight", bf16(1)},
                        {prefix + "layer.dora_scale", bf16(1)}});
    return std::make_shared<const LoraFile>(path, true);
  };
  const auto base = memory({{"layer.weight", bf16(0.5)}});
  for (const std::string prefix : {"", "diffusion_model.", "diffusion_model.diffusion_model."}) {
    const FusedStore store(base, {{read(prefix, ".lora_A.weight", ".lora_B.weight"), 1.0}});
    CHECK(store.target_count() == 1);
    CHECK(store.read("layer.weight").item<float>() == 1.5f);
    CHECK(store.warnings().empty());
  }
  for (const std::string prefix :
       {"model.diffusion_model.", "transformer.", "base_model.model.", "_orig_mod."}) {
    const FusedStore store(base, {{read(prefix, ".lora_A.weight", ".lora_B.weight"), 1.0}});
    CHECK(store.target_count() == 0);
    CHECK(store.read("layer.weight").is_same(base->read("layer.weight")));
  }
  CHECK(FusedStore(base, {{read("", ".lora_down.weight", ".lora_up.weight"), 1.0}}).target_count() == 0);
  CHECK(FusedStore(base, {{read("", ".lora_A.default.weight", ".lora_B.default.weight"), 1.0}})
            .target_count() == 0);

  // A LoRA of strength 0 counts among others, alone it does not (spec 01 §8.7).
  const auto file = read("", ".lora_A.weight", ".lora_B.weight");
  CHECK(FusedStore(base, {{file, 1.0}, {file, 0.0}}).parts("layer.weight").updates.size() == 2);
  CHECK(with_loras(base, {{file, 0.0}, {file, 0.0}}, at::kCPU) == base);
}

TEST_CASE("LoRA files: malformed ones are refused") {
  const Folder folder;
  const auto a = at::ones({2, 3}), b = at::ones({4, 2});
  check_error(Status::FileFormat, {"expected a LoRA, found a unknown"}, [&] {
    lora(folder, {{"weight", a}});
  });
  check_error(Status::LoraMismatch, {"'layer.dora_scale'", "unsupported adapter type"}, [&] {
    lora(folder, {{"layer.lora_A.weight", a}, {"layer.lora_B.weight", b}, {"layer.dora_scale", a}});
  });
  check_error(Status::LoraMismatch, {"layer 'layer'", "equal ranks, found 2", "and 3"}, [&] {
    lora(folder, {{"layer.lora_A.weight", a}, {"layer.lora_B.weight", at::ones({4, 3})}});
  });
  check_error(Status::LoraMismatch, {"'layer.lora_A.weight'", "expected a matrix, found 4 dimensions"}, [&] {
    lora(folder, {{"layer.lora_A.weight", at::ones({1, 1, 1, 1})}, {"layer.lora_B.weight", b}});
  });
  check_error(Status::LoraMismatch, {"'layer.lora_A.weight'", "found F8_E4M3"}, [&] {
    lora(folder, {{"layer.lora_A.weight", a.to(at::kFloat8_e4m3fn)}, {"layer.lora_B.weight", b}});
  });
  check_error(Status::LoraMismatch, {"'layer.alpha'", "expected one value, found 3"}, [&] {
    lora(folder, {{"layer.lora_A.weight", a}, {"layer.lora_B.weight", b}, {"layer.alpha", at::ones({3})}});
  });
  check_error(Status::LoraMismatch, {"same layer 'layer'"}, [&] {
    lora(
        folder,
        {{"layer.lora_A.weight", a}, {"diffusion_model.layer.lora_A.weight", a}, {"layer.lora_B.weight", b}});
  });
}

TEST_CASE("LoRA files: the settings of IC- and HDR-LoRAs") {
  const Folder folder;
  const Tensors factors{{"layer.lora_A.weight", at::ones({1, 1})}, {"layer.lora_B.weight", at::ones({1, 1})}};
  const auto plain = lora(folder, factors);
  CHECK(!plain->reference_downscale_factor());
  CHECK(plain->hdr_transform().empty());
  const auto ic = lora(folder, factors,
                       {{"reference_downscale_factor", "2"},
                        {"reference_temporal_scale_factor", "4"},
                        {"hdr_transform", "true"}});
  CHECK(ic->reference_downscale_factor() == 2);
  CHECK(ic->reference_temporal_scale_factor() == 4);
  CHECK(ic->hdr_transform() == "logc3");
  CHECK(lora(folder, factors, {{"use_hdr_transform", "yes"}})->hdr_transform() == "logc3");
  for (const auto* bad : {"two", "0", "2.5", "2 "})
    check_error(Status::ModelConfig, {"'reference_downscale_factor'", "positive integer", bad}, [&] {
      lora(folder, factors, {{"reference_downscale_factor", bad}})->reference_downscale_factor();
    });
}
