// The CUDA twins: same arguments, on a stream.
#pragma once
#include <cuda_runtime_api.h>

#include "kernels/arguments.h"

namespace ltx::kernels::cuda {

void residual_norm(const ResidualNormArguments&, cudaStream_t);
void modulate(const ModulateArguments&, cudaStream_t);
void norm_rope(const NormRopeArguments&, cudaStream_t);
void head_gate(const HeadGateArguments&, cudaStream_t);
void gelu(const GeluArguments&, cudaStream_t);

}  // namespace ltx::kernels::cuda
