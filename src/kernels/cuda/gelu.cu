#include "kernels/cuda/elements.cuh"
#include "kernels/cuda/kernels.h"

namespace ltx::kernels::cuda {
namespace {

template <class T, int N>
__global__ void __launch_bounds__(kThreads) gelu_kernel(T* x, int64_t count) {
  for (int64_t i = (blockIdx.x * int64_t{kThreads} + threadIdx.x) * N; i < count;
       i += gridDim.x * int64_t{kThreads} * N) {
    auto value = load<N>(x + i);
#pragma unroll
    for (int k = 0; k < N; ++k) {
      const float v = value.v[k];
      value.v[k] = v / (1.0F + expf(-1.5957691216F * (v + 0.044715F * v * v * v)));
    }
    store<N>(x + i, value);
  }
}

}  // namespace

void gelu(const GeluArguments& a, cudaStream_t stream) {
  const int64_t count = a.rows * a.width;
  if (count == 0) return;
  const auto fits = [&](int64_t bytes, int n) { return aligned(a.x, count, bytes, n); };
  by_element(a.element, fits, [&](auto element, auto n) {
    using T = decltype(element);
    constexpr int N = decltype(n)::value;
    const int64_t blocks = (count / N + kThreads - 1) / kThreads;
    gelu_kernel<T, N><<<static_cast<unsigned>(blocks < (1 << 20) ? blocks : 1 << 20), kThreads, 0, stream>>>(
        static_cast<T*>(a.x), count);
  });
}

}  // namespace ltx::kernels::cuda
