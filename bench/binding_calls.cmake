# Calls of the toy library, for comparisons with bindings: run by bench/python_calls.py.
add_executable(ltx_binding_calls EXCLUDE_FROM_ALL binding_calls.c)
target_link_libraries(ltx_binding_calls PRIVATE ltx_toy ltx_options)
set_property(GLOBAL APPEND PROPERTY LTX_BENCHMARKS ltx_binding_calls)
