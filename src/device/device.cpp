#include "device/device.h"

#include <ATen/CPUGeneratorImpl.h>
#ifdef LTX_WITH_CUDA
#include <ATen/cuda/CUDAGeneratorImpl.h>
#include <c10/cuda/CUDACachingAllocator.h>
#include <c10/cuda/CUDAFunctions.h>
#endif

#include "base/error.h"

namespace ltx::device {

std::string describe(const at::Device& device) {
  return device.str();
}

int cuda_device_count() {
#ifdef LTX_WITH_CUDA
  return c10::cuda::device_count();
#else
  return 0;
#endif
}

at::Generator make_generator(const at::Device& device, uint64_t seed) {
  if (device.is_cpu()) return at::detail::createCPUGenerator(seed);
#ifdef LTX_WITH_CUDA
  if (device.is_cuda()) {
    auto generator = at::cuda::detail::createCUDAGenerator(device.index());
    generator.set_current_seed(seed);
    return generator;
  }
#endif
  fail(Status::NoDevice, "no random generator for device '{}'. Use cpu or cuda.", device.str());
}

void release_cached_memory(const at::Device& device) {
#ifdef LTX_WITH_CUDA
  if (device.is_cuda()) c10::cuda::CUDACachingAllocator::emptyCache();
#endif
  (void)device;
}

}  // namespace ltx::device
