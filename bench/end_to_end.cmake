# Written against the public header alone, like any client.
if(TARGET ltx)
  add_executable(ltx_bench_end_to_end EXCLUDE_FROM_ALL end_to_end.cpp)
  target_link_libraries(ltx_bench_end_to_end PRIVATE ltx ltx_options)
  target_include_directories(ltx_bench_end_to_end PRIVATE "${CMAKE_SOURCE_DIR}")
  target_compile_definitions(ltx_bench_end_to_end PRIVATE LTX_DEFAULT_MODEL="${CMAKE_SOURCE_DIR}/.cache/default-model")
  set_property(GLOBAL APPEND PROPERTY LTX_BENCHMARKS ltx_bench_end_to_end)
endif()
