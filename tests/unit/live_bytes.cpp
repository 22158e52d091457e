#include "live_bytes.h"

#include "device/allocation_tracker.h"

namespace ltx::test {

struct LiveBytes::State {
  device::AllocationTracker tracker;
};

LiveBytes::LiveBytes() : state_(std::make_unique<State>()) {}
LiveBytes::~LiveBytes() = default;

int64_t LiveBytes::current() const {
  return state_->tracker.current();
}

}  // namespace ltx::test
