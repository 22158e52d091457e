// How much memory there is to take.
#pragma once
#include <ATen/core/Tensor.h>

#include <cstdint>

namespace ltx::device {

/// Memory that a pipeline may count on at this moment, of a CUDA device or of the host; 0 if nobody says.
uint64_t free_bytes(const at::Device& device);

}  // namespace ltx::device
