#include "device/free_memory.h"

#include <c10/core/DeviceGuard.h>

#include <algorithm>
#include <fstream>
#include <limits>
#include <string>
#include <string_view>

#ifdef LTX_WITH_CUDA
#include <c10/cuda/CUDACachingAllocator.h>
#include <cuda_runtime_api.h>
#endif

namespace ltx::device {
namespace {

/// The number behind a name in a file of names and numbers; 0 if there is none.
uint64_t named_number(const char* path, std::string_view name) {
  std::ifstream file(path);
  for (std::string key; file >> key; file.ignore(256, '\n')) {
    uint64_t value = 0;
    if (key == name && file >> value) return value;
  }
  return 0;
}

/// What the container around the process leaves it; the cache of files can be had back.
uint64_t container_bytes() {
  uint64_t limit = 0, used = 0;
  if (!(std::ifstream("/sys/fs/cgroup/memory.max") >> limit) ||
      !(std::ifstream("/sys/fs/cgroup/memory.current") >> used))
    return std::numeric_limits<uint64_t>::max();  // "max", or no container
  used -= std::min(used, named_number("/sys/fs/cgroup/memory.stat", "file"));
  return std::max<uint64_t>(limit - std::min(limit, used), 1);  // 0 would say that nobody knows
}

}  // namespace

uint64_t free_bytes(const at::Device& device) {
#ifdef LTX_WITH_CUDA
  if (device.is_cuda()) {
    const c10::DeviceGuard guard(device);
    size_t free = 0, total = 0;
    if (cudaMemGetInfo(&free, &total) != cudaSuccess) {
      cudaGetLastError();
      return 1;  // a device that does not answer has no room to spare
    }
    // What the allocator has taken and nothing uses.
    if (c10::cuda::CUDACachingAllocator::get()->initialized()) {
      const auto stats = c10::cuda::CUDACachingAllocator::getDeviceStats(device.index());
      constexpr auto all = static_cast<size_t>(c10::CachingAllocator::StatType::AGGREGATE);
      free += static_cast<size_t>(
          std::max<int64_t>(stats.reserved_bytes[all].current - stats.allocated_bytes[all].current, 0));
    }
    return free;
  }
#endif
  (void)device;
  return std::min(named_number("/proc/meminfo", "MemAvailable:") * 1024, container_bytes());
}

}  // namespace ltx::device
