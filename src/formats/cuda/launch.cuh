// Work on independent items, by one thread or by a group of threads each; elements as fp32.
#pragma once
#include <cstdint>

#include "formats/scalar/bits.h"

namespace ltx::formats::cuda {

constexpr int kThreads = 256;
constexpr int64_t kMostBlocks = 1 << 20;  // more items are done in turns

inline unsigned blocks_for(int64_t items, int64_t per_block) {
  const int64_t blocks = (items + per_block - 1) / per_block;
  return static_cast<unsigned>(blocks < kMostBlocks ? blocks : kMostBlocks);
}

template <class Work>
__global__ void __launch_bounds__(kThreads) each_kernel(Work work, int64_t items) {
  const int64_t step = static_cast<int64_t>(gridDim.x) * kThreads;
  for (int64_t i = static_cast<int64_t>(blockIdx.x) * kThreads + threadIdx.x; i < items; i += step) work(i);
}

/// work(i) for 0 ≤ i < items.
template <class Work>
void each(const Work& work, int64_t items, cudaStream_t stream) {
  if (items > 0) each_kernel<<<blocks_for(items, kThreads), kThreads, 0, stream>>>(work, items);
}

/// kSize neighbouring threads: a warp or a whole block.
template <int kSize>
struct Group {
  int rank;  // of this thread

  /// The largest of all threads, in every thread.
  __device__ uint32_t max(uint32_t v) const {
    for (int offset = 16; offset > 0; offset /= 2) {
      const uint32_t other = __shfl_xor_sync(0xffffffffU, v, offset);
      v = other > v ? other : v;
    }
    if constexpr (kSize > 32) {
      __shared__ uint32_t warps[kSize / 32];
      if (rank % 32 == 0) warps[rank / 32] = v;
      __syncthreads();
      for (int i = 0; i < kSize / 32; ++i) v = warps[i] > v ? warps[i] : v;
      __syncthreads();
    }
    return v;
  }
};

template <int kSize, class Work>
__global__ void __launch_bounds__(kThreads) groups_kernel(Work work, int64_t items) {
  constexpr int kGroups = kThreads / kSize;
  const Group<kSize> group{static_cast<int>(threadIdx.x % kSize)};
  const int64_t step = static_cast<int64_t>(gridDim.x) * kGroups;
  for (int64_t i = static_cast<int64_t>(blockIdx.x) * kGroups + threadIdx.x / kSize; i < items; i += step)
    work(i, group);
}

/// work(i, group) for 0 ≤ i < items that have `elements` elements each.
template <class Work>
void groups(const Work& work, int64_t items, int64_t elements, cudaStream_t stream) {
  if (items <= 0) return;
  if (elements <= 512) {
    groups_kernel<32><<<blocks_for(items, kThreads / 32), kThreads, 0, stream>>>(work, items);
  } else {
    groups_kernel<kThreads><<<blocks_for(items, 1), kThreads, 0, stream>>>(work, items);
  }
}

/// N neighbouring elements, moved in one access.
template <class T, int N>
struct alignas(sizeof(T) * N) Packed {
  T e[N];
};

// Elements are float or the bits of bf16.
__device__ __forceinline__ float value_of(float x) {
  return x;
}
__device__ __forceinline__ float value_of(uint16_t x) {
  return scalar::from_bf16(x);
}
template <class T>
__device__ __forceinline__ T element_of(float v);
template <>
__device__ __forceinline__ float element_of<float>(float v) {
  return v;
}
template <>
__device__ __forceinline__ uint16_t element_of<uint16_t>(float v) {
  return scalar::bf16_of(v);
}

__device__ __forceinline__ uint32_t magnitude_of(float v) {
  return scalar::bits_of(v) & scalar::kMagnitude;
}

}  // namespace ltx::formats::cuda
