#include "kernels/cuda/elements.cuh"
#include "kernels/cuda/kernels.h"

namespace ltx::kernels::cuda {
namespace {

template <class T, int N>
__global__ void __launch_bounds__(kThreads) norm_rope_kernel(NormRopeArguments a) {
  const int64_t row = blockIdx.x;
  T* const x = static_cast<T*>(a.x) + row * a.width;
  const T* const weight = static_cast<const T*>(a.weight);
  float squares = 0;
  for (int64_t i = threadIdx.x * N; i < a.width; i += kThreads * N) {
    const auto value = load<N>(x + i);
#pragma unroll
    for (int k = 0; k < N; ++k) squares = plus(squares, product(value.v[k], value.v[k]));
  }
  const float inverse = rsqrtf(block_sum(squares) / static_cast<float>(a.width) + a.eps);
  if (!a.cos) {
    for (int64_t i = threadIdx.x * N; i < a.width; i += kThreads * N) {
      auto value = load<N>(x + i);
      const auto w = load<N>(weight + i);
#pragma unroll
      for (int k = 0; k < N; ++k) value.v[k] = product(product(value.v[k], inverse), w.v[k]);
      store<N>(x + i, value);
    }
    return;
  }
  const int64_t half = a.width / 2, pairs = half / a.heads, table = row % a.table_rows * half;
  for (int64_t m = threadIdx.x * N; m < half;
       m += kThreads * N) {  // slot m: head m div pairs, pair m mod pairs
    const int64_t first = m / pairs * 2 * pairs + m % pairs, second = first + pairs;
    auto p = load<N>(x + first), q = load<N>(x + second);
    const auto wp = load<N>(weight + first), wq = load<N>(weight + second);
    const auto c = load<N>(static_cast<const T*>(a.cos) + table + m),
               s = load<N>(static_cast<const T*>(a.sin) + table + m);
#pragma unroll
    for (int k = 0; k < N; ++k) {
      const float u = rounded<T>(product(product(p.v[k], inverse), wp.v[k]));
      const float v = rounded<T>(product(product(q.v[k], inverse), wq.v[k]));
      p.v[k] = plus(rounded<T>(product(u, c.v[k])), -product(v, s.v[k]));
      q.v[k] = plus(rounded<T>(product(v, c.v[k])), product(u, s.v[k]));
    }
    store<N>(x + first, p);
    store<N>(x + second, q);
  }
}

}  // namespace

void norm_rope(const NormRopeArguments& a, cudaStream_t stream) {
  if (a.rows == 0) return;
  const int64_t pairs = a.width / a.heads / 2;
  const auto fits = [&](int64_t bytes, int n) {
    return aligned(a.x, a.width, bytes, n) && aligned(a.weight, a.width, bytes, n) &&
           aligned(a.cos, pairs, bytes, n) && aligned(a.sin, pairs, bytes, n);
  };
  by_element(a.element, fits, [&](auto element, auto count) {
    norm_rope_kernel<decltype(element), decltype(count)::value>
        <<<static_cast<unsigned>(a.rows), kThreads, 0, stream>>>(a);
  });
}

}  // namespace ltx::kernels::cuda
