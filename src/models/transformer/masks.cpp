#include "models/transformer/masks.h"

#include <limits>

#include "base/error.h"

namespace ltx::transformer {
namespace {

struct Range {
  double largest, tiny;
};

Range range_of(at::ScalarType type) {
  if (type == at::kBFloat16) {
    using Limits = std::numeric_limits<c10::BFloat16>;
    return {static_cast<double>(Limits::max()), static_cast<double>(Limits::min())};
  }
  using Limits = std::numeric_limits<float>;
  return {Limits::max(), Limits::min()};
}

}  // namespace

at::Tensor text_bias(const at::Tensor& mask, at::ScalarType compute) {
  if (mask.is_floating_point()) return mask;
  const auto off = mask.to(at::kLong) - 1;  // −1 where masked
  return off.to(compute).reshape({mask.size(0), 1, -1, mask.size(-1)}) * range_of(compute).largest;
}

at::Tensor strength_bias(const at::Tensor& mask, at::ScalarType compute) {
  if (mask.dim() != 3) {
    fail(Status::InvalidArgument,
         "A self-attention mask has {} axes; expected 3. Pass [B, T, T] or [B, 1, T].", mask.dim());
  }
  const auto [largest, tiny] = range_of(compute);
  const auto bias = mask.clamp_min(tiny).log().to(compute);
  return bias.masked_fill(mask <= 0, -largest).unsqueeze(1);
}

}  // namespace ltx::transformer
