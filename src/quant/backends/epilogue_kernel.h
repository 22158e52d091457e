// The door between the epilogue and its kernel: plain pointers, so that the kernel needs no tensor headers.
#pragma once
#include <cuda_runtime.h>

#include <cstdint>

namespace ltx::quant {

struct EpilogueArguments {
  const void* sum = nullptr;  // [rows, columns]
  void* output = nullptr;
  const float *sx = nullptr, *sw = nullptr, *bias = nullptr;  // bias null: none
  int64_t sx_stride = 0, sw_stride = 0;                       // 0: one scale for all
  int64_t rows = 0, columns = 0;
  bool integer_sum = false;
  int output_kind = 0;  // 0 F32, 1 BF16, 2 F16
  int roundings = 0;    // Roundings
};

void launch_epilogue(const EpilogueArguments& arguments, cudaStream_t stream);

}  // namespace ltx::quant
