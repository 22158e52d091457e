ltx_unit_test(pipelines_quant TORCH SOURCES pipelines_quant_cache_test.cpp pipelines_quant_test.cpp DEPENDS ltx_pipelines)
# The preset is written by default_model.cmake.
add_dependencies(ltx_test_pipelines_quant ltx_default_model_wide)
