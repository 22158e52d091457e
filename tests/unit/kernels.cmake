ltx_unit_test(kernels TORCH SOURCES kernels_test.cpp DEPENDS ltx_kernels)
add_test(NAME kernels_gpu COMMAND ltx_test_kernels -ts=gpu)
set_tests_properties(kernels_gpu PROPERTIES LABELS gpu)
