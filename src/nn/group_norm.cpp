#include "nn/group_norm.h"

#include "base/error.h"

namespace ltx::nn {

GroupNorm::GroupNorm(const quant::Source& source, int64_t channels, int64_t groups, double epsilon)
    : weight_(source.tensor("weight", {channels})),
      bias_(source.tensor("bias", {channels})),
      groups_(groups),
      epsilon_(epsilon) {
  if (channels % groups != 0)
    fail(Status::ModelConfig,
         "'{}': group norm of {} channels, expected a multiple of {}. Use a config whose widths are "
         "divisible.",
         source.view().path("weight"), channels, groups);
}

at::Tensor GroupNorm::operator()(const at::Tensor& x) const {
  // In channels-last memory the CPU kernel takes the variance as E[x²] − E[x]², which cancels where the mean
  // is large.
  return at::group_norm(x.contiguous(), groups_, weight_, bias_, epsilon_);
}

}  // namespace ltx::nn
