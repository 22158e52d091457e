// How an operation on plain memory reaches its device, and what tensors become on the way. Used by the
// formats' sources only.
#pragma once
#include <ATen/ATen.h>

#include "base/error.h"
#include "formats/cpu/rows.h"
#include "kernels/launch.h"
#ifdef LTX_WITH_CUDA
#include "formats/cuda/kernels.h"
#endif

namespace ltx::formats {

/// LTX_RUN(cpu function, CUDA function, arguments, a tensor of the device, elements per row)
#ifdef LTX_WITH_CUDA
#define LTX_RUN(on_cpu, on_cuda, arguments, tensor, row_elements)              \
  ((tensor).is_cuda() ? kernels::launch_cuda(cuda::on_cuda, arguments, tensor) \
                      : kernels::launch_cpu(on_cpu, arguments, row_elements))
#else
#define LTX_RUN(on_cpu, on_cuda, arguments, tensor, row_elements) \
  kernels::launch_cpu(on_cpu, arguments, row_elements)
#endif

/// Contiguous rows in an element type that the encoders read; fp16 is widened, which is exact.
inline at::Tensor readable(const at::Tensor& x) {
  const auto type = x.scalar_type();
  if (type != at::kFloat && type != at::kBFloat16 && type != at::kHalf)
    fail(Status::InvalidArgument, "Values to encode are BF16, F16 or F32, found {}. Convert them first.",
         c10::toString(type));
  return (type == at::kHalf ? x.to(at::kFloat) : x).contiguous();
}

inline Element element_of(const at::Tensor& x) {
  return x.scalar_type() == at::kFloat ? Element::Float : Element::BFloat16;
}

/// Of values to be written.
inline Element out_element(const at::Tensor& out) {
  const auto dtype = out.scalar_type();
  if ((dtype != at::kFloat && dtype != at::kBFloat16) || !out.is_contiguous())
    fail(Status::InvalidArgument,
         "Codes are decoded to F32 or BF16 without gaps, not to {}. Convert the result.",
         c10::toString(dtype));
  return dtype == at::kFloat ? Element::Float : Element::BFloat16;
}

inline Code code_of(at::ScalarType dtype) {
  if (dtype != at::kFloat8_e4m3fn && dtype != at::kFloat8_e5m2)
    fail(Status::InvalidArgument, "fp8 codes are Float8_e4m3fn or Float8_e5m2, found {}.",
         c10::toString(dtype));
  return dtype == at::kFloat8_e4m3fn ? Code::E4m3 : Code::E5m2;
}

inline const uint8_t* bytes_of(const at::Tensor& codes) {
  return static_cast<const uint8_t*>(codes.const_data_ptr());
}
inline uint8_t* mutable_bytes_of(const at::Tensor& codes) {
  return static_cast<uint8_t*>(codes.data_ptr());
}

constexpr int64_t ceil_div(int64_t a, int64_t b) {
  return (a + b - 1) / b;
}
constexpr int64_t round_up(int64_t a, int64_t b) {
  return ceil_div(a, b) * b;
}

/// Throws Numeric with the number of values that are no numbers; called once one is known to be there.
[[noreturn]] void fail_not_finite(const at::Tensor& weight);
/// Throws if one of the largest magnitudes (bits as BlockMaxArguments has them) is not finite.
void require_finite(const at::Tensor& weight, const at::Tensor& bits);

/// I32 [rows, ⌈columns/block⌉]: largest magnitudes as bits, an order in which integer maxima find NaN and
/// Inf.
at::Tensor block_max(const at::Tensor& x, int64_t block, bool skip_nan = false);

struct Scales {
  at::Tensor scale, factor;  // F32, shape of the magnitudes
};
Scales scales_of(const at::Tensor& bits, const ScaleRule& rule);

/// e4m3 codes of x [M, K] under factors F32 of blocks; six bits each, packed, if `six_bits`.
at::Tensor encode_under(const at::Tensor& x, const at::Tensor& factor, Fp8EncodeArguments::Scaling scaling,
                        int64_t block_rows, int64_t block_columns, bool six_bits = false);

/// Decodes fp8 codes to `out` [rows, columns] (F32 or BF16) under scales F32 or U8 (e8m0) of blocks, or
/// without scales. Rows of the codes may be longer; six bits each if `six_bits`.
void decode_under(const at::Tensor& codes, const at::Tensor& scale, int64_t block_rows, int64_t block_columns,
                  const at::Tensor& out, bool six_bits = false);

}  // namespace ltx::formats
