// The one linear layer of the library. Which format the weight has is the policy's decision; models do not
// ask.
#pragma once
#include "quant/source.h"

namespace ltx::quant {

class Linear {
 public:
  /// Takes `weight` [out, in] and, if `bias`, `bias` [out] at the source's place.
  Linear(const Source& source, int64_t in, int64_t out, bool bias = true);

  /// x [..., in] in the compute dtype -> [..., out].
  at::Tensor operator()(const at::Tensor& x) const;

  int64_t in() const { return weight_.size(1); }
  int64_t out() const { return weight_.size(0); }

 private:
  at::Tensor weight_, bias_;
};

}  // namespace ltx::quant
