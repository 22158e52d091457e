#include "quant/linear.h"

namespace ltx::quant {

Linear::Linear(const Source& source, int64_t in, int64_t out, bool bias)
    : weight_(source.tensor("weight", {out, in})),
      bias_(bias ? source.tensor("bias", {out}) : at::Tensor()) {}

at::Tensor Linear::operator()(const at::Tensor& x) const {
  return at::linear(x, weight_, bias_.defined() ? std::optional<at::Tensor>(bias_) : std::nullopt);
}

}  // namespace ltx::quant
