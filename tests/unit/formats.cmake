ltx_unit_test(formats TORCH
  SOURCES formats_rows_test.cpp formats_float8_test.cpp formats_e2m1_test.cpp formats_fp8_test.cpp
          formats_fp8_block_test.cpp formats_mxfp8_test.cpp formats_nvfp4_test.cpp formats_scale_swizzle_test.cpp
          formats_dither_test.cpp formats_gpu_test.cpp
  DEPENDS ltx_formats)
add_test(NAME formats_gpu COMMAND ltx_test_formats -ts=gpu)
set_tests_properties(formats_gpu PROPERTIES LABELS gpu)
