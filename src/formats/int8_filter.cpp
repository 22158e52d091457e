#include "formats/int8_filter.h"

#include "formats/int8_rows.h"

namespace ltx::formats {

bool can_store_int8_filter(at::IntArrayRef shape) {
  return shape.size() >= 3 && shape[0] >= 64 && shape[1] >= 64;
}

Int8Filter encode_int8_filter(const at::Tensor& weight) {
  const auto q =
      integer::encode_int8_rows(weight.flatten(1), integer::Int8Rule::Filter, integer::Rounding::Float);
  integer::require_finite(q.scale, weight);
  return {q.codes.view(weight.sizes()), q.scale};
}

at::Tensor decode_int8_filter(const Int8Filter& filter, at::ScalarType dtype) {
  return integer::written(filter.codes.sizes(), dtype, filter.codes, [&](const at::Tensor& out) {
    integer::decode_int8_rows(filter.codes, filter.scale, out);
  });
}

}  // namespace ltx::formats
