#include "kernels/fused.h"

#include <ATen/core/grad_mode.h>

#include "base/error.h"

namespace ltx::kernels {

bool fusible(const at::Tensor& x) {
  if (at::GradMode::is_enabled() || !x.is_contiguous()) return false;
  if (x.scalar_type() != at::kFloat && x.scalar_type() != at::kBFloat16) return false;
#ifdef LTX_WITH_CUDA
  if (x.is_cuda()) return true;
#endif
  return x.is_cpu();
}

Element element_of(const at::Tensor& x) {
  return x.scalar_type() == at::kFloat ? Element::Float : Element::BFloat16;
}

RowSource source_of(const TokenRows& rows, const at::Tensor& x) {
  const auto& v = rows.values;
  if (v.dim() != 2 || v.size(1) != x.size(-1) || v.stride(1) != 1 || v.scalar_type() != x.scalar_type() ||
      v.device() != x.device() || (!rows.index.defined() && v.size(0) != 1)) {
    fail(Status::Internal, "Per-token rows [{}, {}] do not fit tokens of width {}. Report this.", v.size(0),
         v.dim() > 1 ? v.size(1) : 0, x.size(-1));
  }
  const auto& index = rows.index;
  if (index.defined() && (index.device() != x.device() || !index.is_contiguous() ||
                          index.scalar_type() != at::kInt || index.numel() * x.size(-1) != x.numel())) {
    fail(Status::Internal, "A row index of {} entries does not fit {} tokens. Report this.", index.numel(),
         x.numel() / std::max<int64_t>(x.size(-1), 1));
  }
  return {v.const_data_ptr(), v.stride(0),
          rows.index.defined() ? rows.index.const_data_ptr<int32_t>() : nullptr};
}

}  // namespace ltx::kernels
