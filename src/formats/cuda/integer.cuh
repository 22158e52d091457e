// Elements, neighbours and reductions for the integer formats' kernels.
#pragma once
#include <cuda_bf16.h>

#include "formats/cuda/integer.h"

namespace ltx::formats::cuda {
namespace {  // each kernel file has its own

constexpr int kThreads = 256;
constexpr int kNeighbours = 8;  // elements that one thread of a decoder yields

__device__ __forceinline__ float widened(float v) {
  return v;
}
__device__ __forceinline__ float widened(uint16_t v) {
  return scalar::from_bf16(v);
}
__device__ __forceinline__ void put(float* p, float v) {
  *p = v;
}
__device__ __forceinline__ void put(uint16_t* p, float v) {
  *p = scalar::bf16_of(v);
}

/// N neighbours moved in one access where the address allows it.
template <class T, int N>
struct alignas(sizeof(T) * N > 16 ? 16 : sizeof(T) * N) Packed {
  T e[N];
};
template <int N, class T>
__device__ __forceinline__ bool packable(const T* p) {
  return reinterpret_cast<uintptr_t>(p) % alignof(Packed<T, N>) == 0;
}
/// The first `count` of N values.
template <int N, class T>
__device__ __forceinline__ void put_neighbours(T* out, const float (&v)[N], int64_t count) {
  if (count >= N && packable<N>(out)) {
    Packed<T, N> packed;
#pragma unroll
    for (int i = 0; i < N; ++i) put(packed.e + i, v[i]);
    *reinterpret_cast<Packed<T, N>*>(out) = packed;
    return;
  }
#pragma unroll
  for (int i = 0; i < N; ++i) {
    if (i < count) put(out + i, v[i]);
  }
}

/// The bits of |v|: as integers NaN lies above Inf above all values.
__device__ __forceinline__ uint32_t magnitude(float v) {
  return scalar::bits_of(v) & scalar::kMagnitude;
}
__device__ __forceinline__ uint32_t warp_max(uint32_t v) {
  return __reduce_max_sync(0xffffffffU, v);
}
/// Over the block, in every thread.
__device__ __forceinline__ uint32_t block_max(uint32_t v) {
  __shared__ uint32_t warps[kThreads / 32];
  v = warp_max(v);
  if (threadIdx.x % 32 == 0) warps[threadIdx.x / 32] = v;
  __syncthreads();
  uint32_t most = 0;
#pragma unroll
  for (int i = 0; i < kThreads / 32; ++i) most = warps[i] > most ? warps[i] : most;
  __syncthreads();
  return most;
}

/// Blocks for `count` threads; kernels stride over what is left.
inline unsigned blocks_for(int64_t count, int threads = kThreads) {
  const int64_t blocks = (count + threads - 1) / threads;
  return static_cast<unsigned>(blocks < (1 << 20) ? blocks : 1 << 20);
}

/// Calls launch(T()) for the element type.
template <class Launch>
void by_element(Element element, Launch&& launch) {
  if (element == Element::Float) {
    launch(float());
  } else {
    launch(uint16_t());
  }
}

}  // namespace
}  // namespace ltx::formats::cuda
