#include "weights/lora_delta.h"

namespace ltx::weights {
namespace {

at::Tensor through_bf16(const at::Tensor& values) {
  return values.to(at::kBFloat16).to(at::kFloat);
}

}  // namespace

LoraDelta::LoraDelta(const std::vector<ScaledFactors>& updates, Sum sum) : sum_(sum) {
  for (const auto& update : updates)
    factors_.push_back({update.up, sum == Sum::Bf16 ? through_bf16(update.down) : update.down.to(at::kFloat),
                        update.strength * update.alpha});
}

at::Tensor LoraDelta::rows(int64_t begin, int64_t count) const {
  at::Tensor delta;
  for (const auto& factors : factors_) {
    const auto stored = factors.up.narrow(0, begin, count);
    const auto scale = static_cast<float>(factors.scale);
    if (sum_ == Sum::Fp32) {
      const auto up = stored.to(at::kFloat);
      delta = delta.defined() ? at::addmm(delta, up, factors.down, 1, scale)
                              : at::mm(up, factors.down).mul_(scale);
    } else {
      // Products of bf16 values are exact in fp32 and are summed in it, as a bf16 GEMM with fp32 accumulation
      // does. Such a GEMM scales what it accumulated and adds the rest afterwards; an fp32 one may scale a
      // factor instead, which decides otherwise where a decimal strength meets a tie.
      const auto up = through_bf16(stored);
      delta = through_bf16(delta.defined() ? at::mm(up, factors.down).mul_(scale).add_(delta)
                                           : at::mm(through_bf16(up * scale), factors.down));
    }
  }
  return delta;
}

}  // namespace ltx::weights
