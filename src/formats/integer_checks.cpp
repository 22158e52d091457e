#include "base/error.h"
#include "formats/integer_launch.h"

namespace ltx::formats::integer {

void require_finite(const at::Tensor& scale, const at::Tensor& weight) {
  if (at::isfinite(scale).all().item<bool>()) return;
  const auto count = weight.numel() - at::isfinite(weight).sum().item<int64_t>();
  if (count > 0) {
    fail(Status::Numeric,
         "{} of {} values are NaN or Inf and have no code. The file is damaged; get it again.", count,
         weight.numel());
  }
  fail(Status::Numeric, "The values are too large for a scale. The file is damaged; get it again.");
}

void require_matrix(const at::Tensor& weight) {
  if (weight.dim() == 2) return;
  fail(Status::TensorMismatch, "A weight of {} axes has no rows to quantize; expected two. Leave it in bf16.",
       weight.dim());
}

}  // namespace ltx::formats::integer
