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
  std::vector<int64_t> keep_bf16_blocks;  // a negative number counts from the end: -1 is the last block
  bool reference = false;                 // [R] of spec 08 where it differs from [L]
};

/// An override of the policy: a format for the layers whose "component:layer" the glob matches; the last
/// match wins. In a component's name '-' and '_' are the same, and "video_vae" is its encoder and decoder.
struct Rule {
  std::string pattern;
  formats::Format format = formats::Format::Unquantized;
  bool keep = false;  // keep the stored format
};

/// What a policy is applied to.
enum class Target { Transformer, TextEncoder, VideoVae };
/// "transformer", "text_encoder", "video_vae": the component that a rule names unless a layer says otherwise.
std::string_view name_of(Target target);

/// What the device can multiply natively.
struct DeviceAbility {
  bool cuda = false;
  int compute_capability = 0;  // 90 = 9.0; 0 on a CPU
  int cuda_version = 0;        // of the build, 12090 = 12.9; 0: new enough
  bool cpu_int8 = false;       // of a CPU: int8 dot products, and LibTorch's operators for them
};

/// One layer as the policy sees it.
struct Layer {
  std::string name;  // full path from the component's root, without ".weight"; a file prefix and `_orig_mod`
                     // do no harm
  int64_t rows = 0, columns = 0;  // N, K
  formats::Format stored = formats::Format::Unquantized;
  std::string component = {};   // for rules; empty: that of the policy's target
  bool file_quantized = false;  // some layer of the component is stored in a number format: for the others
                                // the file has decided (spec 08 §2.4)
  int64_t rotation = 0;         // of stored int8 codes
  int64_t kernel = 0;           // of a convolution: kt·kh·kw, columns = Ci·kernel; 0: a linear layer
};

/// What becomes of a layer.
enum class Outcome {
  Plain,             // the policy does not concern it
  Quantized,         // encoded at load
  AlreadyQuantized,  // the stored codes are kept
  Skipped,           // of the policy's set, but stays unquantized; the decision says why
  Dequantized,       // stored in a number format, held in the compute dtype
};
/// "plain", "quantized", "already_quantized", "skipped", "dequantized".
std::string_view name_of(Outcome outcome);

struct Decision {
  formats::Encoding encoding;  // what to hold; Unquantized: the compute dtype
  Kind kind = Kind::None;      // whose arithmetic
  Arithmetic arithmetic = Arithmetic::Dequant;
  bool keep_stored = false;  // hold the codes as they are stored
  bool per_row = true;       // fp8-dynamic: activations per token, as the weight is per row; else per tensor
  std::string skipped;       // why a layer of the set stays unquantized ("storage", "gemm", "kept block" …)
  Outcome outcome = Outcome::Plain;
  std::string fallback;  // why a stored layer multiplies dequantized although the device is able: "gemm",
                         // "storage"
  /// Said once per policy and topic, whatever the number of layers.
  struct Warning {
    std::string topic;  // "fallback" (spec 08 §19), "stored", "fold", "rule"
    std::string text;
  };
  std::vector<Warning> warnings;
};

class Policy {
 public:
  Policy() = default;  // None
  /// Throws InvalidArgument or Unsupported for combinations that spec 08 §3, §15, §23 refuses, naming what
  /// works. For the video VAE a kind that it does not have becomes int8, with a notice.
  Policy(Target target, Kind kind, Options options = {}, std::vector<Rule> rules = {});

  /// Throws Quant if native arithmetic was asked for and the device has none for the layer (spec 08 §19).
  Decision decide(const Layer& layer, const DeviceAbility& device) const;

  /// The policy for a transformer of this depth: numbers of kept blocks become absolute. Throws
  /// InvalidArgument for a block that it does not have.
  Policy for_depth(int64_t blocks) const;

  Target target() const { return target_; }
  Kind kind() const { return kind_; }
  const Options& options() const { return options_; }
  const std::vector<Rule>& rules() const { return rules_; }
  /// What the constructor changed, to be told to the user once; empty: nothing.
  const std::string& notice() const { return notice_; }

 private:
  Decision decide_stored(const Layer& layer, const std::string& name) const;
  Decision decide_plain(const Layer& layer, const std::string& name) const;
  Decision encode_as(Kind kind, const Layer& layer, std::optional<formats::Format> format = {}) const;
  void choose_arithmetic(Decision& decision, const Layer& layer, const DeviceAbility& device) const;
  const Rule* rule_for(const Layer& layer, const std::string& name) const;
  bool takes(const std::string& name, const Layer& layer) const;
  bool keeps_block_of(const std::string& name) const;

  Target target_ = Target::Transformer;
  Kind kind_ = Kind::None;
  Options options_;
  std::vector<Rule> rules_;
  std::string notice_;
};

/// "fp8-scaled-mm" …, with the aliases of spec 08 §3.1. Throws InvalidArgument with the names that exist.
Kind kind_named(std::string_view name);
std::string_view name_of(Kind kind);
/// All kinds but Auto, in the order of their values.
const std::vector<Kind>& all_kinds();
/// Whose arithmetic a stored format follows where the policy does not say (spec 08 §17.1).
Kind kind_of(formats::Format format);

/// "per-tensor", "per-row"; throws InvalidArgument with the names that exist.
Granularity granularity_named(std::string_view name);

/// "edge4" (the first two and the last two blocks) or numbers separated by commas; "" is none. Throws
/// InvalidArgument.
std::vector<int64_t> keep_blocks_named(std::string_view text);

/// "transformer:transformer_blocks.*.ff.*=int8": a rule from a command line; "keep" and "bf16" are formats
/// too.
Rule rule_named(std::string_view text);

/// Why an unquantized layer [N, K] cannot be encoded on the fly: "storage", "gemm" or "" (spec 08 §2.3).
std::string_view dims_filter(Kind kind, const formats::Encoding& encoding, int64_t rows, int64_t columns);

/// How a kind multiplies on a device (spec 08 §19).
struct Route {
  bool native = false;         // N of the matrix: quantized activations, or bf16 for an unquantized weight
  bool by_definition = false;  // the kind never quantizes activations: D is no fallback
  int minimum_capability = 0;  // of native arithmetic; 0: none needed, or none known
};
Route route(Kind kind, const DeviceAbility& device, Granularity granularity = Granularity::Auto);

/// The least lossy kind whose transformer fits. `memory_bytes` = 0: not known, then the reference's rule:
/// fp8-dynamic where the device multiplies fp8, else int8. `model_bytes`: of the bf16 transformer.
struct Recommendation {
  Kind kind = Kind::None;
  uint64_t bytes = 0;  // of the transformer under the kind, about
  bool fits = true;
};
Recommendation recommended(const DeviceAbility& device, uint64_t memory_bytes, uint64_t model_bytes);

}  // namespace ltx::quant
