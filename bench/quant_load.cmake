ltx_bench(quant_load SOURCES quant_load.cpp DEPENDS ltx_quant)
