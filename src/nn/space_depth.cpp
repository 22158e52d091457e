#include "nn/space_depth.h"

namespace ltx::nn {

at::Tensor space_to_depth(const at::Tensor& x, Triple cell) {
  const auto [p1, p2, p3] = cell;
  const int64_t B = x.size(0), C = x.size(1), d = x.size(2) / p1, h = x.size(3) / p2, w = x.size(4) / p3;
  return x.permute({0, 2, 3, 4, 1})
      .reshape({B, d, p1, h, p2, w, p3, C})
      .permute({0, 1, 3, 5, 7, 2, 4, 6})
      .reshape({B, d, h, w, C * p1 * p2 * p3})
      .permute({0, 4, 1, 2, 3});
}

at::Tensor depth_to_space(const at::Tensor& x, Triple cell) {
  const auto [p1, p2, p3] = cell;
  const int64_t B = x.size(0), C = x.size(1) / (p1 * p2 * p3), d = x.size(2), h = x.size(3), w = x.size(4);
  return x.permute({0, 2, 3, 4, 1})
      .reshape({B, d, h, w, C, p1, p2, p3})
      .permute({0, 1, 5, 2, 6, 3, 7, 4})
      .reshape({B, d * p1, h * p2, w * p3, C})
      .permute({0, 4, 1, 2, 3});
}

}  // namespace ltx::nn
