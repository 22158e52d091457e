#include "kernels/modulate.h"

#include "kernels/launch.h"

namespace ltx::kernels {

at::Tensor modulate(const at::Tensor& x, const TokenRows& scale, const TokenRows& shift) {
  auto out = at::empty_like(x);
  ModulateArguments a;
  a.element = element_of(x);
  a.width = x.size(-1);
  a.rows = x.numel() / a.width;
  a.x = x.const_data_ptr();
  a.out = out.data_ptr();
  a.scale = source_of(scale, x);
  a.shift = source_of(shift, x);
  LTX_LAUNCH(modulate, a, x, a.width);
  return out;
}

}  // namespace ltx::kernels
