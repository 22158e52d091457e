# The integer formats' sources: `integer_sources`.
ltx_instruction_sets(integer_rows cpu/integer_baseline.cpp cpu/integer_avx2.cpp cpu/integer_avx512.cpp)

set(integer_sources int8.cpp int8_rows.cpp int8_filter.cpp int8_activations.cpp rotation.cpp int4.cpp nf4.cpp gguf.cpp integer_checks.cpp cpu/integer_available.cpp
    ${integer_rows})

if(LTX_CUDA)
  # No fused multiply-add: the CPU rows round every product.
  set(integer_cuda cuda/int8.cu cuda/int4.cu cuda/nf4.cu cuda/gguf.cu cuda/rotation.cu)
  set_source_files_properties(${integer_cuda} PROPERTIES COMPILE_OPTIONS --fmad=false)
  list(APPEND integer_sources ${integer_cuda})
endif()
