// Status codes of the library. The numbers are those of the C API and never change.
#pragma once
#include <cstdint>

namespace ltx {

enum class Status : int32_t {
  Ok = 0,
  InvalidArgument = 1,
  InvalidHandle = 2,
  StructSize = 3,
  TooNew = 4,
  Busy = 5,
  Reentrant = 6,
  Timeout = 7,
  Cancelled = 8,
  NotReady = 9,
  Unsupported = 20,
  NotBuilt = 21,
  NoDevice = 22,
  Environment = 23,
  FileNotFound = 30,
  FileAccess = 31,
  FileCorrupt = 32,
  FileFormat = 33,
  DiskFull = 34,
  MediaDecode = 35,
  MediaEncode = 36,
  ComponentMissing = 50,
  TensorMissing = 51,
  TensorMismatch = 52,
  ModelConfig = 53,
  ModelVersion = 54,
  LoraMismatch = 55,
  Quant = 56,
  OutOfDeviceMemory = 70,
  OutOfHostMemory = 71,
  Budget = 72,
  DeviceLost = 73,
  Device = 74,
  Numeric = 80,
  Internal = 99,
};

}  // namespace ltx
