#include "models/video_vae/norm.h"

namespace ltx::video_vae {

at::Tensor pixel_norm(const at::Tensor& x) {
  return x / x.mul(x).mean({1}, /*keepdim=*/true).add(1e-8).sqrt();
}

Norm::Norm(NormKind kind, const quant::Source& source, int64_t channels) {
  if (kind == NormKind::Group) group_.emplace(source, channels, 32, kEpsilon);
}

at::Tensor Norm::operator()(const at::Tensor& x) const {
  return group_ ? (*group_)(x) : pixel_norm(x);
}

}  // namespace ltx::video_vae
