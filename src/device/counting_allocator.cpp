#include "device/counting_allocator.h"

#include <c10/core/Allocator.h>

#include <mutex>
#include <utility>

namespace ltx::device {
namespace {

thread_local std::shared_ptr<ByteCount> of_this_thread;
std::atomic<bool> everywhere{false};
std::mutex of_everyone_mutex;
std::shared_ptr<ByteCount> of_everyone;

std::shared_ptr<ByteCount> everyone() {
  if (!everywhere) return nullptr;
  const std::lock_guard lock(of_everyone_mutex);
  return of_everyone;
}

/// Keeps the wrapped allocator's own pointer and takes its bytes off the counts when the tensor goes.
struct Counted {
  c10::DataPtr data;
  int64_t bytes;
  std::shared_ptr<ByteCount> counts[2];

  ~Counted() {
    for (const auto& count : counts)
      if (count) count->remove(bytes);
  }
};

void release(void* context) {
  delete static_cast<Counted*>(context);
}

class CountingAllocator final : public c10::Allocator {
 public:
  std::atomic<c10::Allocator*> wrapped{nullptr};  // stays: a thread may be between asking and allocating

  c10::DataPtr allocate(size_t n) override {
    auto data = wrapped.load()->allocate(n);
    auto all = everyone();
    if (!all && !of_this_thread) return data;
    auto* counted = new Counted{std::move(data), static_cast<int64_t>(n), {std::move(all), of_this_thread}};
    for (const auto& count : counted->counts)
      if (count) count->add(counted->bytes);
    void* place = counted->data.get();
    const auto device = counted->data.device();
    return {place, counted, &release, device};
  }
  void copy_data(void* to, const void* from, std::size_t count) const override {
    wrapped.load()->copy_data(to, from, count);
  }
  c10::DeleterFnPtr raw_deleter() const override {
    // Counted memory has a context of its own, which raw pointers cannot have.
    return everywhere || of_this_thread ? nullptr : wrapped.load()->raw_deleter();
  }
};

CountingAllocator& counting() {
  static auto* allocator = new CountingAllocator;  // outlives every tensor
  return *allocator;
}

std::mutex users_mutex;
int users = 0;
// That of torch's own: a tracker never keeps the host from setting another allocator later.
constexpr uint8_t kPriority = 0;

}  // namespace

void ByteCount::add(int64_t bytes) {
  const auto raise_to = [](std::atomic<int64_t>& maximum, int64_t value) {
    int64_t seen = maximum.load();
    while (seen < value && !maximum.compare_exchange_weak(seen, value)) {
    }
  };
  raise_to(peak, current += bytes);
  raise_to(largest, bytes);
  ++allocations;
}

Counting::Counting() {
  const std::lock_guard lock(users_mutex);
  if (users++ > 0) return;
  auto* present = c10::GetAllocator(c10::kCPU);
  if (present == &counting()) return;
  counting().wrapped = present;
  c10::SetAllocator(c10::kCPU, &counting(), kPriority);
}

Counting::~Counting() {
  const std::lock_guard lock(users_mutex);
  if (--users > 0) return;
  // Another one that came meanwhile stays.
  if (c10::GetAllocator(c10::kCPU) == &counting())
    c10::SetAllocator(c10::kCPU, counting().wrapped, kPriority);
}

std::shared_ptr<ByteCount> count_everywhere(std::shared_ptr<ByteCount> count) {
  const std::lock_guard lock(of_everyone_mutex);
  everywhere = count != nullptr;
  return std::exchange(of_everyone, std::move(count));
}

std::shared_ptr<ByteCount> count_on_this_thread(std::shared_ptr<ByteCount> count) {
  return std::exchange(of_this_thread, std::move(count));
}

}  // namespace ltx::device
