#include "pipelines/numeric_guard.h"

#include <fmt/format.h>

namespace ltx::pipelines {

bool all_finite(const at::Tensor& values) {
  return values.isfinite().all().item<bool>();
}

void require_finite(const at::Tensor& values, std::string_view component) {
  if (!at::isFloatingType(values.scalar_type()) || all_finite(values)) return;
  fail(Status::Numeric,
       "{}: {} of {} values of its output are not finite. Use compute_dtype f32, another policy or other "
       "weights.",
       component, values.numel() - values.isfinite().sum().item<int64_t>(), values.numel());
}

void FirstNonFinite::ran(const std::string& layer, const at::Tensor& x, const at::Tensor& y) {
  if (found()) return;
  at_input_ = !all_finite(x);
  if (!at_input_ && all_finite(y)) return;
  const auto& suspect = at_input_ ? x : y;
  layer_ = layer;
  total_ = suspect.numel();
  bad_ = total_ - suspect.isfinite().sum().item<int64_t>();
  if (!at_input_) largest_input_ = x.abs().max().item<double>();
}

std::string FirstNonFinite::describe() const {
  if (at_input_)
    return fmt::format("layer '{}': {} of {} inputs are not finite, and every layer before it was", layer_,
                       bad_, total_);
  return fmt::format("layer '{}': {} of {} outputs are not finite (largest input {:.3g})", layer_, bad_,
                     total_, largest_input_);
}

}  // namespace ltx::pipelines
