#include "nn/norm.h"

namespace ltx::nn {

at::Tensor rms_norm(const at::Tensor& x, double eps) {
  return at::rms_norm(x, {x.size(-1)}, std::nullopt, eps);
}

at::Tensor rms_norm(const at::Tensor& x, const at::Tensor& weight, double eps) {
  return at::rms_norm(x, {x.size(-1)}, weight, eps);
}

at::Tensor layer_norm(const at::Tensor& x, double eps) {
  return at::layer_norm(x, {x.size(-1)}, {}, {}, eps);
}

}  // namespace ltx::nn
