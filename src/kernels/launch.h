// How an operation reaches its device. Used by the operations' sources only.
#pragma once
#include <ATen/Parallel.h>

#include <algorithm>

#include "kernels/cpu/rows.h"
#include "kernels/fused.h"
#ifdef LTX_WITH_CUDA
#include <c10/cuda/CUDAGuard.h>
#include <c10/cuda/CUDAStream.h>

#include "kernels/cuda/kernels.h"
#endif

namespace ltx::kernels {

/// Rows shared out over the threads, in pieces that are worth a thread.
template <class Arguments>
void launch_cpu(void (*rows)(const Arguments&, int64_t, int64_t), const Arguments& arguments,
                int64_t row_elements) {
  constexpr int64_t kWorthAThread = 16384;  // elements
  const int64_t grain = std::max<int64_t>(1, kWorthAThread / std::max<int64_t>(1, row_elements));
  at::parallel_for(0, arguments.rows, grain,
                   [&](int64_t begin, int64_t end) { rows(arguments, begin, end); });
}

#ifdef LTX_WITH_CUDA
/// On the current stream of x's device.
template <class Arguments>
void launch_cuda(void (*kernel)(const Arguments&, cudaStream_t), const Arguments& arguments,
                 const at::Tensor& x) {
  const c10::cuda::CUDAGuard guard(x.device());
  kernel(arguments, c10::cuda::getCurrentCUDAStream());
  C10_CUDA_KERNEL_LAUNCH_CHECK();
}
#define LTX_LAUNCH(operation, arguments, x, row_elements)     \
  ((x).is_cuda() ? launch_cuda(cuda::operation, arguments, x) \
                 : launch_cpu(cpu::rows().operation, arguments, row_elements))
#else
#define LTX_LAUNCH(operation, arguments, x, row_elements) \
  launch_cpu(cpu::rows().operation, arguments, row_elements)
#endif

}  // namespace ltx::kernels
