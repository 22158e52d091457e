#include "device/free_memory.h"

#include <c10/core/DeviceGuard.h>

#include <fstream>
#include <string>

#ifdef LTX_WITH_CUDA
#include <cuda_runtime_api.h>
#endif

namespace ltx::device {

uint64_t free_bytes(const at::Device& device) {
#ifdef LTX_WITH_CUDA
  if (device.is_cuda()) {
    const c10::DeviceGuard guard(device);
    size_t free = 0, total = 0;
    if (cudaMemGetInfo(&free, &total) != cudaSuccess) {
      cudaGetLastError();
      return 1;  // a device that does not answer has no room to spare
    }
    return free;
  }
#endif
  (void)device;
  std::ifstream file("/proc/meminfo");
  for (std::string key; file >> key;) {
    uint64_t value = 0;
    file >> value;
    if (key == "MemAvailable:") return value * 1024;
    file.ignore(64, '\n');
  }
  return 0;
}

}  // namespace ltx::device
