#include "kernels/gelu.h"

#include "kernels/launch.h"

namespace ltx::kernels {

void gelu_(at::Tensor& x) {
  GeluArguments a;
  a.element = element_of(x);
  a.width = x.size(-1);
  a.rows = x.numel() / a.width;
  a.x = x.data_ptr();
  LTX_LAUNCH(gelu, a, x, a.width);
}

}  // namespace ltx::kernels
