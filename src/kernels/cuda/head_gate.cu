#include "kernels/cuda/elements.cuh"
#include "kernels/cuda/kernels.h"

namespace ltx::kernels::cuda {
namespace {

template <class T, int N>
__global__ void __launch_bounds__(kThreads) head_gate_kernel(HeadGateArguments a) {
  const int64_t row = blockIdx.x, width = a.heads * a.head_dim;
  T* const o = static_cast<T*>(a.o) + row * width;
  const T* const logits = static_cast<const T*>(a.logits) + row * a.heads;
  for (int64_t i = threadIdx.x * N; i < width; i += kThreads * N) {
    const float logit = static_cast<float>(logits[i / a.head_dim]);
    const float gate = 2 * rounded<T>(1.0F / (1.0F + expf(-logit)));
    auto value = load<N>(o + i);
#pragma unroll
    for (int k = 0; k < N; ++k) value.v[k] = product(value.v[k], gate);
    store<N>(o + i, value);
  }
}

}  // namespace

void head_gate(const HeadGateArguments& a, cudaStream_t stream) {
  if (a.rows == 0) return;
  const auto fits = [&](int64_t bytes, int n) { return aligned(a.o, a.head_dim, bytes, n); };
  by_element(a.element, fits, [&](auto element, auto count) {
    head_gate_kernel<decltype(element), decltype(count)::value>
        <<<static_cast<unsigned>(a.rows), kThreads, 0, stream>>>(a);
  });
}

}  // namespace ltx::kernels::cuda
