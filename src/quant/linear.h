// The one linear layer of the library. Which format the weight has is the policy's decision; models do not
// ask.
#pragma once
#include <memory>
#include <string>
#include <string_view>

#include "quant/linear_parts.h"
#include "quant/source.h"

namespace ltx::quant {

class BackEnd;
class LowRank;

/// A value: copies share the weight.
class Linear {
 public:
  /// Takes `weight` [out, in] and, if `bias`, `bias` [out] at the source's place, held as the source's policy
  /// decides; see load_linear().
  Linear(const Source& source, int64_t in, int64_t out, bool bias = true);
  /// Throws Quant where `parts` asks for native arithmetic that the device or the shape does not have.
  explicit Linear(LinearParts parts);

  /// x [..., in] in the compute dtype -> [..., out]. The output has the dtype of x. A layer made of
  /// parts yields BF16 under nvfp4, fp8-block128 and fp6-block128 (spec 08 §12.4, §13.1); one made of a
  /// source widens that to the dtype of its network. Low-rank updates are added in BF16 after the bias; see
  /// LowRank for the order of roundings.
  at::Tensor operator()(const at::Tensor& x) const;

  int64_t in() const { return in_; }
  int64_t out() const { return out_; }
  /// How the layer multiplies: "plain", "emulate", "dequant", "cpu-int8" or "cublaslt".
  std::string_view back_end() const;

 private:
  std::string name_;
  int64_t in_ = 0, out_ = 0;
  bool in_network_ = false;  // outputs have the dtype of x
  std::shared_ptr<const BackEnd> back_end_;
  std::shared_ptr<const LowRank> low_rank_;  // null: no run-time LoRA
};

}  // namespace ltx::quant
