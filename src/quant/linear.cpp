#include "quant/linear.h"

#include "quant/backends/back_end.h"
#include "quant/backends/low_rank.h"
#include "quant/load_linear.h"
#include "quant/observe.h"

namespace ltx::quant {

Linear::Linear(const Source& source, int64_t in, int64_t out, bool bias)
    : Linear(load_linear(source, in, out, bias)) {
  in_network_ = true;
}

Linear::Linear(LinearParts parts) : name_(parts.name), in_(parts.weight.columns), out_(parts.weight.rows) {
  if (!parts.low_rank.empty()) {
    const bool plain_fp32 = parts.weight.codes.scalar_type() == at::kFloat;
    auto low_rank = std::make_shared<const LowRank>(parts.low_rank, parts.weight.device(),
                                                    plain_fp32 ? at::kFloat : at::kBFloat16);
    if (!low_rank->empty()) low_rank_ = std::move(low_rank);
    parts.low_rank.clear();
  }
  back_end_ = choose_back_end(std::move(parts));
}

std::string_view Linear::back_end() const {
  return back_end_->name();
}

at::Tensor Linear::operator()(const at::Tensor& x) const {
  auto y = back_end_->multiply(x);
  if (low_rank_) y = low_rank_->add_to(y, x);
  if (in_network_) y = y.to(x.scalar_type());
  if (auto* observer = linear_observer()) observer->ran(name_, x, y);
  return y;
}

}  // namespace ltx::quant
