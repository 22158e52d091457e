#include "formats/nibbles.h"

namespace ltx::formats {

at::Tensor pack_nibbles(const at::Tensor& codes) {
  const auto pairs = codes.unflatten(-1, {-1, 2});
  return pairs.select(-1, 0).bitwise_left_shift(4).bitwise_or(pairs.select(-1, 1));
}

at::Tensor unpack_nibbles(const at::Tensor& packed) {
  return at::stack({packed.bitwise_right_shift(4), packed.bitwise_and(15)}, -1).flatten(-2);
}

at::Tensor swap_nibbles(const at::Tensor& packed) {
  return packed.bitwise_right_shift(4).bitwise_or(packed.bitwise_left_shift(4));
}

}  // namespace ltx::formats
