// The only room that chooses torch devices and generators.
#pragma once
#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <cstdint>

namespace ltx::device {

/// "cpu", "cuda:0" … for messages.
std::string describe(const at::Device& device);

/// Number of usable CUDA devices; 0 in a build without CUDA or on a machine without a driver.
int cuda_device_count();

/// A generator of its own for `device`, seeded; never the global one (good guest, R13).
at::Generator make_generator(const at::Device& device, uint64_t seed);

/// Turns off gradient recording and the inference-tensor mark for the scope of a library call; thread-local.
using NoGrad = at::NoGradGuard;

/// Gives memory that the allocator keeps for reuse back to the driver. Nothing to do on a CPU.
void release_cached_memory(const at::Device& device);

}  // namespace ltx::device
