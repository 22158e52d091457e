ltx_bench(quant_linear SOURCES quant_linear.cpp DEPENDS ltx_quant)
