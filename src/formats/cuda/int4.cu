#include "formats/cuda/integer.cuh"

namespace ltx::formats::cuda {
namespace {

/// Order-preserving integers of finite fp32 values, for the extremes of a warp.
__device__ __forceinline__ uint32_t ordered(float v) {
  const uint32_t bits = scalar::bits_of(v);
  return bits >> 31 ? ~bits : bits | scalar::kSign;
}
__device__ __forceinline__ float from_ordered(uint32_t o) {
  return scalar::float_of(o >> 31 ? o ^ scalar::kSign : ~o);
}

/// A warp per group.
template <class T>
__global__ void __launch_bounds__(kThreads) encode_kernel(integer::Int4EncodeArguments a) {
  const int lane = threadIdx.x % 32;
  for (int64_t row = blockIdx.x * int64_t{kThreads / 32} + threadIdx.x / 32; row < a.rows;
       row += gridDim.x * int64_t{kThreads / 32}) {
    const T* const x = static_cast<const T*>(a.x) + row * a.group;
    uint32_t low = 0xffffffffU, high = 0, most = 0;
    for (int64_t i = lane; i < a.group; i += 32) {
      const float v = widened(x[i]);
      const uint32_t o = ordered(v), m = magnitude(v);
      low = o < low ? o : low;
      high = o > high ? o : high;
      most = m > most ? m : most;
    }
    low = __reduce_min_sync(0xffffffffU, low);
    high = warp_max(high);
    const float amax = scalar::float_of(warp_max(most));
    const integer::Int4Group g = a.zero
                                     ? integer::int4_group(from_ordered(low), from_ordered(high), a.reference)
                                     : integer::int4_symmetric_group(amax);
    if (lane == 0) {
      a.scale[row] = integer::finite(amax) ? g.scale : uint16_t{0x7fc0};
      if (a.zero) a.zero[row] = g.zero;
    }
    for (int64_t i = lane; i < a.group / 2; i += 32) {
      const uint8_t first = integer::int4_code(widened(x[2 * i]), g),
                    second = integer::int4_code(widened(x[2 * i + 1]), g);
      a.codes[row * (a.group / 2) + i] = static_cast<uint8_t>(first << 4 | second);
    }
  }
}

template <class T>
__global__ void __launch_bounds__(kThreads) decode_kernel(integer::Int4DecodeArguments a) {
  const int64_t pieces = a.group / kNeighbours;
  for (int64_t at = blockIdx.x * int64_t{kThreads} + threadIdx.x; at < a.rows * pieces;
       at += gridDim.x * int64_t{kThreads}) {
    const int64_t row = at / pieces;
    const float scale = scalar::from_bf16(a.scale[row]);
    const float zero = a.zero ? scalar::from_bf16(a.zero[row]) : 0;
    float v[kNeighbours];
#pragma unroll
    for (int i = 0; i < kNeighbours; ++i) {
      const uint8_t pair = a.codes[at * (kNeighbours / 2) + i / 2];
      const uint8_t code = i % 2 ? pair & 15 : pair >> 4;
      v[i] = a.zero ? integer::int4_value(code, scale, zero) : integer::int4_symmetric_value(code, scale);
    }
    put_neighbours(static_cast<T*>(a.out) + at * kNeighbours, v, kNeighbours);
  }
}

}  // namespace

void int4_encode(const integer::Int4EncodeArguments& a, cudaStream_t stream) {
  if (a.rows == 0) return;
  by_element(a.element, [&](auto element) {
    encode_kernel<decltype(element)><<<blocks_for(a.rows, kThreads / 32), kThreads, 0, stream>>>(a);
  });
}

void int4_decode(const integer::Int4DecodeArguments& a, cudaStream_t stream) {
  if (a.rows == 0) return;
  by_element(a.element, [&](auto element) {
    decode_kernel<decltype(element)><<<blocks_for(a.rows * a.group / kNeighbours), kThreads, 0, stream>>>(a);
  });
}

}  // namespace ltx::formats::cuda
