ltx_unit_test(convert TORCH SOURCES convert_cache_test.cpp convert_gguf_test.cpp convert_stored_test.cpp convert_test.cpp DEPENDS ltx_quant)
