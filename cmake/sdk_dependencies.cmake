# Run by CPack between installing and packing: gives libltx the RUNPATH of the SDK and fills lib/ltx/deps with everything that it
# loads and that is not the system's: LibTorch, the CUDA libraries that LibTorch is linked to, and those that these open by name.
# CPACK_LTX_DEPS is `link` (links to where the libraries lie) or `copy` (the libraries). Their licences come along.

file(GLOB_RECURSE library "${CPACK_TEMPORARY_DIRECTORY}/*/libltx.so.*.*.*")
list(LENGTH library count)
if(NOT count EQUAL 1)
  message(FATAL_ERROR "one libltx.so expected below ${CPACK_TEMPORARY_DIRECTORY}, found: ${library}")
endif()
cmake_path(GET library PARENT_PATH lib)
set(deps "${lib}/ltx/deps")
file(MAKE_DIRECTORY "${deps}")

# Opened by name at run time, so nothing names them in a header: linear algebra and the run-time compiler of LibTorch, the parts of
# cuDNN.
cmake_path(GET CPACK_LTX_TORCH_ROOT PARENT_PATH site)
file(GLOB opened
  "${CPACK_LTX_TORCH_ROOT}/lib/libtorch_cuda_linalg.so" "${CPACK_LTX_TORCH_ROOT}/lib/libcaffe2_nvrtc.so"
  "${site}/nvidia/cudnn/lib/libcudnn*.so.*" "${site}/nvidia/*/lib/libnvrtc.so.*" "${site}/nvidia/*/lib/libnvrtc-builtins.so.*")
file(GLOB folders "${CPACK_LTX_TORCH_ROOT}/lib" "${site}/nvidia/*/lib")
set(CMAKE_GET_RUNTIME_DEPENDENCIES_PLATFORM "linux+elf")
set(CMAKE_GET_RUNTIME_DEPENDENCIES_TOOL objdump)
set(CMAKE_GET_RUNTIME_DEPENDENCIES_COMMAND "${CPACK_LTX_OBJDUMP}")
file(GET_RUNTIME_DEPENDENCIES LIBRARIES "${library}" ${opened} DIRECTORIES ${folders}
  RESOLVED_DEPENDENCIES_VAR needed UNRESOLVED_DEPENDENCIES_VAR unresolved CONFLICTING_DEPENDENCIES_PREFIX conflict
  # The C and C++ runtimes and the driver are the system's.
  PRE_EXCLUDE_REGEXES "^lib(c|m|dl|rt|pthread|stdc\\+\\+|gcc_s|cuda|nvidia-ml|ibverbs|mlx5|rdmacm|efa)\\.so" "^ld-linux"
  POST_EXCLUDE_REGEXES "^/lib" "^/usr/lib")
if(unresolved)
  message(FATAL_ERROR "libraries that nothing provides: ${unresolved}")
endif()
foreach(name IN LISTS conflict_FILENAMES)  # one name in several folders: that of LibTorch goes first
  list(GET conflict_${name} 0 first)
  list(APPEND needed "${first}")
endforeach()
list(APPEND needed ${opened})
list(REMOVE_DUPLICATES needed)

set(files "")
foreach(file IN LISTS needed)
  cmake_path(GET file FILENAME name)
  if(EXISTS "${deps}/${name}")
    continue()  # found under two paths
  endif()
  file(REAL_PATH "${file}" file)
  list(APPEND files "${file}")
  if(CPACK_LTX_DEPS STREQUAL "copy")
    file(COPY_FILE "${file}" "${deps}/${name}")
  else()
    file(CREATE_LINK "${file}" "${deps}/${name}" SYMBOLIC)
  endif()
endforeach()
file(RPATH_SET FILE "${library}" NEW_RPATH "$ORIGIN/ltx/deps")

# Each distribution whose files were taken brings its licences along.
string(REGEX REPLACE "/${CPACK_LTX_LIBDIR}$" "" prefix "${lib}")
file(REAL_PATH "${site}" site)
file(GLOB distributions "${site}/torch-*.dist-info" "${site}/nvidia_*.dist-info")
foreach(distribution IN LISTS distributions)
  file(READ "${distribution}/RECORD" record)
  set(taken FALSE)
  foreach(file IN LISTS files)
    cmake_path(RELATIVE_PATH file BASE_DIRECTORY "${site}" OUTPUT_VARIABLE relative)
    string(FIND "${record}" "${relative}," position)
    if(NOT position EQUAL -1)
      set(taken TRUE)
      break()
    endif()
  endforeach()
  if(NOT taken)
    continue()
  endif()
  string(REGEX MATCHALL "[^\n,]*/(LICEN[SC]E|License|NOTICE|COPYRIGHT)[^\n,/]*," licences "${record}")
  if(NOT licences)
    message(FATAL_ERROR "${distribution} names no licence")
  endif()
  cmake_path(GET distribution STEM LAST_ONLY name)
  foreach(licence IN LISTS licences)
    string(REGEX REPLACE ",$" "" licence "${licence}")
    string(REGEX REPLACE "^.*\\.dist-info/(licenses/)?" "" short "${licence}")
    set(target "${prefix}/${CPACK_LTX_DOCDIR}/deps/${name}/${short}")
    cmake_path(GET target PARENT_PATH folder)
    file(MAKE_DIRECTORY "${folder}")
    file(COPY_FILE "${site}/${licence}" "${target}")
  endforeach()
endforeach()

list(LENGTH files count)
message(STATUS "lib/ltx/deps: ${count} libraries (${CPACK_LTX_DEPS})")
# CPack packs on when a script fails: this file says that this one did not.
file(WRITE "${CPACK_PACKAGE_DIRECTORY}/sdk.complete" "lib/ltx/deps: ${count} libraries (${CPACK_LTX_DEPS})\n")
