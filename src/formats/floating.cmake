set(floating_sources float8.cpp e2m1.cpp e8m0.cpp scaled.cpp fp8.cpp fp8_block.cpp fp6.cpp mxfp8.cpp nvfp4.cpp
    nibbles.cpp scale_swizzle.cpp dither.cpp cpu/available.cpp cpu/plain.cpp)

ltx_instruction_sets(floating_rows cpu/baseline.cpp cpu/avx2.cpp cpu/avx512.cpp)
list(APPEND floating_sources ${floating_rows})

if(LTX_CUDA)
  set(floating_kernels cuda/fp8.cu cuda/nvfp4.cu cuda/plain.cu)
  # Products and sums are rounded one by one, as in the CPU twins.
  set_source_files_properties(${floating_kernels} PROPERTIES COMPILE_OPTIONS "--fmad=false")
  list(APPEND floating_sources ${floating_kernels})
endif()
