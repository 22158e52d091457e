// GroupNorm with affine weights (spec 04 §3.3, §8.1).
#pragma once
#include "quant/source.h"

namespace ltx::nn {

class GroupNorm {
 public:
  /// Takes `weight` and `bias` [channels] at the source's place. Throws ModelConfig unless the groups divide
  /// the channels.
  GroupNorm(const quant::Source& source, int64_t channels, int64_t groups, double epsilon);

  /// x [B, C, …]; the statistics run over a group's channels and all positions, in fp32. The result is
  /// contiguous.
  at::Tensor operator()(const at::Tensor& x) const;

 private:
  at::Tensor weight_, bias_;
  int64_t groups_;
  double epsilon_;
};

}  // namespace ltx::nn
