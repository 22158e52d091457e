#include "models/video_vae/patchify.h"

namespace ltx::video_vae {

at::Tensor patchify(const at::Tensor& x, int64_t patch) {
  if (patch == 1) return x;
  const int64_t B = x.size(0), C = x.size(1), F = x.size(2), h = x.size(3) / patch, w = x.size(4) / patch;
  return x.reshape({B, C, F, h, patch, w, patch})
      .permute({0, 2, 3, 5, 1, 6, 4})
      .reshape({B, F, h, w, C * patch * patch})
      .permute({0, 4, 1, 2, 3});
}

at::Tensor unpatchify(const at::Tensor& x, int64_t patch) {
  if (patch == 1) return x.contiguous();
  const int64_t B = x.size(0), C = x.size(1) / (patch * patch), F = x.size(2), h = x.size(3), w = x.size(4);
  return x.permute({0, 2, 3, 4, 1})
      .reshape({B, F, h, w, C, patch, patch})
      .permute({0, 4, 1, 2, 6, 3, 5})
      .reshape({B, C, F, h * patch, w * patch});
}

}  // namespace ltx::video_vae
