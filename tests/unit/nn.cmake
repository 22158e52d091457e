ltx_unit_test(nn TORCH SOURCES nn_test.cpp DEPENDS ltx_nn)
