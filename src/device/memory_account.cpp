#include "device/memory_account.h"

#include <algorithm>

#include "device/counting_allocator.h"
#ifdef LTX_WITH_CUDA
#include <c10/cuda/CUDACachingAllocator.h>
#endif

namespace ltx::device {
namespace {

struct DeviceBytes {
  int64_t current = 0, record = 0;
};

DeviceBytes device_bytes(const at::Device& device) {
#ifdef LTX_WITH_CUDA
  if (device.is_cuda()) {
    const auto stats = c10::cuda::CUDACachingAllocator::getDeviceStats(device.index());
    const auto& all = stats.allocated_bytes[static_cast<size_t>(c10::CachingAllocator::StatType::AGGREGATE)];
    return {all.current, all.peak};
  }
#endif
  (void)device;
  return {};
}

uint64_t unsigned_of(int64_t bytes) {
  return static_cast<uint64_t>(std::max<int64_t>(bytes, 0));
}

}  // namespace

MemoryAccount::MemoryAccount() : count_(std::make_shared<ByteCount>()) {}

uint64_t MemoryAccount::current() const {
  return unsigned_of(count_->current);
}

uint64_t MemoryAccount::peak() const {
  return unsigned_of(count_->peak);
}

void MemoryAccount::restart_peak() {
  count_->peak = count_->current.load();
}

struct MemoryAccount::Scope::State {
  Counting counting;
  std::shared_ptr<ByteCount> before;
};

MemoryAccount::Scope::Scope(const MemoryAccount& account) : state_(std::make_unique<State>()) {
  state_->before = count_on_this_thread(account.count_);
}

MemoryAccount::Scope::~Scope() {
  count_on_this_thread(std::move(state_->before));
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
  return unsigned_of(now.record > record_before_ ? now.record : std::max(sampled_, now.current));
}

}  // namespace ltx::device
