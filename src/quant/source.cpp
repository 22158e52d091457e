#include "quant/source.h"

namespace ltx::quant {
namespace {

/// In the dtype, on the device, and never in the map of a file.
at::Tensor settle(const weights::View& view, std::string_view name, const at::Tensor& value,
                  at::Device device, at::ScalarType dtype) {
  auto result = value.to(device, dtype);
  if (!view.is_mapped(name)) return result;
  if (result.is_same(value)) result = value.clone();
  view.release(name);
  return result;
}

}  // namespace

Source::Source(weights::View view, at::Device device, at::ScalarType compute,
               std::shared_ptr<const Context> context)
    : view_(std::move(view)), device_(device), compute_(compute), context_(std::move(context)) {}

Source Source::operator/(std::string_view name) const {
  return {view_ / name, device_, compute_, context_};
}
Source Source::operator/(int64_t index) const {
  return {view_ / index, device_, compute_, context_};
}

at::Tensor Source::tensor(std::string_view name, at::IntArrayRef shape) const {
  return tensor(name, shape, compute_);
}

at::Tensor Source::tensor(std::string_view name, at::IntArrayRef shape, at::ScalarType dtype) const {
  return settle(view_, name, view_.take(name, shape), device_, dtype);
}

at::Tensor Source::stored(std::string_view name, at::IntArrayRef shape) const {
  const auto value = view_.take(name, shape);
  // F16 is no dtype of the recipe: its range is too small for the activations (spec 01 §3.4).
  const bool convert = compute_ == at::kFloat || value.scalar_type() == at::kHalf;
  return settle(view_, name, value, device_, convert ? compute_ : value.scalar_type());
}

}  // namespace ltx::quant
