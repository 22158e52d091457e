ltx_bench(guided_step SOURCES guided_step.cpp DEPENDS ltx_pipelines)
