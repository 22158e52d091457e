// Whether two tensors are one and the same piece of memory.
#pragma once
#include <ATen/ATen.h>

#include <optional>

namespace ltx::latents {

/// The same elements in memory, seen the same way: equal values without a look at them, which would make a
/// device wait. Only means something while both tensors are alive.
inline bool same_view(const at::Tensor& a, const at::Tensor& b) {
  if (a.is_same(b)) return true;
  return a.defined() && b.defined() && a.const_data_ptr() == b.const_data_ptr() && a.sizes() == b.sizes() &&
         a.strides() == b.strides() && a.scalar_type() == b.scalar_type() && a.device() == b.device();
}

inline bool same_view(const std::optional<at::Tensor>& a, const std::optional<at::Tensor>& b) {
  return a.has_value() == b.has_value() && (!a || same_view(*a, *b));
}

}  // namespace ltx::latents
