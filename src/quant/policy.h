// Which layer gets which number format, and how it multiplies: decided once, at load (spec 08 §2, §3).
#pragma once
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "formats/matrix.h"
#include "quant/linear_parts.h"

namespace ltx::quant {

enum class Granularity : int32_t { Auto = 0, PerTensor = 1, PerRow = 2 };
enum class LayerSet : int32_t { Auto = 0, S28 = 1, S12 = 2, S34 = 3 };
enum class LoraOrder : int32_t { Auto = 0, Before = 1, After = 2, Runtime = 3 };
enum class Rounding : int32_t { Auto = 0, Nearest = 1, Stochastic = 2 };

/// Refines a kind; the defaults are the kind's. Mirrors ltx_quant_options.
struct Options {
  Granularity granularity = Granularity::Auto;
  LayerSet layer_set = LayerSet::Auto;
  Arithmetic arithmetic = Arithmetic::Auto;
  LoraOrder lora_order = LoraOrder::Auto;
  Rounding lora_rounding = Rounding::Auto;
  ActScale act_scale = ActScale::Auto;
  std::optional<int64_t> group_size;  // int4
  std::optional<bool> fast_accum;
  std::vector<int64_t> keep_bf16_blocks;
  bool reference = false;  // [R] of spec 08 where it differs from [L]
};

/// An override of the policy: a format for the layers whose "component:layer" the glob matches; the last
/// match wins.
struct Rule {
  std::string pattern;
  formats::Format format = formats::Format::Unquantized;
  bool keep = false;  // keep the stored format
};

/// What a policy is applied to.
enum class Target { Transformer, TextEncoder, VideoVae };

/// What the device can multiply natively.
struct DeviceAbility {
  bool cuda = false;
  int compute_capability = 0;  // 90 = 9.0; 0 on a CPU
};

/// One layer as the policy sees it.
struct Layer {
  std::string name;  // full path from the component's root, without ".weight", any file prefix or `_orig_mod`
  int64_t rows = 0, columns = 0;  // N, K
  formats::Format stored = formats::Format::Unquantized;
};

struct Decision {
  formats::Encoding encoding;  // what to hold; Unquantized: the compute dtype
  Kind kind = Kind::None;      // whose arithmetic
  Arithmetic arithmetic = Arithmetic::Dequant;
  bool keep_stored = false;  // hold the codes as they are stored
  std::string skipped;       // why a layer of the set stays unquantized ("storage", "gemm", "kept block" …)
};

class Policy {
 public:
  Policy() = default;  // None
  /// Throws InvalidArgument / Unsupported / Quant for combinations that spec 08 §3, §15, §23 refuses, naming
  /// what works. `blocks`: depth of the transformer.
  Policy(Target target, Kind kind, Options options = {}, std::vector<Rule> rules = {});

  Decision decide(const Layer& layer, const DeviceAbility& device) const;

  Target target() const { return target_; }
  Kind kind() const { return kind_; }
  const Options& options() const { return options_; }
  const std::vector<Rule>& rules() const { return rules_; }

 private:
  Target target_ = Target::Transformer;
  Kind kind_ = Kind::None;
  Options options_;
  std::vector<Rule> rules_;
};

/// "fp8-scaled-mm" …, with the aliases of spec 08 §3.1. Throws InvalidArgument with the names that exist.
Kind kind_named(std::string_view name);
std::string_view name_of(Kind kind);

}  // namespace ltx::quant
