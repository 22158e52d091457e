ltx_unit_test(weights TORCH SOURCES weights_test.cpp weights_lora_test.cpp weights_model_test.cpp weights_quant_test.cpp DEPENDS ltx_weights ltx_quant)
