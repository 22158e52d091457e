// Counts the host memory of tensors while it exists: what a load or a step really takes.
#pragma once
#include <cstdint>

namespace ltx::device {

/// Wraps the process's CPU tensor allocator for its lifetime. One at a time; tensors that it saw being made
/// may outlive it and are then released through the wrapped allocator as usual. For tests and benchmarks: the
/// count is the whole process's, and what a host set up for itself stays as it is in every run.
class AllocationTracker {
 public:
  AllocationTracker();
  ~AllocationTracker();
  AllocationTracker(const AllocationTracker&) = delete;
  AllocationTracker& operator=(const AllocationTracker&) = delete;

  /// Bytes allocated since construction (or the last reset) and not yet released; negative where older ones
  /// were released.
  int64_t current() const;
  /// The largest value of current().
  int64_t peak() const;
  /// The largest single allocation.
  int64_t largest() const;
  int64_t count() const;
  void reset();
};

}  // namespace ltx::device
