#include "models/video_vae/timestep.h"

namespace ltx::video_vae {
namespace {
constexpr int64_t kWidth = 256;
}

at::Tensor timestep_sinusoid(const at::Tensor& timestep) {
  constexpr int64_t half = kWidth / 2;
  const auto exponent =
      at::arange(half, timestep.options().dtype(at::kFloat)).mul(-std::log(10000.0)).div(half);
  const auto angle = timestep.to(at::kFloat).unsqueeze(1) * exponent.exp().unsqueeze(0);
  return at::cat({angle.cos(), angle.sin()}, 1);
}

TimestepEmbedder::TimestepEmbedder(const quant::Source& source, int64_t width)
    : first_(source / "timestep_embedder" / "linear_1", kWidth, width),
      second_(source / "timestep_embedder" / "linear_2", width, width) {}

at::Tensor TimestepEmbedder::operator()(const at::Tensor& timestep, at::ScalarType dtype) const {
  return second_(at::silu(first_(timestep_sinusoid(timestep).to(dtype))));
}

at::Tensor modulation(const at::Tensor& table, const at::Tensor& embedding) {
  const int64_t n = table.size(0), C = table.size(1);
  return table.to(embedding.scalar_type()).view({1, n, C, 1, 1, 1}) + embedding.view({-1, n, C, 1, 1, 1});
}

at::Tensor modulate(const at::Tensor& x, const at::Tensor& shift, const at::Tensor& scale) {
  return x * (1 + scale) + shift;
}

}  // namespace ltx::video_vae
