#include "formats/dither.h"

#include <fmt/ranges.h>

#include "formats/launch.h"
#include "formats/scalar/dither.h"

namespace ltx::formats {

Dithered add_with_dither(const at::Tensor& codes, const at::Tensor& delta, uint64_t seed, int64_t first) {
  if (delta.scalar_type() != at::kBFloat16 || delta.sizes() != codes.sizes())
    fail(Status::InvalidArgument, "The addition to fp8 codes [{}] is BF16 of the same shape, found {} [{}].",
         fmt::join(codes.sizes(), ", "), c10::toString(delta.scalar_type()), fmt::join(delta.sizes(), ", "));
  const auto in = codes.contiguous(), add = delta.contiguous();
  const Dithered out{at::empty_like(add), at::empty_like(in)};
  DitherArguments a;
  a.code = code_of(in.scalar_type());
  a.rows = in.numel();
  a.seed = seed;
  a.first = first;
  a.codes = bytes_of(in);
  a.delta = static_cast<const uint16_t*>(add.const_data_ptr());
  a.out = static_cast<uint16_t*>(out.values.data_ptr());
  a.out_codes = mutable_bytes_of(out.codes);
  LTX_RUN(cpu::dither, dither, a, in, 16);
  return out;
}

float uniform(uint64_t seed, uint32_t index) {
  return scalar::philox_uniform(seed, index);
}

}  // namespace ltx::formats
