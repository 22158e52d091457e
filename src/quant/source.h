// What a network is built from: a place in the weights plus the policy in force (dtype, device, formats).
#pragma once
#include <memory>

#include "weights/view.h"

namespace ltx::quant {

struct Context;

class Source {
 public:
  /// `compute` is the dtype of all arithmetic between quantized layers: kBFloat16 or kFloat (parity,
  /// training). Without a context no layer is held in a number format.
  Source(weights::View view, at::Device device, at::ScalarType compute,
         std::shared_ptr<const Context> context = nullptr);

  Source operator/(std::string_view name) const;
  Source operator/(int64_t index) const;

  /// A tensor in the compute dtype on the device. A tensor that already is so is returned itself, so that
  /// gradients reach a caller's parameters.
  at::Tensor tensor(std::string_view name, at::IntArrayRef shape) const;
  /// A tensor in a given dtype on the device.
  at::Tensor tensor(std::string_view name, at::IntArrayRef shape, at::ScalarType dtype) const;
  /// A tensor in its stored dtype (the transformer keeps its F32 tables, spec 02), or fp32 if the compute
  /// dtype is fp32.
  at::Tensor stored(std::string_view name, at::IntArrayRef shape) const;

  bool has(std::string_view name) const { return view_.has(name); }
  const weights::View& view() const { return view_; }
  at::Device device() const { return device_; }
  at::ScalarType compute() const { return compute_; }
  /// The policy in force and what goes with it (quant/context.h); null: none.
  const Context* context() const { return context_.get(); }

 private:
  weights::View view_;
  at::Device device_;
  at::ScalarType compute_;
  std::shared_ptr<const Context> context_;
};

}  // namespace ltx::quant
