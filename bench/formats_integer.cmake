ltx_bench(formats_integer SOURCES formats_integer.cpp DEPENDS ltx_formats)
