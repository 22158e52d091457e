#include "models/transformer/stream.h"

#include "kernels/modulate.h"
#include "nn/norm.h"

namespace ltx::transformer {

at::Tensor modulate(const at::Tensor& x, const ScaleShift& by) {
  if (kernels::fusible(x)) return kernels::modulate(x, by.scale, by.shift);
  const int64_t batch = x.size(0), tokens = x.size(1);
  return x * (1 + by.scale.expand(batch, tokens)) + by.shift.expand(batch, tokens);
}

void Stream::add(at::Tensor y, std::optional<kernels::TokenRows> gate) {
  value();
  pending_ = std::move(y);
  pending_gate_ = std::move(gate);
}

std::vector<at::Tensor> Stream::settle(at::ArrayRef<const ScaleShift*> by) {
  std::vector<at::Tensor> results;
  if (kernels::fusible(x_) && (!pending_.defined() || kernels::fusible(pending_))) {
    results = kernels::residual_norm(x_, pending_, pending_gate_ ? &*pending_gate_ : nullptr, by, eps_);
  } else {
    if (pending_.defined()) {
      x_ = x_ + (pending_gate_ ? pending_ * pending_gate_->expand(x_.size(0), x_.size(1)) : pending_);
    }
    if (!by.empty()) {
      const auto normed = nn::rms_norm(x_, eps_);
      for (const auto* entry : by) results.push_back(entry ? modulate(normed, *entry) : normed);
    }
  }
  pending_.reset();
  pending_gate_.reset();
  return results;
}

const at::Tensor& Stream::value() {
  if (pending_.defined()) settle({});
  return x_;
}

at::Tensor Stream::normed() {
  return settle(at::ArrayRef<const ScaleShift*>{nullptr})[0];
}

at::Tensor Stream::modulated(const ScaleShift& by) {
  return settle({&by})[0];
}

std::pair<at::Tensor, at::Tensor> Stream::modulated(const ScaleShift& first, const ScaleShift& second) {
  auto both = settle({&first, &second});
  return {both[0], both[1]};
}

}  // namespace ltx::transformer
