# The game loop without a screen: it keeps ticking while a clip is made, and what it shows afterwards is the clip.
find_program(LTX_XVFB Xvfb)
if(NOT TARGET ltx_example_engine OR NOT LTX_XVFB)
  message(STATUS "No SDL2, libpng or Xvfb: examples/engine is not tested")
  return()
endif()
add_test(NAME engine COMMAND Python3::Interpreter "${CMAKE_CURRENT_SOURCE_DIR}/engine_test.py" "${LTX_XVFB}"
  $<TARGET_FILE:ltx_example_engine> $<TARGET_FILE:ltx> "${CMAKE_SOURCE_DIR}/tests/golden/models/tiny23" "${CMAKE_CURRENT_BINARY_DIR}/engine")
set_tests_properties(engine PROPERTIES TIMEOUT 300 ENVIRONMENT "OMP_NUM_THREADS=1")
