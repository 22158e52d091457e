# Presets of the synthetic model set, written anew whenever the tool changes: LTX_DEFAULT_MODEL_<preset> is a target.
file(GLOB tool CONFIGURE_DEPENDS "${CMAKE_SOURCE_DIR}/tools/make_default_model.py" "${CMAKE_SOURCE_DIR}/tools/synthetic/*.py")
foreach(preset tiny wide)
  set(model "${CMAKE_BINARY_DIR}/default-model-${preset}")
  add_custom_command(OUTPUT "${model}/SHA256"
    COMMAND "${CMAKE_COMMAND}" -E rm -rf "${model}"
    COMMAND "${Python3_EXECUTABLE}" -B "${CMAKE_SOURCE_DIR}/tools/make_default_model.py" "${model}" --preset ${preset}
    DEPENDS ${tool} VERBATIM)
  add_custom_target(ltx_default_model_${preset} DEPENDS "${model}/SHA256")
endforeach()
ltx_unit_test(default_model TORCH SOURCES default_model_test.cpp DEPENDS ltx_pipelines)
add_dependencies(ltx_test_default_model ltx_default_model_tiny)
