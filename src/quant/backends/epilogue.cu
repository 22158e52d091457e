// Compiled without contraction: each product and sum rounds as the emulation's tensors do.
#include <cuda_bf16.h>
#include <cuda_fp16.h>

#include "quant/backends/epilogue_kernel.h"

namespace ltx::quant {
namespace {

constexpr int kThreads = 256;

__device__ void put(float* at, float value) {
  *at = value;
}
__device__ void put(__nv_bfloat16* at, float value) {
  *at = __float2bfloat16_rn(value);
}
__device__ void put(__half* at, float value) {
  *at = __float2half_rn(value);
}
template <class T>
__device__ float rounded(float value) {
  T stored;
  put(&stored, value);
  return static_cast<float>(stored);
}

template <class Sum, class T>
__global__ void __launch_bounds__(kThreads) epilogue_kernel(EpilogueArguments a) {
  const int64_t column = blockIdx.x * int64_t{kThreads} + threadIdx.x;
  if (column >= a.columns) return;
  const float sw = a.sw[column * a.sw_stride];
  const float bias = a.bias ? a.bias[column] : 0.0F;
  for (int64_t row = blockIdx.y; row < a.rows; row += gridDim.y) {
    const int64_t i = row * a.columns + column;
    const float sum = static_cast<float>(static_cast<const Sum*>(a.sum)[i]);
    const float sx = a.sx[row * a.sx_stride];
    float y;
    if (a.roundings == 0) {
      y = sum * sx * sw;
      if (a.bias) y += bias;
    } else if (a.roundings == 1) {
      y = rounded<T>(sum * sx) * sw;
      if (a.bias) y += bias;
    } else {
      y = rounded<T>(sum * (sx * sw));
      if (a.bias) y += rounded<T>(bias);
    }
    put(static_cast<T*>(a.output) + i, y);
  }
}

template <class Sum, class T>
void launch(const EpilogueArguments& a, cudaStream_t stream) {
  const dim3 blocks(static_cast<unsigned>((a.columns + kThreads - 1) / kThreads),
                    static_cast<unsigned>(a.rows < 65535 ? a.rows : 65535));
  epilogue_kernel<Sum, T><<<blocks, kThreads, 0, stream>>>(a);
}

template <class Sum>
void by_output(const EpilogueArguments& a, cudaStream_t stream) {
  if (a.output_kind == 1)
    launch<Sum, __nv_bfloat16>(a, stream);
  else if (a.output_kind == 2)
    launch<Sum, __half>(a, stream);
  else
    launch<Sum, float>(a, stream);
}

}  // namespace

void launch_epilogue(const EpilogueArguments& a, cudaStream_t stream) {
  if (a.rows == 0 || a.columns == 0) return;
  if (a.integer_sum)
    by_output<int32_t>(a, stream);
  else
    by_output<float>(a, stream);
}

}  // namespace ltx::quant
