#include "formats/cuda/integer.cuh"
#include "formats/scalar/gguf.h"

namespace ltx::formats::cuda {
namespace {

template <class T, class Type>
__global__ void __launch_bounds__(kThreads) decode_kernel(integer::GgufDecodeArguments a) {
  constexpr int kPieces = Type::kElements / kNeighbours;
  for (int64_t at = blockIdx.x * int64_t{kThreads} + threadIdx.x; at < a.rows * kPieces;
       at += gridDim.x * int64_t{kThreads}) {
    const uint8_t* const block = a.blocks + at / kPieces * Type::kBytes;
    const int first = static_cast<int>(at % kPieces) * kNeighbours;
    float v[kNeighbours];
#pragma unroll
    for (int i = 0; i < kNeighbours; ++i) v[i] = Type::value(block, first + i);
    put_neighbours(static_cast<T*>(a.out) + at * kNeighbours, v, kNeighbours);
  }
}

}  // namespace

void gguf_decode(const integer::GgufDecodeArguments& a, cudaStream_t stream) {
  if (a.rows == 0) return;
  by_element(a.element, [&](auto element) {
    integer::with_gguf_type(a.type, [&](auto type) {
      using Type = decltype(type);
      decode_kernel<decltype(element), Type>
          <<<blocks_for(a.rows * Type::kElements / kNeighbours), kThreads, 0, stream>>>(a);
    });
  });
}

}  // namespace ltx::formats::cuda
