#include "device/counting_allocator.h"

#include <c10/core/Allocator.h>

#include <mutex>
#include <optional>
#include <unordered_map>
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

/// What is to be done when memory goes.
struct Counted {
  c10::DeleterFnPtr deleter;  // of the wrapped allocator
  int64_t bytes;
  std::shared_ptr<ByteCount> counts[2];

  void uncount() const {
    for (const auto& count : counts)
      if (count) count->remove(bytes);
  }
};

/// By address: torch also takes memory without a context, which only the address can name.
struct Ledger {
  std::mutex mutex;
  std::unordered_map<void*, Counted> entries;

  void add(void* place, Counted counted) {
    const std::lock_guard lock(mutex);
    auto& entry = entries[place];
    entry.uncount();  // freed behind our back: with the wrapped allocator's deleter
    entry = std::move(counted);
  }
  std::optional<Counted> take(void* place) {
    const std::lock_guard lock(mutex);
    const auto found = entries.find(place);
    if (found == entries.end()) return std::nullopt;
    std::optional<Counted> taken(std::move(found->second));
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
  std::atomic<c10::Allocator*> wrapped{nullptr};  // stays: a thread may be between asking and allocating

  c10::DataPtr allocate(size_t n) override {
    auto data = wrapped.load()->allocate(n);
    auto all = everyone();
    // Memory with a context of its own has no address that a raw pointer could be freed by.
    if ((!all && !of_this_thread) || !data || data.get() != data.get_context()) return data;
    const auto device = data.device();
    Counted counted{data.get_deleter(), static_cast<int64_t>(n), {std::move(all), of_this_thread}};
    void* place = data.release_context();
    for (const auto& count : counted.counts)
      if (count) count->add(counted.bytes);
    ledger().add(place, std::move(counted));
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
  if (counted) counted->uncount();
  const auto deleter = counted ? counted->deleter : counting().wrapped.load()->raw_deleter();
  if (deleter) deleter(place);
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
