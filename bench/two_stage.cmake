ltx_bench(two_stage SOURCES two_stage.cpp DEPENDS ltx_pipelines)
target_compile_definitions(ltx_bench_two_stage PRIVATE LTX_DEFAULT_MODEL="${CMAKE_SOURCE_DIR}/.cache/default-model")
