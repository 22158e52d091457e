# House rules for every target: language level, warnings, sections, linker, and the room mechanism.

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_C_STANDARD 99)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_CXX_VISIBILITY_PRESET hidden)
set(CMAKE_C_VISIBILITY_PRESET hidden)
set(CMAKE_CUDA_VISIBILITY_PRESET hidden)
set(CMAKE_VISIBILITY_INLINES_HIDDEN ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
# Line tables only: full debug information of the tensor headers costs minutes and gigabytes.
set(CMAKE_CXX_FLAGS_RELWITHDEBINFO "-O2 -g1 -DNDEBUG")
set(CMAKE_C_FLAGS_RELWITHDEBINFO "-O2 -g1 -DNDEBUG")
if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE RelWithDebInfo)
endif()

find_program(LTX_CCACHE ccache)
if(LTX_CCACHE)
  foreach(language C CXX CUDA)
    set(CMAKE_${language}_COMPILER_LAUNCHER ${LTX_CCACHE})
  endforeach()
endif()

add_library(ltx_options INTERFACE)
# No contraction: fused multiply-adds appear only where a kernel asks for them, so that every build draws the same bits.
target_compile_options(ltx_options INTERFACE
  $<$<COMPILE_LANGUAGE:CXX>:-Wall;-Wextra;-Wpedantic;-Werror;-Wshadow;-ffp-contract=off;-fno-math-errno>
  $<$<COMPILE_LANGUAGE:C>:-Wall;-Wextra;-Wpedantic;-Werror;-ffp-contract=off>
  $<$<COMPILE_LANGUAGE:CUDA>:-Xcompiler=-Wall,-Wextra>)
find_program(LTX_MOLD mold)
if(LTX_MOLD AND NOT LTX_SANITIZE)
  target_link_options(ltx_options INTERFACE -fuse-ld=mold)
endif()
if(LTX_SANITIZE)
  # -O1: what sanitizers add to LibTorch's inline functions takes minutes per file otherwise. LibTorch is not instrumented, so
  # that checks of its objects' types have nothing to compare with.
  target_compile_options(ltx_options INTERFACE
    $<$<NOT:$<COMPILE_LANGUAGE:CUDA>>:-fsanitize=${LTX_SANITIZE};-fno-omit-frame-pointer;-O1>)
  if(LTX_SANITIZE MATCHES undefined)
    if(CMAKE_CXX_COMPILER_ID MATCHES Clang)  # programs in C link the library's checks of C++
      target_link_options(ltx_options INTERFACE -fsanitize-link-c++-runtime $<$<LINK_LANGUAGE:C>:-lstdc++>)
    endif()
    target_compile_options(ltx_options INTERFACE $<$<COMPILE_LANGUAGE:CXX>:-fno-sanitize=vptr>)
  endif()
  target_link_options(ltx_options INTERFACE -fsanitize=${LTX_SANITIZE})
endif()

# ltx_room(NAME name SOURCES … DEPENDS rooms … LIBS external …)
#
# A room is a static library whose headers are included as "<room>/file.h". Each room's include folder is private to the rooms
# that name it in DEPENDS (and to those above them): an include of a room that is not below does not compile. The include
# folder is a folder of the build tree that holds one link to the room's sources.
function(ltx_room)
  cmake_parse_arguments(ROOM "TORCH" "NAME" "SOURCES;DEPENDS;LIBS" ${ARGN})
  set(target ltx_${ROOM_NAME})
  set(doors "${CMAKE_BINARY_DIR}/doors/${ROOM_NAME}")
  file(MAKE_DIRECTORY "${doors}")
  file(CREATE_LINK "${CMAKE_CURRENT_SOURCE_DIR}" "${doors}/${ROOM_NAME}" SYMBOLIC)
  if(ROOM_SOURCES)
    add_library(${target} STATIC ${ROOM_SOURCES})
    set(scope PUBLIC)
  else()
    add_library(${target} INTERFACE)
    set(scope INTERFACE)
  endif()
  target_include_directories(${target} ${scope} "${doors}")
  foreach(dependency IN LISTS ROOM_DEPENDS)
    target_link_libraries(${target} ${scope} ltx_${dependency})
  endforeach()
  target_link_libraries(${target} ${scope} ${ROOM_LIBS})
  if(ROOM_SOURCES)
    target_link_libraries(${target} PRIVATE ltx_options)
    if(ROOM_TORCH)
      ltx_torch_pch(${target})
    endif()
  elseif(ROOM_TORCH)
    target_link_libraries(${target} INTERFACE ltx::torch)
  endif()
endfunction()

# One precompiled copy of the tensor headers serves every torch target.
function(ltx_torch_pch target)
  target_link_libraries(${target} PUBLIC ltx::torch)
  target_precompile_headers(${target} REUSE_FROM ltx_torch_pch)
endfunction()

# A network: target ltx_models_<name>, headers as "models/<name>/file.h".
function(ltx_model_room)
  cmake_parse_arguments(ROOM "TORCH" "NAME" "SOURCES;DEPENDS;LIBS" ${ARGN})
  set(target ltx_models_${ROOM_NAME})
  set(doors "${CMAKE_BINARY_DIR}/doors/models_${ROOM_NAME}")
  file(MAKE_DIRECTORY "${doors}/models")
  file(CREATE_LINK "${CMAKE_CURRENT_SOURCE_DIR}" "${doors}/models/${ROOM_NAME}" SYMBOLIC)
  if(ROOM_SOURCES)
    add_library(${target} STATIC ${ROOM_SOURCES})
    set(scope PUBLIC)
    target_link_libraries(${target} PRIVATE ltx_options)
  else()
    add_library(${target} INTERFACE)
    set(scope INTERFACE)
  endif()
  target_include_directories(${target} ${scope} "${doors}")
  foreach(dependency IN LISTS ROOM_DEPENDS)
    target_link_libraries(${target} ${scope} ltx_${dependency})
  endforeach()
  target_link_libraries(${target} ${scope} ${ROOM_LIBS})
  if(ROOM_SOURCES)
    ltx_torch_pch(${target})
  else()
    target_link_libraries(${target} INTERFACE ltx::torch)
  endif()
endfunction()

# ltx_instruction_sets(OUT baseline.cpp avx2.cpp avx512.cpp)
#
# Rows that are compiled once per instruction set and chosen at run time; they share nothing with other files. OUT receives
# those that the processor's family can have.
function(ltx_instruction_sets out baseline avx2 avx512)
  set(flags "-O3;-Wno-psabi")
  set(sources ${baseline})
  set_source_files_properties(${baseline} PROPERTIES COMPILE_OPTIONS "${flags}")
  if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
    list(APPEND sources ${avx2} ${avx512})
    set_source_files_properties(${avx2} PROPERTIES COMPILE_OPTIONS "${flags};-mavx2")
    set_source_files_properties(${avx512} PROPERTIES
      COMPILE_OPTIONS "${flags};-mavx512f;-mavx512bw;-mavx512dq;-mavx512vl")
  endif()
  set_source_files_properties(${sources} PROPERTIES SKIP_PRECOMPILE_HEADERS ON)
  set(${out} ${sources} PARENT_SCOPE)
endfunction()
