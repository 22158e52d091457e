#include "kernels/cuda/elements.cuh"
#include "kernels/cuda/kernels.h"

namespace ltx::kernels::cuda {
namespace {

template <class T, int N>
__global__ void __launch_bounds__(kThreads) residual_norm_kernel(ResidualNormArguments a) {
  const int64_t row = blockIdx.x;
  T* const x = static_cast<T*>(a.x) + row * a.width;
  const T* const y = a.y ? static_cast<const T*>(a.y) + row * a.width : nullptr;
  const T* const gate = a.gate.base ? row_of<T>(a.gate, row) : nullptr;
  float squares = 0;
  for (int64_t i = threadIdx.x * N; i < a.width; i += kThreads * N) {
    auto value = load<N>(x + i);
    if (y) {
      const auto step = load<N>(y + i);
      Values<N> factor;
      if (gate) factor = load<N>(gate + i);
#pragma unroll
      for (int k = 0; k < N; ++k) {
        const float gated = gate ? rounded<T>(product(step.v[k], factor.v[k])) : step.v[k];
        value.v[k] = rounded<T>(plus(value.v[k], gated));
      }
      store<N>(x + i, value);
    }
#pragma unroll
    for (int k = 0; k < N; ++k) squares = plus(squares, product(value.v[k], value.v[k]));
  }
  if (a.out_count == 0) return;
  const float inverse = rsqrtf(block_sum(squares) / static_cast<float>(a.width) + a.eps);
  for (int o = 0; o < a.out_count; ++o) {
    T* const out = static_cast<T*>(a.outs[o].out) + row * a.width;
    const bool modulates = a.outs[o].scale.base != nullptr;
    const T* const scale = modulates ? row_of<T>(a.outs[o].scale, row) : nullptr;
    const T* const shift = modulates ? row_of<T>(a.outs[o].shift, row) : nullptr;
    // Every thread reads back what it wrote itself.
    for (int64_t i = threadIdx.x * N; i < a.width; i += kThreads * N) {
      auto value = load<N>(x + i);
#pragma unroll
      for (int k = 0; k < N; ++k) value.v[k] = product(value.v[k], inverse);
      if (modulates) {
        const auto s = load<N>(scale + i), t = load<N>(shift + i);
#pragma unroll
        for (int k = 0; k < N; ++k) value.v[k] = modulated<T>(rounded<T>(value.v[k]), s.v[k], t.v[k]);
      }
      store<N>(out + i, value);
    }
  }
}

}  // namespace

void residual_norm(const ResidualNormArguments& a, cudaStream_t stream) {
  if (a.rows == 0) return;
  const auto fits = [&](int64_t bytes, int n) {
    bool all = aligned(a.x, a.width, bytes, n) && aligned(a.y, a.width, bytes, n) &&
               aligned(a.gate, a.width, bytes, n);
    for (int o = 0; o < a.out_count; ++o) {
      all = all && aligned(a.outs[o].out, a.width, bytes, n) && aligned(a.outs[o].scale, a.width, bytes, n) &&
            aligned(a.outs[o].shift, a.width, bytes, n);
    }
    return all;
  };
  by_element(a.element, fits, [&](auto element, auto count) {
    residual_norm_kernel<decltype(element), decltype(count)::value>
        <<<static_cast<unsigned>(a.rows), kThreads, 0, stream>>>(a);
  });
}

}  // namespace ltx::kernels::cuda
