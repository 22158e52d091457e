#include "formats/cuda/integer.cuh"

namespace ltx::formats::cuda {
namespace {

/// A warp per block.
template <class T>
__global__ void __launch_bounds__(kThreads) encode_kernel(integer::Nf4EncodeArguments a) {
  const int lane = threadIdx.x % 32;
  for (int64_t row = blockIdx.x * int64_t{kThreads / 32} + threadIdx.x / 32; row < a.rows;
       row += gridDim.x * int64_t{kThreads / 32}) {
    const int64_t first = row * a.block, count = a.elements - first < a.block ? a.elements - first : a.block;
    const T* const x = static_cast<const T*>(a.x) + first;
    uint32_t most = 0;
    for (int64_t i = lane; i < count; i += 32) {
      const uint32_t m = magnitude(widened(x[i]));
      most = m > most ? m : most;
    }
    const float amax = scalar::float_of(warp_max(most));
    if (lane == 0) a.amax[row] = amax;
    const float inverse = integer::nf4_inverse(amax);
    for (int64_t i = lane; 2 * i < count; i += 32) {
      const uint8_t high = integer::nf4_code(widened(x[2 * i]), inverse);
      // Behind the last element lies a zero.
      const uint8_t low = integer::nf4_code(2 * i + 1 < count ? widened(x[2 * i + 1]) : 0.0F, inverse);
      a.codes[first / 2 + i] = static_cast<uint8_t>(high << 4 | low);
    }
  }
}

template <class T>
__global__ void __launch_bounds__(kThreads) decode_kernel(integer::Nf4DecodeArguments a) {
  __shared__ float table[16];
  if (threadIdx.x < 16) table[threadIdx.x] = a.table[threadIdx.x];
  __syncthreads();
  for (int64_t at = (blockIdx.x * int64_t{kThreads} + threadIdx.x) * kNeighbours; at < a.elements;
       at += gridDim.x * int64_t{kThreads} * kNeighbours) {
    const int64_t count = a.elements - at < kNeighbours ? a.elements - at : kNeighbours;
    float v[kNeighbours];
#pragma unroll
    for (int i = 0; i < kNeighbours; ++i) {
      if (i >= count) break;
      const uint8_t pair = a.codes[(at + i) / 2];
      v[i] = table[i % 2 ? pair & 15 : pair >> 4] * a.amax[(at + i) / a.block];
    }
    put_neighbours(static_cast<T*>(a.out) + at, v, count);
  }
}

}  // namespace

void nf4_encode(const integer::Nf4EncodeArguments& a, cudaStream_t stream) {
  if (a.rows == 0) return;
  by_element(a.element, [&](auto element) {
    encode_kernel<decltype(element)><<<blocks_for(a.rows, kThreads / 32), kThreads, 0, stream>>>(a);
  });
}

void nf4_decode(const integer::Nf4DecodeArguments& a, cudaStream_t stream) {
  if (a.elements == 0) return;
  by_element(a.element, [&](auto element) {
    decode_kernel<decltype(element)><<<blocks_for((a.elements + 7) / kNeighbours), kThreads, 0, stream>>>(a);
  });
}

}  // namespace ltx::formats::cuda
