// How the integer formats reach their device. Used by their sources only.
#pragma once
#include <ATen/ATen.h>

#include "formats/cpu/integer_rows.h"
#include "formats/matrix.h"
#include "kernels/launch.h"
#ifdef LTX_WITH_CUDA
#include "formats/cuda/integer.h"
#endif

namespace ltx::formats::integer {

inline Element element_of(const at::Tensor& x) {
  return x.scalar_type() == at::kBFloat16 ? Element::BFloat16 : Element::Float;
}
/// What "the tensor dtype" of a formula is for x.
inline Rounding rounding_of(const at::Tensor& x) {
  return x.scalar_type() == at::kBFloat16 ? Rounding::BFloat16
         : x.scalar_type() == at::kHalf   ? Rounding::Half
                                          : Rounding::Float;
}
/// x as the rows read it: BF16, anything else in F32, without gaps.
inline at::Tensor readable(const at::Tensor& x) {
  return x.detach().to(x.scalar_type() == at::kBFloat16 ? at::kBFloat16 : at::kFloat).contiguous();
}
/// Calls write(out) with a new tensor that rows can write, F32 or BF16, and rounds others from F32.
template <class Write>
at::Tensor written(at::IntArrayRef shape, at::ScalarType dtype, const at::Tensor& like, Write&& write) {
  const auto out =
      at::empty(shape, like.options().dtype(dtype == at::kBFloat16 ? at::kBFloat16 : at::kFloat));
  write(out);
  return out.to(dtype);
}
/// Throws InvalidArgument unless rows can write `out`: F32 or BF16 without gaps, of as many elements.
void require_writable(const at::Tensor& out, int64_t elements);

#ifdef LTX_WITH_CUDA
#define LTX_INTEGER(operation, arguments, x, row_elements)   \
  ((x).is_cuda()                                             \
       ? kernels::launch_cuda(cuda::operation, arguments, x) \
       : kernels::launch_cpu(cpu::available_integer_rows().rows[0]->operation, arguments, row_elements))
#else
#define LTX_INTEGER(operation, arguments, x, row_elements) \
  kernels::launch_cpu(cpu::available_integer_rows().rows[0]->operation, arguments, row_elements)
#endif

/// Throws Numeric with the number of NaN and Inf if `weight`, whose scales are `scale`, holds any.
void require_finite(const at::Tensor& scale, const at::Tensor& weight);

/// Throws Quant unless `weight` is a matrix.
void require_matrix(const at::Tensor& weight);
/// Throws TensorMismatch unless `codes` has as many bytes and `scale` as many elements as the matrix needs.
void require_parts(const Matrix& matrix, int64_t code_bytes, int64_t scales);

}  // namespace ltx::formats::integer
