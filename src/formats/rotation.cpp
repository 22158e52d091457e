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

void require_rotation(int64_t columns, int64_t group) {
  if (group < 4 || group > integer::kLargestRotation || !power_of_four(group)) {
    fail(Status::Quant, "Rows cannot be rotated in groups of {}. A group is a power of 4 from 4 to {}.",
         group, integer::kLargestRotation);
  }
  if (columns % group != 0) {
    fail(Status::Quant,
         "Rows of {} elements cannot be rotated in groups of {}. Use a power of 4 that divides them.",
         columns, group);
  }
}

at::Tensor rotate(const at::Tensor& x, int64_t group) {
  return rotate(x, group, x.scalar_type());
}

at::Tensor rotate(const at::Tensor& x, int64_t group, at::ScalarType dtype) {
  require_rotation(x.size(-1), group);
  const auto readable = integer::readable(x);
  return integer::written(readable.sizes(), dtype, readable, [&](const at::Tensor& out) {
    integer::RotateArguments a;
    a.element = integer::element_of(readable);
    a.out_element = integer::element_of(out);
    a.rows = readable.numel() / group;
    a.group = group;
    a.x = readable.data_ptr();
    a.out = out.data_ptr();
    LTX_INTEGER(rotate, a, readable, group);
  });
}

}  // namespace ltx::formats
