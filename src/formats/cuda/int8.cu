#include "formats/cuda/integer.cuh"

namespace ltx::formats::cuda {
namespace {

using integer::Int8Rule;

template <class T>
__device__ __forceinline__ float row_amax(const T* x, int64_t columns) {
  uint32_t most = 0;
  for (int64_t i = threadIdx.x; i < columns; i += kThreads) {
    const uint32_t m = magnitude(widened(x[i]));
    most = m > most ? m : most;
  }
  return scalar::float_of(block_max(most));
}

template <class T>
__global__ void __launch_bounds__(kThreads) amax_kernel(integer::AmaxArguments a) {
  for (int64_t row = blockIdx.x; row < a.rows; row += gridDim.x) {
    const float most = row_amax(static_cast<const T*>(a.x) + row * a.columns, a.columns);
    if (threadIdx.x == 0) a.amax[row] = most;
  }
}

template <class T>
__global__ void __launch_bounds__(kThreads) encode_kernel(integer::Int8EncodeArguments a) {
  for (int64_t row = blockIdx.x; row < a.rows; row += gridDim.x) {
    const T* const x = static_cast<const T*>(a.x) + row * a.columns;
    int8_t* const codes = a.codes + row * a.columns;
    float scale;
    if (a.scale_given) {
      scale = *a.scale;
    } else {
      const float most = row_amax(x, a.columns);
      scale = a.rule == Int8Rule::Row      ? integer::int8_row_scale(most, a.rounding)
              : a.rule == Int8Rule::Filter ? integer::int8_filter_scale(most)
                                           : integer::int8_tensorwise_scale(most);
      if (threadIdx.x == 0) a.scale[row] = scale;
    }
    const float inverse = 1.0F / scale, divisor = integer::int8_divisor(scale, a.rounding);
    for (int64_t i = threadIdx.x; i < a.columns; i += kThreads) {
      const float v = widened(x[i]);
      const int8_t code = a.rule == Int8Rule::Tensorwise
                              ? integer::int8_code_by_quotient(v, divisor, a.rounding)
                              : integer::int8_code(v * inverse);
      codes[i] = static_cast<int8_t>(code ^ static_cast<int8_t>(a.flip));
    }
  }
}

template <class T>
__global__ void __launch_bounds__(kThreads) decode_kernel(integer::Int8DecodeArguments a) {
  const int64_t pieces = (a.columns + kNeighbours - 1) / kNeighbours;
  for (int64_t at = blockIdx.x * int64_t{kThreads} + threadIdx.x; at < a.rows * pieces;
       at += gridDim.x * int64_t{kThreads}) {
    const int64_t row = at / pieces, column = at % pieces * kNeighbours;
    const int64_t count = a.columns - column < kNeighbours ? a.columns - column : kNeighbours;
    const int8_t* const codes = a.codes + row * a.columns + column;
    const float scale = a.scale[row * a.scale_stride];
    Packed<int8_t, kNeighbours> q = {};
    if (count == kNeighbours && packable<kNeighbours>(codes)) {
      q = *reinterpret_cast<const Packed<int8_t, kNeighbours>*>(codes);
    } else {
      for (int i = 0; i < count; ++i) q.e[i] = codes[i];
    }
    float v[kNeighbours];
#pragma unroll
    for (int i = 0; i < kNeighbours; ++i) {
      v[i] = integer::int8_value(static_cast<int8_t>(q.e[i] ^ static_cast<int8_t>(a.flip)), scale);
    }
    put_neighbours(static_cast<T*>(a.out) + row * a.columns + column, v, count);
  }
}

}  // namespace

void amax(const integer::AmaxArguments& a, cudaStream_t stream) {
  if (a.rows == 0) return;
  by_element(a.element, [&](auto element) {
    amax_kernel<decltype(element)><<<blocks_for(a.rows, 1), kThreads, 0, stream>>>(a);
  });
}

void int8_encode(const integer::Int8EncodeArguments& a, cudaStream_t stream) {
  if (a.rows == 0) return;
  by_element(a.element, [&](auto element) {
    encode_kernel<decltype(element)><<<blocks_for(a.rows, 1), kThreads, 0, stream>>>(a);
  });
}

void int8_decode(const integer::Int8DecodeArguments& a, cudaStream_t stream) {
  if (a.rows == 0 || a.columns == 0) return;
  by_element(a.element, [&](auto element) {
    decode_kernel<decltype(element)>
        <<<blocks_for(a.rows * ((a.columns + kNeighbours - 1) / kNeighbours)), kThreads, 0, stream>>>(a);
  });
}

}  // namespace ltx::formats::cuda
