# The integer formats' sources: `integer_sources`. Their rows are compiled once per instruction set, as those of
# src/kernels.
set(integer_rows cpu/integer_baseline.cpp cpu/integer_avx2.cpp cpu/integer_avx512.cpp)
set_source_files_properties(${integer_rows} PROPERTIES SKIP_PRECOMPILE_HEADERS ON)
set(integer_flags "-O3;-Wno-psabi")
set_source_files_properties(cpu/integer_baseline.cpp PROPERTIES COMPILE_OPTIONS "${integer_flags}")
if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
  set_source_files_properties(cpu/integer_avx2.cpp PROPERTIES COMPILE_OPTIONS "${integer_flags};-mavx2")
  set_source_files_properties(cpu/integer_avx512.cpp PROPERTIES
    COMPILE_OPTIONS "${integer_flags};-mavx512f;-mavx512bw;-mavx512dq;-mavx512vl")
else()
  list(REMOVE_ITEM integer_rows cpu/integer_avx2.cpp cpu/integer_avx512.cpp)
endif()

set(integer_sources int8.cpp int8_rows.cpp int8_filter.cpp int8_activations.cpp rotation.cpp int4.cpp nf4.cpp gguf.cpp integer_checks.cpp cpu/integer_available.cpp
    ${integer_rows})

if(LTX_CUDA)
  # No fused multiply-add: the CPU rows round every product.
  set(integer_cuda cuda/int8.cu cuda/int4.cu cuda/nf4.cu cuda/gguf.cu cuda/rotation.cu)
  set_source_files_properties(${integer_cuda} PROPERTIES COMPILE_OPTIONS --fmad=false)
  list(APPEND integer_sources ${integer_cuda})
endif()
