ltx_unit_test(quant_linear TORCH SOURCES quant_linear_test.cpp DEPENDS ltx_quant)
add_test(NAME quant_linear_gpu COMMAND ltx_test_quant_linear -ts=gpu)
set_tests_properties(quant_linear_gpu PROPERTIES LABELS gpu)
