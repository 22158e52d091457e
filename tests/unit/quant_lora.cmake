ltx_unit_test(quant_lora TORCH SOURCES quant_layer_cache_test.cpp quant_lora_test.cpp DEPENDS ltx_quant)
