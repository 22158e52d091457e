# The tiny preset, written anew whenever the tool changes.
file(GLOB tool CONFIGURE_DEPENDS "${CMAKE_SOURCE_DIR}/tools/make_default_model.py" "${CMAKE_SOURCE_DIR}/tools/synthetic/*.py")
set(model "${CMAKE_BINARY_DIR}/default-model-tiny")
add_custom_command(OUTPUT "${model}/SHA256"
  COMMAND "${CMAKE_COMMAND}" -E rm -rf "${model}"
  COMMAND "${Python3_EXECUTABLE}" -B "${CMAKE_SOURCE_DIR}/tools/make_default_model.py" "${model}" --preset tiny
  DEPENDS ${tool} VERBATIM)
add_custom_target(ltx_default_model_tiny DEPENDS "${model}/SHA256")
ltx_unit_test(default_model TORCH SOURCES default_model_test.cpp DEPENDS ltx_pipelines)
add_dependencies(ltx_test_default_model ltx_default_model_tiny)
