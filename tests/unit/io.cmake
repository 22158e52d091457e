ltx_unit_test(io SOURCES io_test.cpp io_gguf_test.cpp DEPENDS ltx_io)
