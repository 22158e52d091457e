#include "device/allocation_tracker.h"

#include <c10/core/Allocator.h>

#include <atomic>
#include <limits>
#include <mutex>
#include <optional>
#include <unordered_map>

#include "base/error.h"

namespace ltx::device {
namespace {

std::atomic<int64_t> current_bytes{0}, peak_bytes{0}, largest_bytes{0}, allocations{0};

void raise_to(std::atomic<int64_t>& maximum, int64_t value) {
  int64_t seen = maximum.load();
  while (seen < value && !maximum.compare_exchange_weak(seen, value)) {
  }
}

/// What is to be done when memory goes.
struct Counted {
  c10::DeleterFnPtr deleter;  // of the wrapped allocator
  int64_t bytes;
};

/// By address: torch also takes memory without a context, which only the address can name.
struct Ledger {
  std::mutex mutex;
  std::unordered_map<void*, Counted> entries;

  void add(void* place, Counted counted) {
    const std::lock_guard lock(mutex);
    const auto [entry, is_new] = entries.try_emplace(place, counted);
    if (is_new) return;
    current_bytes -= entry->second.bytes;  // freed behind our back: with the wrapped allocator's deleter
    entry->second = counted;
  }
  std::optional<Counted> take(void* place) {
    const std::lock_guard lock(mutex);
    const auto found = entries.find(place);
    if (found == entries.end()) return std::nullopt;
    const Counted taken = found->second;
    entries.erase(found);
    return taken;
  }
};

Ledger& ledger() {
  static auto* all = new Ledger;  // outlives every tensor
  return *all;
}

void release(void* place);

class CountingAllocator final : public c10::Allocator {
 public:
  std::atomic<c10::Allocator*> wrapped{nullptr};  // stays: tensors made meanwhile are released through it
  std::atomic<bool> in_place{false};

  c10::DataPtr allocate(size_t n) override {
    auto data = wrapped.load()->allocate(n);
    // Memory with a context of its own has no address that a raw pointer could be freed by.
    if (!data || data.get() != data.get_context()) return data;
    const auto bytes = static_cast<int64_t>(n);
    const auto device = data.device();
    void* place = data.get();
    ledger().add(place, {data.get_deleter(), bytes});  // may throw while the memory still has its owner
    data.release_context();
    raise_to(peak_bytes, current_bytes += bytes);
    raise_to(largest_bytes, bytes);
    ++allocations;
    return {place, place, &release, device};
  }
  void copy_data(void* to, const void* from, std::size_t count) const override {
    wrapped.load()->copy_data(to, from, count);
  }
  c10::DeleterFnPtr raw_deleter() const override {
    return wrapped.load()->raw_deleter() ? &release : nullptr;
  }
};

CountingAllocator& counting() {
  static auto* allocator = new CountingAllocator;  // outlives every tensor
  return *allocator;
}

void release(void* place) {
  const auto counted = ledger().take(place);
  if (counted) current_bytes -= counted->bytes;
  const auto deleter = counted ? counted->deleter : counting().wrapped.load()->raw_deleter();
  if (deleter) deleter(place);
}

constexpr uint8_t kPriority = std::numeric_limits<uint8_t>::max();

}  // namespace

AllocationTracker::AllocationTracker() {
  auto& allocator = counting();
  if (allocator.in_place.exchange(true))
    fail(Status::Internal, "expected no allocation tracker in this process, found one. Use one at a time.");
  allocator.wrapped = c10::GetAllocator(c10::kCPU);
  reset();
  c10::SetAllocator(c10::kCPU, &allocator, kPriority);
}

AllocationTracker::~AllocationTracker() {
  auto& allocator = counting();
  c10::SetAllocator(c10::kCPU, allocator.wrapped, kPriority);
  allocator.in_place = false;
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
