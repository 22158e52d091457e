ltx_unit_test(kernels TORCH SOURCES kernels_test.cpp DEPENDS ltx_kernels LABELS gpu)
