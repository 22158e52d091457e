#include "kernels/residual_norm.h"

#include "base/error.h"
#include "kernels/launch.h"

namespace ltx::kernels {

std::vector<at::Tensor> residual_norm(at::Tensor& x, const at::Tensor& y, const TokenRows* gate,
                                      at::ArrayRef<const ScaleShiftRows*> by, double eps) {
  ResidualNormArguments a;
  const bool fits = !y.defined() || (y.sizes() == x.sizes() && y.scalar_type() == x.scalar_type() &&
                                     y.device() == x.device() && y.is_contiguous());
  if (by.size() > std::size(a.outs) || !fits) {
    fail(Status::Internal,
         "A residual step has {} outputs or operands of different shape or dtype. Report this.", by.size());
  }
  a.element = element_of(x);
  a.width = x.size(-1);
  a.rows = x.numel() / a.width;
  a.eps = static_cast<float>(eps);
  a.x = x.data_ptr();
  if (y.defined()) a.y = y.const_data_ptr();
  if (gate) a.gate = source_of(*gate, x);
  std::vector<at::Tensor> results;
  for (const auto* entry : by) {
    auto& out = a.outs[a.out_count++];
    results.push_back(at::empty_like(x));
    out.out = results.back().data_ptr();
    if (entry) {
      out.scale = source_of(entry->scale, x);
      out.shift = source_of(entry->shift, x);
    }
  }
  LTX_LAUNCH(residual_norm, a, x, a.width);
  return results;
}

}  // namespace ltx::kernels
