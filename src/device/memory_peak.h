// The most memory that a call had in use, sampled: nothing of the process is touched for it.
#pragma once
#include <ATen/core/Tensor.h>

#include <cstdint>

namespace ltx::device {

/// The largest resident set of the process without mapped files, of all samples since construction; 0 where
/// the system does not tell. It includes what the host and other pipelines keep.
class HostPeak {
 public:
  HostPeak();
  void sample();
  uint64_t bytes();

 private:
  uint64_t largest_ = 0;
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
