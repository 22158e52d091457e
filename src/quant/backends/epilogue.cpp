#include "quant/backends/epilogue.h"

#include <c10/cuda/CUDAGuard.h>
#include <c10/cuda/CUDAStream.h>

#include "quant/backends/epilogue_kernel.h"

namespace ltx::quant {

at::Tensor scale_rows_and_columns(const at::Tensor& sum, const at::Tensor& sx, const at::Tensor& sw,
                                  const at::Tensor& bias, at::ScalarType output, Roundings roundings) {
  const c10::cuda::CUDAGuard guard(sum.device());
  auto y = at::empty(sum.sizes(), sum.options().dtype(output));
  EpilogueArguments a;
  a.sum = sum.const_data_ptr();
  a.output = y.data_ptr();
  a.sx = sx.const_data_ptr<float>();
  a.sw = sw.const_data_ptr<float>();
  a.bias = bias.defined() ? bias.const_data_ptr<float>() : nullptr;
  a.sx_stride = sx.dim() == 0 ? 0 : 1;
  a.sw_stride = sw.dim() == 0 ? 0 : 1;
  a.rows = sum.size(0);
  a.columns = sum.size(1);
  a.integer_sum = sum.scalar_type() == at::kInt;
  a.output_kind = output == at::kBFloat16 ? 1 : output == at::kHalf ? 2 : 0;
  a.roundings = static_cast<int>(roundings);
  launch_epilogue(a, c10::cuda::getCurrentCUDAStream());
  C10_CUDA_KERNEL_LAUNCH_CHECK();
  return y;
}

}  // namespace ltx::quant
