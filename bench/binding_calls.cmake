# Calls of the toy library, for comparisons with bindings: run by bench/python_calls.py and bench/ffi_calls.py.
add_executable(ltx_binding_calls EXCLUDE_FROM_ALL binding_calls.c)
add_executable(ltx_binding_calls_cpp EXCLUDE_FROM_ALL binding_calls.cpp)
foreach(program ltx_binding_calls ltx_binding_calls_cpp)
  target_link_libraries(${program} PRIVATE ltx_toy ltx_options)
  set_property(GLOBAL APPEND PROPERTY LTX_BENCHMARKS ${program})
endforeach()
