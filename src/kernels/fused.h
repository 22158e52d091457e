// When the fused operations may stand in for a chain of tensor operators.
#pragma once
#include <ATen/ATen.h>

#include "kernels/arguments.h"
#include "kernels/token_rows.h"

namespace ltx::kernels {

/// True if gradients are off and x is contiguous fp32 or bf16 memory on a device that the operations are
/// built for.
bool fusible(const at::Tensor& x);

Element element_of(const at::Tensor& x);

/// The memory of per-token rows for x [.., D]; throws Internal if they do not fit it.
RowSource source_of(const TokenRows& rows, const at::Tensor& x);

}  // namespace ltx::kernels
