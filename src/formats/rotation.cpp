#include "base/error.h"
#include "formats/activations.h"
#include "formats/integer_launch.h"

namespace ltx::formats {
namespace {

bool power_of_four(int64_t n) {
  while (n > 1 && n % 4 == 0) n /= 4;
  return n == 1;
}

}  // namespace

at::Tensor rotate(const at::Tensor& x, int64_t group) {
  return rotate(x, group, x.scalar_type());
}

at::Tensor rotate(const at::Tensor& x, int64_t group, at::ScalarType dtype) {
  if (group < 4 || group > integer::kLargestRotation || !power_of_four(group)) {
    fail(Status::Quant, "Rows cannot be rotated in groups of {}. A group is a power of 4 from 4 to {}.",
         group, integer::kLargestRotation);
  }
  if (x.size(-1) % group != 0) {
    fail(Status::Quant,
         "Rows of {} elements cannot be rotated in groups of {}. Use a power of 4 that divides them.",
         x.size(-1), group);
  }
  const auto readable = integer::readable(x);
  auto out = integer::writable(readable.sizes(), dtype, readable);
  integer::RotateArguments a;
  a.element = integer::element_of(readable);
  a.out_element = integer::element_of(out);
  a.rows = readable.numel() / group;
  a.group = group;
  a.x = readable.data_ptr();
  a.out = out.data_ptr();
  LTX_INTEGER(rotate, a, readable, group);
  return out.to(dtype);
}

}  // namespace ltx::formats
