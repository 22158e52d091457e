// The two-layer perceptron of the transformer and the connectors (spec 02 §6).
#pragma once
#include "quant/linear.h"

namespace ltx::nn {

/// GELU in its tanh approximation. May reuse the memory of x when gradients are off: pass what nobody else
/// reads.
at::Tensor gelu_tanh(at::Tensor x);

class FeedForward {
 public:
  /// net.0.proj [4·dim, dim] and net.2 [dim, 4·dim] at the source's place, both with or both without bias.
  FeedForward(const quant::Source& source, int64_t dim, bool bias = true);

  /// x [..., dim] -> [..., dim].
  at::Tensor operator()(const at::Tensor& x) const;

 private:
  quant::Linear expand_, contract_;
};

}  // namespace ltx::nn
