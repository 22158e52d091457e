# The SDK archive for engines (docs/c-api.md §10, docs/install.md): everything that a program needs, to be unpacked anywhere.
#
#   cmake --build build --target sdk        build/libltx-…-linked.tar.gz: lib/ltx/deps holds links to this machine's LibTorch
#   cmake --build build --target sdk-full   build/libltx-….tar.gz: lib/ltx/deps holds LibTorch and the CUDA libraries themselves
#
# Both are one CPack run; cmake/sdk_dependencies.cmake fills lib/ltx/deps between installing and packing.

install(DIRECTORY "${CMAKE_SOURCE_DIR}/examples/c" "${CMAKE_SOURCE_DIR}/examples/cpp" DESTINATION "${CMAKE_INSTALL_DATADIR}/libltx/examples"
  COMPONENT examples FILES_MATCHING PATTERN "*.c" PATTERN "*.cpp")
install(FILES "${CMAKE_SOURCE_DIR}/README.md" TYPE DOC COMPONENT examples)

if(LTX_CUDA)
  set(flavour "cuda${CUDAToolkit_VERSION_MAJOR}")
else()
  set(flavour "cpu")
endif()
string(TOLOWER "libltx-${PROJECT_VERSION}-${CMAKE_SYSTEM_NAME}-${CMAKE_SYSTEM_PROCESSOR}-${flavour}" CPACK_PACKAGE_FILE_NAME)
set(CPACK_GENERATOR TGZ)
set(CPACK_PACKAGE_NAME libltx)
set(CPACK_PACKAGE_VENDOR "The libltx authors")
set(CPACK_RESOURCE_FILE_LICENSE "${CMAKE_SOURCE_DIR}/LICENSE")
set(CPACK_VERBATIM_VARIABLES ON)
# Two components in one tree. (CPack's own way of packing components lists their files before the script below adds to them.)
set(CPACK_INSTALL_CMAKE_PROJECTS "${CMAKE_BINARY_DIR};libltx;ltx;/" "${CMAKE_BINARY_DIR};libltx;examples;/")
set(CPACK_STRIP_FILES ON)
set(CPACK_PRE_BUILD_SCRIPTS "${CMAKE_SOURCE_DIR}/cmake/sdk_dependencies.cmake")
set(CPACK_LTX_DEPS link)  # or copy
set(CPACK_LTX_LIBDIR "${CMAKE_INSTALL_LIBDIR}")
set(CPACK_LTX_DOCDIR "${CMAKE_INSTALL_DOCDIR}")
set(CPACK_LTX_TORCH_ROOT "${LTX_TORCH_ROOT}")
set(CPACK_LTX_OBJDUMP "${CMAKE_OBJDUMP}")
include(CPack)

foreach(variant sdk sdk-full)
  set(definitions "")
  if(variant STREQUAL "sdk-full")
    set(definitions -D CPACK_LTX_DEPS=copy)
  else()
    set(definitions -D CPACK_LTX_DEPS=link -D "CPACK_PACKAGE_FILE_NAME=${CPACK_PACKAGE_FILE_NAME}-linked")
  endif()
  # The script writes sdk.complete when it has come to its end; CPack itself does not ask.
  add_custom_target(${variant} COMMAND "${CMAKE_COMMAND}" -E rm -f sdk.complete
    COMMAND "${CMAKE_CPACK_COMMAND}" --config "${CMAKE_BINARY_DIR}/CPackConfig.cmake" ${definitions}
    COMMAND "${CMAKE_COMMAND}" -E cat sdk.complete
    WORKING_DIRECTORY "${CMAKE_BINARY_DIR}" USES_TERMINAL VERBATIM)
  add_dependencies(${variant} ltx ltx_cli)
  if(TARGET ltx_media_module)
    add_dependencies(${variant} ltx_media_module)
  endif()
endforeach()
