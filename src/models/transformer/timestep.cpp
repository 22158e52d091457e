#include "models/transformer/timestep.h"

#include <cmath>

namespace ltx::transformer {
namespace {
constexpr int64_t kFrequencies = 128;
}

at::Tensor sinusoid_frequencies(at::Device device) {
  // The argument reaches 1000 rad: the operations and their order are part of the definition.
  const auto i = at::arange(kFrequencies, at::TensorOptions(at::kFloat));
  return (i * -std::log(10000.0)).div_(kFrequencies).exp_().to(device);
}

at::Tensor sinusoid(const at::Tensor& t, const at::Tensor& frequencies) {
  const auto angle = t.to(at::kFloat).unsqueeze(1) * frequencies;
  return at::cat({angle.cos(), angle.sin()}, 1);
}

AdaLayerNorm::AdaLayerNorm(const quant::Source& source, int64_t dim, int64_t rows)
    : compute_(source.compute()),
      frequencies_(sinusoid_frequencies(source.device())),
      linear_1_(source / "emb" / "timestep_embedder" / "linear_1", 2 * kFrequencies, dim),
      linear_2_(source / "emb" / "timestep_embedder" / "linear_2", dim, dim),
      linear_(source / "linear", dim, rows * dim) {}

AdaLayerNorm::Result AdaLayerNorm::operator()(const at::Tensor& t) const {
  const auto embedded = linear_2_(at::silu(linear_1_(sinusoid(t, frequencies_).to(compute_))));
  return {linear_(at::silu(embedded)), embedded};
}

}  // namespace ltx::transformer
