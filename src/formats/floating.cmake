set(floating_sources float8.cpp e2m1.cpp e8m0.cpp scaled.cpp fp8.cpp fp8_block.cpp fp6.cpp mxfp8.cpp nvfp4.cpp
    nibbles.cpp scale_swizzle.cpp dither.cpp cpu/available.cpp cpu/plain.cpp)

# The rows are compiled once per instruction set and chosen at run time; they share nothing with other files.
set(floating_rows cpu/baseline.cpp cpu/avx2.cpp cpu/avx512.cpp)
set_source_files_properties(${floating_rows} PROPERTIES SKIP_PRECOMPILE_HEADERS ON)
set(floating_flags "-O3;-Wno-psabi")
set_source_files_properties(cpu/baseline.cpp PROPERTIES COMPILE_OPTIONS "${floating_flags}")
if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
  set_source_files_properties(cpu/avx2.cpp PROPERTIES COMPILE_OPTIONS "${floating_flags};-mavx2")
  set_source_files_properties(cpu/avx512.cpp PROPERTIES
    COMPILE_OPTIONS "${floating_flags};-mavx512f;-mavx512bw;-mavx512dq;-mavx512vl")
else()
  list(REMOVE_ITEM floating_rows cpu/avx2.cpp cpu/avx512.cpp)
endif()
list(APPEND floating_sources ${floating_rows})

if(LTX_CUDA)
  set(floating_kernels cuda/fp8.cu cuda/nvfp4.cu cuda/plain.cu)
  # Products and sums are rounded one by one, as in the CPU twins.
  set_source_files_properties(${floating_kernels} PROPERTIES COMPILE_OPTIONS "--fmad=false")
  list(APPEND floating_sources ${floating_kernels})
endif()
