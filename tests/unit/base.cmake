ltx_unit_test(base SOURCES base_test.cpp DEPENDS ltx_base)
