// From a noise level to modulation rows (spec 02 §4.2).
#pragma once
#include "quant/linear.h"

namespace ltx::transformer {

/// Sinusoidal embedding of timesteps t [N] fp32 -> [N, 256] fp32, cosines first.
at::Tensor sinusoid(const at::Tensor& t, const at::Tensor& frequencies);
/// The 128 angular frequencies, fp32.
at::Tensor sinusoid_frequencies(at::Device device);

class AdaLayerNorm {
 public:
  /// emb.timestep_embedder.linear_{1,2} and linear at the source's place; `rows` modulation rows of width
  /// `dim`.
  AdaLayerNorm(const quant::Source& source, int64_t dim, int64_t rows);

  struct Result {
    at::Tensor modulation;  // [N, rows · dim]
    at::Tensor embedded;    // [N, dim], before the last SiLU
  };
  /// t [N], already scaled.
  Result operator()(const at::Tensor& t) const;

 private:
  at::ScalarType compute_;
  at::Tensor frequencies_;
  quant::Linear linear_1_, linear_2_, linear_;
};

}  // namespace ltx::transformer
