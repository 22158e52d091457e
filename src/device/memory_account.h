// What a pipeline takes, measured: the tensors that its calls make in host memory, and the device's.
#pragma once
#include <ATen/core/Tensor.h>

#include <cstdint>
#include <memory>

namespace ltx::device {

struct ByteCount;

/// Host memory of the tensors that were made within its scopes and are still there, wherever they have gone:
/// weights that stay resident, what a call works with, frames that a result holds. Memory that is no tensor's
/// (file maps, codecs, what a kernel takes for itself on other threads) does not count.
class MemoryAccount {
 public:
  MemoryAccount();

  uint64_t current() const;
  /// The largest value of current() since the last restart_peak().
  uint64_t peak() const;
  void restart_peak();

  /// While it lives, tensors that this thread makes count. Wraps the CPU allocator of the process for that
  /// time; other threads' allocations pass through it untouched.
  class Scope {
   public:
    explicit Scope(const MemoryAccount& account);
    ~Scope();
    Scope(const Scope&) = delete;
    Scope& operator=(const Scope&) = delete;

   private:
    struct State;
    std::unique_ptr<State> state_;
  };

 private:
  std::shared_ptr<ByteCount> count_;
};

/// The most memory that tensors took on a CUDA device since construction; 0 for a CPU. Torch counts for the
/// whole process and its statistics stay untouched: exact where this time set a new record of the process,
/// otherwise the largest of the samples.
class DevicePeak {
 public:
  explicit DevicePeak(const at::Device& device);
  void sample();
  uint64_t bytes();

 private:
  at::Device device_;
  int64_t record_before_ = 0, sampled_ = 0;
};

}  // namespace ltx::device
