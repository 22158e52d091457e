ltx_unit_test(formats_integer TORCH
  SOURCES formats_int8_test.cpp formats_rotation_test.cpp formats_int8_filter_test.cpp formats_int4_test.cpp
          formats_nf4_test.cpp formats_gguf_test.cpp formats_integer_rows_test.cpp
  DEPENDS ltx_formats)
add_test(NAME formats_integer_gpu COMMAND ltx_test_formats_integer -ts=gpu)
set_tests_properties(formats_integer_gpu PROPERTIES LABELS gpu)
