# C#: the generated declarations are those of the header, the runtime lays them out alike, no frame is copied, and the example runs.
include_guard(DIRECTORY)  # the comparison between languages needs its target
find_program(LTX_MCS mcs)
find_program(LTX_MONO mono)
if(NOT LTX_MCS OR NOT LTX_MONO)
  message(STATUS "No Mono (mcs, mono): the C# client is neither built nor tested")
  return()
endif()

set(native "${CMAKE_SOURCE_DIR}/examples/csharp/LtxNative.cs")
set(csharp "${CMAKE_CURRENT_BINARY_DIR}/csharp")
file(MAKE_DIRECTORY "${csharp}")
function(ltx_csharp_program name source)
  add_custom_command(OUTPUT "${csharp}/${name}.exe"
    COMMAND "${LTX_MCS}" -nologo -unsafe -optimize -warnaserror -warn:4 "-out:${csharp}/${name}.exe" "${source}" "${native}"
    DEPENDS "${source}" "${native}")
  set_property(GLOBAL APPEND PROPERTY LTX_CSHARP_PROGRAMS "${csharp}/${name}.exe")
endfunction()
ltx_csharp_program(generate "${CMAKE_SOURCE_DIR}/examples/csharp/Generate.cs")
ltx_csharp_program(layout "${CMAKE_CURRENT_SOURCE_DIR}/csharp/Layout.cs")
ltx_csharp_program(frames "${CMAKE_CURRENT_SOURCE_DIR}/csharp/Frames.cs")
get_property(programs GLOBAL PROPERTY LTX_CSHARP_PROGRAMS)
add_custom_target(ltx_csharp ALL DEPENDS ${programs})

add_test(NAME csharp_generated COMMAND sh -c "\"${Python3_EXECUTABLE}\" \"${CMAKE_SOURCE_DIR}/tools/make_csharp.py\" \
\"${CMAKE_SOURCE_DIR}/include/ltx_c.h\" LtxNative.cs && diff -u \"${native}\" LtxNative.cs")
add_test(NAME csharp_layout COMMAND sh -c "\"${LTX_MONO}\" layout.exe | diff -u \"${CMAKE_SOURCE_DIR}/abi/layout.json\" -")
# How many ticks there are depends on the machine's speed.
add_test(NAME csharp_generate COMMAND sh -c "\"${LTX_MONO}\" generate.exe \"${CMAKE_SOURCE_DIR}/tests/golden/models/tiny23\" clip.rgb \
'rain on a pasture' 64 64 9 >generate.txt && cat generate.txt && \
grep -Ex 'wrote clip.rgb: 9 frames of 64x64, [0-9]+ ticks, latents [0-9a-f]{64}' generate.txt")
add_test(NAME csharp_frames COMMAND sh -c "\"${LTX_MONO}\" frames.exe \"${CMAKE_SOURCE_DIR}/tests/golden/models/tiny23\" | grep -x \
'110592 bytes of frames and [1-9][0-9]* samples, none copied'")
# The library's sentence arrives, and no file is left.
add_test(NAME csharp_error COMMAND sh -c "\"${LTX_MONO}\" generate.exe \"${CMAKE_SOURCE_DIR}/tests/golden/models/tiny23\" refused.rgb \
rain 63 64 9 2>&1 | grep -x 'request.width is 63, allowed are 64 to 16384.*' && [ ! -e refused.rgb ]")
set_tests_properties(csharp_generated csharp_layout csharp_generate csharp_frames csharp_error PROPERTIES WORKING_DIRECTORY "${csharp}"
  ENVIRONMENT "LD_LIBRARY_PATH=$<TARGET_FILE_DIR:ltx>;OMP_NUM_THREADS=1")
