#include "quant/linear.h"

#include <algorithm>

#include "quant/backends/back_end.h"
#include "quant/backends/low_rank.h"
#include "quant/context.h"
#include "quant/layer_cache.h"
#include "quant/load_linear.h"
#include "quant/observe.h"

namespace ltx::quant {

namespace {

/// Full path of the layer; at the root of a view its weight's path is "weight" alone.
std::string name_of(const weights::View& view) {
  auto name = view.path("weight");
  name.resize(name.size() - std::min(name.size(), std::string_view(".weight").size()));
  return name;
}

/// A layer that an earlier network had with the same LoRAs; its tensors count as taken.
std::optional<LayerCache::Layer> taken_over(const Source& source, int64_t in, int64_t out, bool bias) {
  const auto* layers = source.context() ? source.context()->layers.get() : nullptr;
  auto layer = layers ? layers->find(name_of(source.view())) : std::nullopt;
  if (!layer) return {};
  source.view().take_parts("weight", {out, in});
  if (bias) source.view().take("bias", {out});
  return layer;
}

}  // namespace

Linear::Linear(const Source& source, int64_t in, int64_t out, bool bias)
    : name_(name_of(source.view())), in_(in), out_(out), in_network_(true) {
  if (auto kept = taken_over(source, in, out, bias)) {
    back_end_ = std::move(kept->back_end);
    low_rank_ = std::move(kept->low_rank);
    return;
  }
  Linear loaded(load_linear(source, in, out, bias));
  back_end_ = std::move(loaded.back_end_);
  low_rank_ = std::move(loaded.low_rank_);
  if (const auto* context = source.context(); context && context->layers)
    context->layers->add(name_, {back_end_, low_rank_});
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
