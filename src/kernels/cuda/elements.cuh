// Vectors of elements, rounding and row sums for the kernels of this folder.
#pragma once
#include <cuda_bf16.h>

#include <cstdint>

#include "kernels/arguments.h"

namespace ltx::kernels::cuda {

constexpr int kThreads = 256;

/// The value that storing and loading again would give.
template <class T>
__device__ __forceinline__ float rounded(float v);
template <>
__device__ __forceinline__ float rounded<float>(float v) {
  return v;
}
template <>
__device__ __forceinline__ float rounded<__nv_bfloat16>(float v) {
  return __bfloat162float(__float2bfloat16_rn(v));
}

/// N neighbouring elements as fp32, moved in one access.
template <class T, int N>
struct alignas(sizeof(T) * N) Packed {
  T e[N];
};

template <int N>
struct Values {
  float v[N];
};

template <int N, class T>
__device__ __forceinline__ Values<N> load(const T* p) {
  const auto packed = *reinterpret_cast<const Packed<T, N>*>(p);
  Values<N> r;
#pragma unroll
  for (int i = 0; i < N; ++i) r.v[i] = static_cast<float>(packed.e[i]);
  return r;
}

template <int N, class T>
__device__ __forceinline__ void store(T* p, const Values<N>& r) {
  Packed<T, N> packed;
#pragma unroll
  for (int i = 0; i < N; ++i) packed.e[i] = static_cast<T>(r.v[i]);
  *reinterpret_cast<Packed<T, N>*>(p) = packed;
}

template <class T>
__device__ __forceinline__ const T* row_of(const RowSource& source, int64_t row) {
  const int64_t at = source.index ? source.index[row] : 0;
  return static_cast<const T*>(source.base) + source.stride * at;
}

/// Sum over the block, in every thread.
__device__ __forceinline__ float block_sum(float v) {
  __shared__ float warps[kThreads / 32];
  for (int offset = 16; offset > 0; offset /= 2) v += __shfl_xor_sync(0xffffffffU, v, offset);
  if (threadIdx.x % 32 == 0) warps[threadIdx.x / 32] = v;
  __syncthreads();
  float sum = 0;
#pragma unroll
  for (int i = 0; i < kThreads / 32; ++i) sum += warps[i];
  __syncthreads();
  return sum;
}

// The compiler may not contract these into a fused multiply-add: the product is rounded on its own, as in the
// CPU twin.
__device__ __forceinline__ float product(float a, float b) {
  return __fmul_rn(a, b);
}
__device__ __forceinline__ float plus(float a, float b) {
  return __fadd_rn(a, b);
}

template <class T>
__device__ __forceinline__ float modulated(float x, float scale, float shift) {
  return plus(rounded<T>(product(x, rounded<T>(plus(1.0F, scale)))), shift);
}

/// True if rows of `width` elements at `p` can be moved N at a time.
inline bool aligned(const void* p, int64_t width, int64_t bytes, int n) {
  return !p || (reinterpret_cast<uintptr_t>(p) % (bytes * n) == 0 && width % n == 0);
}
inline bool aligned(const RowSource& s, int64_t width, int64_t bytes, int n) {
  return aligned(s.base, width, bytes, n) && (!s.base || s.stride % n == 0);
}

/// Calls launch(T(), constant N) for the element type, N = 16 bytes' worth where `fits(bytes, n)`, else 1.
template <int N>
struct Count {
  static constexpr int value = N;
};
template <class Fits, class Launch>
void by_element(Element element, Fits&& fits, Launch&& launch) {
  if (element == Element::Float) {
    if (fits(4, 4)) {
      launch(float(), Count<4>());
    } else {
      launch(float(), Count<1>());
    }
  } else if (fits(2, 8)) {
    launch(__nv_bfloat16(), Count<8>());
  } else {
    launch(__nv_bfloat16(), Count<1>());
  }
}

}  // namespace ltx::kernels::cuda
