ltx_bench(formats SOURCES formats.cpp DEPENDS ltx_formats)
