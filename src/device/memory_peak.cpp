#include "device/memory_peak.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#ifdef LTX_WITH_CUDA
#include <c10/cuda/CUDACachingAllocator.h>
#endif

namespace ltx::device {
namespace {

/// Pages of memory that is nobody's file.
uint64_t anonymous_bytes() {
  std::FILE* file = std::fopen("/proc/self/statm", "re");
  if (!file) return 0;
  unsigned long size = 0, resident = 0, shared = 0;
  const int read = std::fscanf(file, "%lu %lu %lu", &size, &resident, &shared);
  std::fclose(file);
  if (read != 3 || shared > resident) return 0;
  return uint64_t{resident - shared} * static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
}

struct DeviceBytes {
  int64_t current = 0, record = 0;
};

DeviceBytes device_bytes(const at::Device& device) {
#ifdef LTX_WITH_CUDA
  // Before the first tensor on any device there are no statistics, and asking for them is an error.
  if (device.is_cuda() && c10::cuda::CUDACachingAllocator::get()->initialized()) {
    const auto stats = c10::cuda::CUDACachingAllocator::getDeviceStats(device.index());
    const auto& all = stats.allocated_bytes[static_cast<size_t>(c10::CachingAllocator::StatType::AGGREGATE)];
    return {all.current, all.peak};
  }
#endif
  (void)device;
  return {};
}

}  // namespace

HostPeak::HostPeak() {
  sample();
}

void HostPeak::sample() {
  largest_ = std::max(largest_, anonymous_bytes());
}

uint64_t HostPeak::bytes() {
  sample();
  return largest_;
}

DevicePeak::DevicePeak(const at::Device& device) : device_(device) {
  const auto now = device_bytes(device_);
  record_before_ = now.record;
  sampled_ = now.current;
}

void DevicePeak::sample() {
  sampled_ = std::max(sampled_, device_bytes(device_).current);
}

uint64_t DevicePeak::bytes() {
  const auto now = device_bytes(device_);
  const int64_t peak = now.record > record_before_ ? now.record : std::max(sampled_, now.current);
  return static_cast<uint64_t>(std::max<int64_t>(peak, 0));
}

}  // namespace ltx::device
