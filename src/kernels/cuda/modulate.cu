#include "kernels/cuda/elements.cuh"
#include "kernels/cuda/kernels.h"

namespace ltx::kernels::cuda {
namespace {

template <class T, int N>
__global__ void __launch_bounds__(kThreads) modulate_kernel(ModulateArguments a) {
  const int64_t row = blockIdx.x;
  const T* const x = static_cast<const T*>(a.x) + row * a.width;
  T* const out = static_cast<T*>(a.out) + row * a.width;
  const T* const scale = row_of<T>(a.scale, row);
  const T* const shift = row_of<T>(a.shift, row);
  for (int64_t i = threadIdx.x * N; i < a.width; i += kThreads * N) {
    auto value = load<N>(x + i);
    const auto s = load<N>(scale + i), t = load<N>(shift + i);
#pragma unroll
    for (int k = 0; k < N; ++k) value.v[k] = modulated<T>(value.v[k], s.v[k], t.v[k]);
    store<N>(out + i, value);
  }
}

}  // namespace

void modulate(const ModulateArguments& a, cudaStream_t stream) {
  if (a.rows == 0) return;
  const auto fits = [&](int64_t bytes, int n) {
    return aligned(a.x, a.width, bytes, n) && aligned(a.out, a.width, bytes, n) &&
           aligned(a.scale, a.width, bytes, n) && aligned(a.shift, a.width, bytes, n);
  };
  by_element(a.element, fits, [&](auto element, auto count) {
    modulate_kernel<decltype(element), decltype(count)::value>
        <<<static_cast<unsigned>(a.rows), kThreads, 0, stream>>>(a);
  });
}

}  // namespace ltx::kernels::cuda
