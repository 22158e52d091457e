// Every cell of stored format × policy × LoRA order × device (spec 08 §3.1, §3.3, §15, §19): what is held,
// what is told, what is refused, and that the values are those that were asked for.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <array>
#include <optional>

#include "expect_error.h"
#include "quant/context.h"
#include "quant/load_linear.h"
#include "quant_test_store.h"

namespace ltx::quant {
namespace {

using formats::Format;
using test::encoded;
using test::random;
using test::TestStore;

constexpr int64_t kSize = 128;

/// An upper bound of the relative L2 of a format (spec 08 §20), for weights of σ = 0.02.
double error_of(Format format) {
  switch (format) {
    case Format::Unquantized:
      return 0.003;
    case Format::Int8:
    case Format::Q8_0:
      return 0.012;
    case Format::Int4:
    case Format::Nvfp4:
    case Format::Nf4:
      return 0.11;
    default:
      return 0.045;
  }
}

/// What the format of a layer becomes, told a second time from the chapter's tables; nothing: refused.
std::optional<Format> held_format(Kind kind, Format stored, LoraOrder order) {
  if (kind == Kind::Nvfp4Prequant && stored != Format::Nvfp4) return std::nullopt;
  if (stored != Format::Unquantized) {
    if (kind == Kind::None) return Format::Unquantized;
    if (kind == Kind::Fp8Cast) return Format::Fp8Unscaled;
    if (stored == Format::Q8_0 && order == LoraOrder::After) return Format::Unquantized;  // §14
    return stored;
  }
  switch (kind) {
    case Kind::Fp8Cast:
      return Format::Fp8Unscaled;
    case Kind::Fp8ScaledMm:
      return Format::Fp8PerTensor;
    case Kind::Fp8Dynamic:
    case Kind::Fp8WeightOnly:
      return Format::Fp8PerRow;
    case Kind::Fp8Block128:
      return Format::Fp8Block128;
    case Kind::Mxfp8:
      return Format::Mxfp8;
    case Kind::Fp6Block128:
      return Format::Fp6Block128;
    case Kind::Nvfp4Cast:
      return Format::Nvfp4;
    case Kind::Int8:
    case Kind::Int8Dynamic:
      return Format::Int8;
    case Kind::Int4:
      return Format::Int4;
    case Kind::Nf4:
      return Format::Nf4;
    default:
      return Format::Unquantized;
  }
}

/// The lowest compute capability on which a kind multiplies quantized activations; 0: it has none.
int native_from(Kind kind) {
  switch (kind) {
    case Kind::Fp8ScaledMm:
    case Kind::Fp8Dynamic:
      return 89;
    case Kind::Int8Dynamic:
      return 75;
    case Kind::Mxfp8:
    case Kind::Nvfp4Cast:
    case Kind::Nvfp4Prequant:
      return 100;
    case Kind::Fp8Block128:
    case Kind::Fp6Block128:
      return 90;
    default:
      return 0;
  }
}

double relative(const at::Tensor& actual, const at::Tensor& expected) {
  return (actual.to(at::kFloat) - expected).norm().item<double>() / expected.norm().item<double>();
}

}  // namespace

TEST_CASE("stored format × policy × LoRA order × device") {
  const std::string layer = "transformer_blocks.0.attn1.to_q";
  const auto weight = random({kSize, kSize});
  const weights::ScaledFactors update{random({kSize, 4}, 0.05), random({4, kSize}, 0.05), 1.0, 1.0};
  const auto delta = at::mm(update.up.to(at::kFloat), update.down.to(at::kFloat));
  const std::array devices = {DeviceAbility{.cpu_int8 = true}, DeviceAbility{true, 75, 12090},
                              DeviceAbility{true, 80, 12090},  DeviceAbility{true, 89, 12090},
                              DeviceAbility{true, 90, 12090},  DeviceAbility{true, 100, 12090},
                              DeviceAbility{true, 120, 12090}};
  auto kinds = all_kinds();
  kinds.push_back(Kind::Auto);
  int64_t cells = 0, refused = 0, fallbacks = 0;
  for (const auto stored_format : {Format::Unquantized, Format::Fp8Unscaled, Format::Fp8PerTensor,
                                   Format::Fp8PerRow, Format::Mxfp8, Format::Fp8Block128, Format::Fp6Block128,
                                   Format::Nvfp4, Format::Int8, Format::Int4, Format::Nf4, Format::Q8_0}) {
    weights::StoredMatrix matrix;
    if (stored_format != Format::Unquantized) matrix = encoded(stored_format, weight);
    const auto base =
        stored_format == Format::Unquantized ? weight.to(at::kFloat) : formats::decode(matrix.matrix);
    for (const auto kind : kinds)
      for (const int with_lora : {0, 1})
        for (const auto order : {LoraOrder::Auto, LoraOrder::Before, LoraOrder::After, LoraOrder::Runtime}) {
          if (!with_lora && order != LoraOrder::Auto) continue;
          // A stored layer has no source to add to before: it follows `after`, GGUF `runtime` (§3.3).
          const bool from_source = stored_format == Format::Unquantized;
          const auto effective = [&] {
            if (!with_lora) return LoraOrder::Auto;
            if (from_source || order == LoraOrder::Runtime) return order;
            const bool blocks = kind != Kind::None && kind != Kind::Fp8Cast && stored_format == Format::Q8_0;
            return order == LoraOrder::Auto && blocks ? LoraOrder::Runtime : LoraOrder::After;
          }();
          for (const auto& device : devices) {
            CAPTURE(formats::name_of(stored_format));
            CAPTURE(name_of(kind));
            CAPTURE(static_cast<int>(effective));
            CAPTURE(device.compute_capability);
            auto store = std::make_shared<TestStore>();
            if (from_source)
              store->plain(layer + ".weight", weight);
            else
              store->stored(layer, matrix);
            if (with_lora) store->update(layer, update);
            Context wanted;
            Options options;
            options.lora_order = order;
            options.lora_rounding = Rounding::Nearest;
            wanted.policy = Policy(Target::Transformer, kind, options);
            wanted.ability = device;
            const auto load = [&] {
              const auto context = make_context(wanted, *store);
              return load_linear(Source(weights::View(store), at::kCPU, at::kBFloat16, context) / layer,
                                 kSize, kSize, false);
            };
            ++cells;
            const auto held = held_format(kind, stored_format, effective);
            if (!held) {
              ++refused;
              expect_error(Status::Quant, "Use ", load);
              continue;
            }
            const auto parts = load();
            CHECK(parts.weight.format == *held);
            // Values: what was asked for, within the errors of the formats that were passed.
            const bool added = with_lora && parts.low_rank.empty();
            CHECK(parts.low_rank.size() == (with_lora && !added ? 1 : 0));
            const auto target = added ? base + delta : base;
            // Two passes over a grid: `after`, and the scales that fp8-cast folds.
            const bool twice = effective == LoraOrder::After || (kind == Kind::Fp8Cast && !from_source);
            CHECK(relative(formats::decode(parts.weight), target) <= (twice ? 1.7 : 1) * error_of(*held));
            // A device that cannot multiply natively is told about once, and nothing else is.
            int told = 0;
            for (const auto& text : wanted.report->warnings())
              told += text.find("dequantized to bf16 for each") != std::string::npos;
            const int minimum = *held == Format::Unquantized ? 0 : native_from(parts.kind);
            const bool block = parts.kind == Kind::Fp8Block128 || parts.kind == Kind::Fp6Block128;
            const bool native = device.cuda ? device.compute_capability >= minimum &&
                                                  !(block && device.compute_capability >= 100)
                                            : parts.kind == Kind::Int8Dynamic;
            if (minimum > 0) {
              CHECK(parts.arithmetic == (native ? Arithmetic::Native : Arithmetic::Dequant));
              CHECK(told == (native ? 0 : 1));
              fallbacks += told;
            } else if (*held != Format::Unquantized) {
              CHECK(told == 0);
            }
          }
        }
  }
  CHECK(cells == 12 * 16 * 5 * 7);
  CHECK(refused == 11 * 5 * 7);
  CHECK(fallbacks > 0);
}

}  // namespace ltx::quant
