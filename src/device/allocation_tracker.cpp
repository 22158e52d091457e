#include "device/allocation_tracker.h"

#include <c10/core/Allocator.h>

#include <atomic>
#include <limits>

#include "base/error.h"

namespace ltx::device {
namespace {

std::atomic<int64_t> current_bytes{0}, peak_bytes{0}, largest_bytes{0}, allocations{0};

void raise_to(std::atomic<int64_t>& maximum, int64_t value) {
  int64_t seen = maximum.load();
  while (seen < value && !maximum.compare_exchange_weak(seen, value)) {
  }
}

/// Keeps the wrapped allocator's own pointer and takes its bytes off the count when the tensor goes.
struct Counted {
  c10::DataPtr data;
  int64_t bytes;
};

void release(void* context) {
  auto* counted = static_cast<Counted*>(context);
  current_bytes -= counted->bytes;
  delete counted;
}

class CountingAllocator final : public c10::Allocator {
 public:
  c10::Allocator* wrapped = nullptr;

  c10::DataPtr allocate(size_t n) override {
    auto data = wrapped->allocate(n);
    const auto bytes = static_cast<int64_t>(n);
    raise_to(peak_bytes, current_bytes += bytes);
    raise_to(largest_bytes, bytes);
    ++allocations;
    void* place = data.get();
    const auto device = data.device();
    return {place, new Counted{std::move(data), bytes}, &release, device};
  }
  void copy_data(void* to, const void* from, std::size_t count) const override {
    wrapped->copy_data(to, from, count);
  }
};

CountingAllocator& counting() {
  static CountingAllocator allocator;
  return allocator;
}

constexpr uint8_t kPriority = std::numeric_limits<uint8_t>::max();

}  // namespace

AllocationTracker::AllocationTracker() {
  auto& allocator = counting();
  if (allocator.wrapped)
    fail(Status::Internal, "expected no allocation tracker in this process, found one. Use one at a time.");
  allocator.wrapped = c10::GetAllocator(c10::kCPU);
  reset();
  c10::SetAllocator(c10::kCPU, &allocator, kPriority);
}

AllocationTracker::~AllocationTracker() {
  auto& allocator = counting();
  c10::SetAllocator(c10::kCPU, allocator.wrapped, kPriority);
  allocator.wrapped = nullptr;
}

int64_t AllocationTracker::current() const {
  return current_bytes;
}
int64_t AllocationTracker::peak() const {
  return peak_bytes;
}
int64_t AllocationTracker::largest() const {
  return largest_bytes;
}
int64_t AllocationTracker::count() const {
  return allocations;
}

void AllocationTracker::reset() {
  current_bytes = 0;
  peak_bytes = 0;
  largest_bytes = 0;
  allocations = 0;
}

}  // namespace ltx::device
