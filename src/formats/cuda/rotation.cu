#include "formats/cuda/integer.cuh"

namespace ltx::formats::cuda {
namespace {

/// A block works on `per_block` groups at once, each in its part of the shared memory.
template <class T, class O>
__global__ void __launch_bounds__(kThreads) rotate_kernel(integer::RotateArguments a, int per_block) {
  extern __shared__ float values[];
  const int group = static_cast<int>(a.group);
  const float factor = integer::rotation_factor(a.group);
  for (int64_t row = blockIdx.x * int64_t{per_block}; row < a.rows; row += gridDim.x * int64_t{per_block}) {
    const int rows = static_cast<int>(a.rows - row < per_block ? a.rows - row : per_block),
              count = rows * group;
    O* const out = static_cast<O*>(a.out) + row * group;
    for (int i = threadIdx.x; i < count; i += kThreads) {
      const int64_t at = row * group + i;
      const float v = a.x ? widened(static_cast<const T*>(a.x)[at])
                          : integer::int8_value(a.codes[at], a.scale[at / group / a.groups_per_scale]);
      values[i] = v * factor;
    }
    for (int step = 1; step < group; step *= 4) {
      __syncthreads();
      for (int quad = threadIdx.x; quad < count / 4; quad += kThreads) {
        float* const p = values + quad / step * 4 * step + quad % step;
        const integer::Quad y = integer::hadamard({p[0], p[step], p[2 * step], p[3 * step]});
        p[0] = y.a;
        p[step] = y.b;
        p[2 * step] = y.c;
        p[3 * step] = y.d;
      }
    }
    __syncthreads();
    for (int i = threadIdx.x; i < count; i += kThreads) put(out + i, values[i]);
    __syncthreads();
  }
}

}  // namespace

void rotate(const integer::RotateArguments& a, cudaStream_t stream) {
  if (a.rows == 0) return;
  const int per_block = a.group < 4 * kThreads ? static_cast<int>(4 * kThreads / a.group) : 1;
  const size_t bytes = sizeof(float) * static_cast<size_t>(per_block * a.group);
  by_element(a.element, [&](auto element) {
    by_element(a.out_element, [&](auto out_element) {
      const auto kernel = rotate_kernel<decltype(element), decltype(out_element)>;
      // More than 48 KiB has to be asked for; a device without it reports the launch.
      if (bytes > 48 * 1024) {
        cudaFuncSetAttribute(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize, static_cast<int>(bytes));
      }
      const int64_t pieces = (a.rows + per_block - 1) / per_block;
      kernel<<<blocks_for(pieces, 1), kThreads, bytes, stream>>>(a, per_block);
    });
  });
}

}  // namespace ltx::formats::cuda
