ltx_unit_test(quant TORCH SOURCES quant_policy_test.cpp quant_calibration_test.cpp quant_load_test.cpp quant_conv_test.cpp quant_memory_test.cpp
  quant_matrix_test.cpp DEPENDS ltx_quant)
