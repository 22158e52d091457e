// The one allocator that trackers and accounts put in the place of the process's CPU allocator. Not for other
// rooms.
#pragma once
#include <atomic>
#include <cstdint>
#include <memory>

namespace ltx::device {

struct ByteCount {
  std::atomic<int64_t> current{0}, peak{0}, largest{0}, allocations{0};

  void add(int64_t bytes);
  void remove(int64_t bytes) { current -= bytes; }
};

/// Puts the counting allocator in place while it exists; any number at a time. An allocation on a thread that
/// counts for nobody goes straight to the allocator below. Where the process has one of a higher priority,
/// nothing is counted.
class Counting {
 public:
  Counting();
  ~Counting();
  Counting(const Counting&) = delete;
  Counting& operator=(const Counting&) = delete;
};

/// Whom allocations of every thread count for; null: nobody. Returns the one before.
std::shared_ptr<ByteCount> count_everywhere(std::shared_ptr<ByteCount> count);
/// The same of this thread's, besides.
std::shared_ptr<ByteCount> count_on_this_thread(std::shared_ptr<ByteCount> count);

}  // namespace ltx::device
