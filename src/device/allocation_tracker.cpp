#include "device/allocation_tracker.h"

#include "base/error.h"

namespace ltx::device {

AllocationTracker::AllocationTracker() : count_(std::make_shared<ByteCount>()) {
  if (auto other = count_everywhere(count_)) {
    count_everywhere(std::move(other));
    fail(Status::Internal, "expected no allocation tracker in this process, found one. Use one at a time.");
  }
}

AllocationTracker::~AllocationTracker() {
  count_everywhere(nullptr);
}

int64_t AllocationTracker::current() const {
  return count_->current;
}
int64_t AllocationTracker::peak() const {
  return count_->peak;
}
int64_t AllocationTracker::largest() const {
  return count_->largest;
}
int64_t AllocationTracker::count() const {
  return count_->allocations;
}

void AllocationTracker::reset() {
  count_->current = 0;
  count_->peak = 0;
  count_->largest = 0;
  count_->allocations = 0;
}

}  // namespace ltx::device
