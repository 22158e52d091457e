#include "weights/cross_check.h"

#include <algorithm>
#include <charconv>

#include "base/error.h"

namespace ltx::weights {
namespace {

using nlohmann::json;

class Check {
 public:
  Check(const json& config, const Store& tensors, const std::string& file)
      : config_(config), tensors_(tensors), file_(file) {}

  int64_t integer(const char* key, int64_t fallback) const {
    const auto found = config_.find(key);
    return found != config_.end() && found->is_number() ? found->get<int64_t>() : fallback;
  }
  bool flag(const char* key, bool fallback) const {
    const auto found = config_.find(key);
    return found != config_.end() && found->is_boolean() ? found->get<bool>() : fallback;
  }

  /// The presence of a tensor, given that its sibling exists.
  void presence(const char* key, bool expected, const std::string& sibling, const std::string& tensor) const {
    if (!tensors_.find(sibling) || (tensors_.find(tensor) != nullptr) == expected) return;
    contradiction(key, expected ? "true" : "false", tensor, expected ? "no such tensor" : "the tensor");
  }

  void rows(const std::string& key, int64_t expected, const std::string& tensor) const {
    const auto* info = tensors_.find(tensor);
    if (info && !info->shape.empty() && info->shape[0] != expected)
      contradiction(key, std::to_string(expected), tensor, fmt::format("{} rows", info->shape[0]));
  }

  [[noreturn]] void contradiction(const std::string& key, const std::string& value, const std::string& tensor,
                                  const std::string& found) const {
    fail(Status::ModelConfig,
         "'{}': config.transformer.{} = {} contradicts tensor '{}': found {}. Config and weights are of "
         "different models.",
         file_, key, value, tensor, found);
  }

  int64_t blocks() const {
    constexpr std::string_view kBlocks = "transformer_blocks.";
    int64_t count = 0;
    for (const auto& name : tensors_.names()) {
      if (!name.starts_with(kBlocks)) continue;
      int64_t index = -1;
      std::from_chars(name.data() + kBlocks.size(), name.data() + name.size(), index);
      count = std::max(count, index + 1);
    }
    return count;
  }

 private:
  const json& config_;
  const Store& tensors_;
  const std::string& file_;
};

}  // namespace

void check_transformer_config(const json& config, const Store& tensors, const std::string& file) {
  const Check check(config, tensors, file);
  const auto layers = check.integer("num_layers", 48), blocks = check.blocks();
  if (blocks != layers)
    check.contradiction("num_layers", std::to_string(layers),
                        fmt::format("transformer_blocks.{}", std::min(layers, blocks)),
                        fmt::format("{} blocks", blocks));
  const bool adaln = check.flag("cross_attention_adaln", false),
             gated = check.flag("apply_gated_attention", false);
  for (const std::string stream : {"", "audio_"}) {
    const int64_t width = check.integer((stream + "num_attention_heads").c_str(), 32) *
                          check.integer((stream + "attention_head_dim").c_str(), stream.empty() ? 128 : 64);
    check.rows(stream + "num_attention_heads × " + stream + "attention_head_dim", width,
               stream + "patchify_proj.weight");
    const std::string block = "transformer_blocks.0." + stream;
    check.presence("apply_gated_attention", gated, block + "attn1.to_q.weight",
                   block + "attn1.to_gate_logits.weight");
    if (const auto* table = tensors.find(block + "scale_shift_table");
        table && table->shape.size() == 2 && table->shape[0] != (adaln ? 9 : 6))
      check.contradiction("cross_attention_adaln", adaln ? "true" : "false", block + "scale_shift_table",
                          fmt::format("{} rows", table->shape[0]));
    check.presence((stream + "ff_bias").c_str(), check.flag((stream + "ff_bias").c_str(), true),
                   block + "ff.net.2.weight", block + "ff.net.2.bias");
  }
}

}  // namespace ltx::weights
