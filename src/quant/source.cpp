#include "quant/source.h"

namespace ltx::quant {

Source::Source(weights::View view, at::Device device, at::ScalarType compute)
    : view_(std::move(view)), device_(device), compute_(compute) {}

Source Source::operator/(std::string_view name) const { return {view_ / name, device_, compute_}; }
Source Source::operator/(int64_t index) const { return {view_ / index, device_, compute_}; }

at::Tensor Source::tensor(std::string_view name, at::IntArrayRef shape) const { return tensor(name, shape, compute_); }

at::Tensor Source::tensor(std::string_view name, at::IntArrayRef shape, at::ScalarType dtype) const {
  return view_.take(name, shape).to(device_, dtype);
}

at::Tensor Source::stored(std::string_view name, at::IntArrayRef shape) const {
  auto value = view_.take(name, shape);
  return compute_ == at::kFloat ? value.to(device_, at::kFloat) : value.to(device_);
}

}  // namespace ltx::quant
