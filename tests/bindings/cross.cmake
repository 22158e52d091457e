# Between languages: the same request gives the same bytes everywhere, and nothing grows however often and from however many threads
# the library is asked. Models are tiny, so one computing thread is the fastest.
set(tiny "${CMAKE_SOURCE_DIR}/tests/golden/models/tiny23")
set(cross "${CMAKE_CURRENT_BINARY_DIR}/cross")
set(cross_source "${CMAKE_CURRENT_SOURCE_DIR}/cross")
set(library_path "LD_LIBRARY_PATH=$<TARGET_FILE_DIR:ltx>")
set(request "rain on a pasture" 64 64 9)

add_executable(ltx_cross_c cross/client.c)
add_executable(ltx_cross_cpp cross/client.cpp)
target_link_libraries(ltx_cross_c PRIVATE ltx ltx_options)
target_link_libraries(ltx_cross_cpp PRIVATE ltx ltx_options)
set(reference --client c latents,mp4,rgb $<TARGET_FILE:ltx_cross_c> c "${tiny}" "${cross}")

set(clients
  --client cpp latents,mp4,rgb $<TARGET_FILE:ltx_cross_cpp> cpp "${tiny}" "${cross}"
  --client example_c mp4 $<TARGET_FILE:ltx_example_c> "${tiny}" "{out}.mp4" ${request}
  --client cli latents,mp4 $<TARGET_FILE:ltx_cli> --json generate --root "${tiny}" --output "{out}.mp4" --prompt "rain on a pasture"
     --width 64 --height 64 --num-frames 9 --progress off
  --client ctypes latents,mp4,rgb "${Python3_EXECUTABLE}" "${CMAKE_CURRENT_SOURCE_DIR}/ctypes_client.py" $<TARGET_FILE:ltx> "${tiny}" "${cross}")
# Programs compiled with the header of each version, on the library of this one.
file(GLOB headers CONFIGURE_DEPENDS "${CMAKE_SOURCE_DIR}/abi/headers/ltx_c_*.h")
foreach(header IN LISTS headers)
  string(REGEX REPLACE ".*/ltx_c_(.*)\\.h$" "\\1" version "${header}")
  set(frozen "${CMAKE_CURRENT_BINARY_DIR}/frozen/${version}")
  configure_file("${header}" "${frozen}/ltx_c.h" COPYONLY)
  add_executable(ltx_cross_c_${version} cross/client.c)
  target_include_directories(ltx_cross_c_${version} BEFORE PRIVATE "${frozen}")
  target_link_libraries(ltx_cross_c_${version} PRIVATE ltx ltx_options)
  list(APPEND clients --client c_${version} latents,mp4,rgb $<TARGET_FILE:ltx_cross_c_${version}> c_${version} "${tiny}" "${cross}")
endforeach()
include("${CMAKE_CURRENT_SOURCE_DIR}/csharp.cmake")
if(TARGET ltx_csharp)
  list(APPEND clients --client csharp latents,rgb "${LTX_MONO}" "${CMAKE_CURRENT_BINARY_DIR}/csharp/generate.exe" "${tiny}" "{out}.rgb" ${request})
endif()
set(compare Python3::Interpreter "${cross_source}/compare.py" "${cross}" ${reference})
add_test(NAME cross_languages COMMAND ${compare} ${clients})
set_tests_properties(cross_languages PROPERTIES ENVIRONMENT "${library_path};OMP_NUM_THREADS=1" TIMEOUT 600 RUN_SERIAL ON)

# Fixtures are those of the packages' own tests.
add_test(NAME cross_python COMMAND ${compare}
  --client python latents,mp4,rgb "${CMAKE_CURRENT_BINARY_DIR}/python/environment/bin/python" "${cross_source}/client.py" "${tiny}" "{out}")
set_tests_properties(cross_python PROPERTIES FIXTURES_REQUIRED python_environment ENVIRONMENT "OMP_NUM_THREADS=1" TIMEOUT 600)
add_test(NAME cross_rust COMMAND ${compare}
  --client rust latents,mp4 "${LTX_CARGO}" run --quiet --offline --locked --manifest-path "${CMAKE_SOURCE_DIR}/bindings/rust/Cargo.toml" -p ltx
     --example generate -- "${tiny}" "{out}.mp4" ${request})
set_tests_properties(cross_rust PROPERTIES FIXTURES_REQUIRED rust TIMEOUT 900 ENVIRONMENT
  "LTX_LIB_DIR=$<TARGET_FILE_DIR:ltx>;LTX_INCLUDE_DIR=${CMAKE_SOURCE_DIR}/include;${library_path};CARGO_TARGET_DIR=${CMAKE_BINARY_DIR}/cargo-bindings;OMP_NUM_THREADS=1")

# A tenth of the long run; scripts/check-all asks for all of it by the environment.
find_package(Threads REQUIRED)
add_executable(ltx_soak soak/soak.c soak/footprint.c)
target_link_libraries(ltx_soak PRIVATE ltx ltx_options Threads::Threads)
target_compile_definitions(ltx_soak PRIVATE _DEFAULT_SOURCE)
add_test(NAME soak_c COMMAND ltx_soak "${tiny}")
# Blocks of 64 KiB and more are mapped, so that resident memory does not wander with holes in the heap.
set_tests_properties(soak_c PROPERTIES LABELS soak ENVIRONMENT "OMP_NUM_THREADS=1;MALLOC_MMAP_THRESHOLD_=65536" TIMEOUT 3600)
