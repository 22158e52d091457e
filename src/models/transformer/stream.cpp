#include "models/transformer/stream.h"

#include "nn/norm.h"

namespace ltx::transformer {

at::Tensor modulate(const at::Tensor& x, const ScaleShift& by) {
  const int64_t batch = x.size(0), tokens = x.size(1);
  return x * (1 + by.scale.expand(batch, tokens)) + by.shift.expand(batch, tokens);
}

void Stream::add(at::Tensor y, std::optional<kernels::TokenRows> gate) {
  value();
  pending_ = std::move(y);
  pending_gate_ = std::move(gate);
}

const at::Tensor& Stream::value() {
  if (pending_.defined()) {
    x_ = x_ + (pending_gate_ ? pending_ * pending_gate_->expand(x_.size(0), x_.size(1)) : pending_);
    pending_.reset();
    pending_gate_.reset();
  }
  return x_;
}

at::Tensor Stream::normed() {
  return nn::rms_norm(value(), eps_);
}

at::Tensor Stream::modulated(const ScaleShift& by) {
  return modulate(normed(), by);
}

std::pair<at::Tensor, at::Tensor> Stream::modulated(const ScaleShift& first, const ScaleShift& second) {
  const auto n = normed();
  return {modulate(n, first), modulate(n, second)};
}

}  // namespace ltx::transformer
