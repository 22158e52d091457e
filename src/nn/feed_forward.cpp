#include "nn/feed_forward.h"

#include "kernels/gelu.h"

namespace ltx::nn {

at::Tensor gelu_tanh(at::Tensor x) {
  if (!kernels::fusible(x)) return at::gelu(x, "tanh");
  kernels::gelu_(x);
  return x;
}

FeedForward::FeedForward(const quant::Source& source, int64_t dim, bool bias)
    : expand_(source / "net" / int64_t{0} / "proj", dim, 4 * dim, bias),
      contract_(source / "net" / int64_t{2}, 4 * dim, dim, bias) {}

at::Tensor FeedForward::operator()(const at::Tensor& x) const {
  return contract_(gelu_tanh(expand_(x)));
}

}  // namespace ltx::nn
