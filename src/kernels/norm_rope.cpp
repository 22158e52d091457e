#include "kernels/norm_rope.h"

#include "base/error.h"
#include "kernels/launch.h"

namespace ltx::kernels {

void norm_rope_(at::Tensor& x, const at::Tensor& weight, double eps, int64_t heads, const at::Tensor& cos,
                const at::Tensor& sin) {
  NormRopeArguments a;
  a.element = element_of(x);
  a.width = x.size(-1);
  a.rows = x.numel() / a.width;
  a.heads = heads;
  a.eps = static_cast<float>(eps);
  a.x = x.data_ptr();
  const auto fits = [&x](const at::Tensor& t) {
    return t.scalar_type() == x.scalar_type() && t.device() == x.device();
  };
  bool valid = fits(weight) && weight.numel() == a.width && weight.is_contiguous();
  a.weight = weight.const_data_ptr();
  if (cos.defined()) {
    valid = valid && fits(cos) && fits(sin) && cos.is_contiguous() && sin.is_contiguous() &&
            cos.sizes() == sin.sizes() && cos.size(-1) * 2 == a.width && a.width % (2 * heads) == 0 &&
            (cos.size(0) == 1 || cos.size(0) == x.size(0)) && cos.size(1) == x.size(1);
    a.table_rows = cos.numel() / std::max<int64_t>(1, cos.size(-1));
    a.cos = cos.const_data_ptr();
    a.sin = sin.const_data_ptr();
  }
  if (!valid) {
    fail(Status::Internal, "The weight or the rotary table does not fit tokens of width {}. Report this.",
         a.width);
  }
  LTX_LAUNCH(norm_rope, a, x, a.width);
}

}  // namespace ltx::kernels
