// int8 filters of convolutions, for the video VAE (spec 08 §15).
#pragma once
#include <ATen/ATen.h>

namespace ltx::formats {

struct Int8Filter {
  at::Tensor codes;  // I8 [Co, Ci, kt, kh, kw], or any weight whose first axis is Co
  at::Tensor scale;  // F32 [Co]
};

/// Whether the filter is one of those that are stored in int8: at least 64 channels on both sides.
bool can_store_int8_filter(at::IntArrayRef shape);
/// Throws Numeric on NaN or Inf.
Int8Filter encode_int8_filter(const at::Tensor& weight);
at::Tensor decode_int8_filter(const Int8Filter& filter, at::ScalarType dtype = at::kFloat);

}  // namespace ltx::formats
