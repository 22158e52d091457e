// Two four-bit codes in a byte. Ours: element 2j in the high nibble; other producers: in the low one
// (spec 08 §12.5).
#pragma once
#include <ATen/ATen.h>

namespace ltx::formats {

/// U8 codes 0 … 15 [..., K], K even -> U8 [..., K/2], element 2j high.
at::Tensor pack_nibbles(const at::Tensor& codes);
/// U8 [..., K/2] -> U8 codes [..., K].
at::Tensor unpack_nibbles(const at::Tensor& packed);
/// The other order of the same elements; its own inverse.
at::Tensor swap_nibbles(const at::Tensor& packed);

}  // namespace ltx::formats
