# LibTorch as it lies in a PyPI wheel. Torch's own CMake package is not used: it detects CUDA by running programs and adds
# global flags. What is needed is two include folders and three libraries.

find_package(Python3 COMPONENTS Interpreter REQUIRED)
execute_process(
  COMMAND "${Python3_EXECUTABLE}" -c "import importlib.util as u, os; print(os.path.dirname(u.find_spec('torch').origin))"
  OUTPUT_VARIABLE LTX_TORCH_ROOT OUTPUT_STRIP_TRAILING_WHITESPACE RESULT_VARIABLE result)
if(NOT result EQUAL 0)
  message(FATAL_ERROR "LibTorch not found: install torch==2.11.0 for ${Python3_EXECUTABLE}")
endif()
file(STRINGS "${LTX_TORCH_ROOT}/version.py" version_line REGEX "^__version__")
string(REGEX MATCH "[0-9]+\\.[0-9]+\\.[0-9]+" LTX_TORCH_VERSION "${version_line}")
message(STATUS "LibTorch ${LTX_TORCH_VERSION}: ${LTX_TORCH_ROOT}")

add_library(ltx_torch_libraries INTERFACE)
add_library(ltx::torch ALIAS ltx_torch_libraries)
target_include_directories(ltx_torch_libraries SYSTEM INTERFACE
  "${LTX_TORCH_ROOT}/include" "${LTX_TORCH_ROOT}/include/torch/csrc/api/include")
target_compile_definitions(ltx_torch_libraries INTERFACE LTX_TORCH_VERSION="${LTX_TORCH_VERSION}")
# The C++ runtime comes first: libtorch.so exports parts of std::filesystem from an older runtime, and where those are found
# first, std::filesystem::remove_all of the program jumps to a null pointer.
target_link_libraries(ltx_torch_libraries INTERFACE
  -Wl,--no-as-needed stdc++ "${LTX_TORCH_ROOT}/lib/libtorch.so" -Wl,--as-needed
  "${LTX_TORCH_ROOT}/lib/libtorch_cpu.so" "${LTX_TORCH_ROOT}/lib/libc10.so")
set(CMAKE_BUILD_RPATH "${LTX_TORCH_ROOT}/lib")

if(LTX_CUDA)
  set(CMAKE_CUDA_ARCHITECTURES ${LTX_CUDA_ARCHITECTURES})
  if(DEFINED ENV{LTX_CUDA_VIEW})
    set(CUDAToolkit_ROOT "$ENV{LTX_CUDA_VIEW}" CACHE PATH "")
    set(CUDA_TOOLKIT_ROOT_DIR "$ENV{LTX_CUDA_VIEW}" CACHE PATH "")
  endif()
  enable_language(CUDA)
  set(CMAKE_CUDA_STANDARD 20)
  find_package(CUDAToolkit 13 REQUIRED)
  target_include_directories(ltx_torch_libraries SYSTEM INTERFACE ${CUDAToolkit_INCLUDE_DIRS})
  target_compile_definitions(ltx_torch_libraries INTERFACE LTX_WITH_CUDA=1)
  target_link_libraries(ltx_torch_libraries INTERFACE
    "${LTX_TORCH_ROOT}/lib/libc10_cuda.so" "${LTX_TORCH_ROOT}/lib/libtorch_cuda.so" CUDA::cudart CUDA::cublasLt)
endif()

add_library(ltx_torch_pch STATIC "${CMAKE_SOURCE_DIR}/cmake/torch_pch.cpp")
target_link_libraries(ltx_torch_pch PUBLIC ltx::torch PRIVATE ltx_options)
target_precompile_headers(ltx_torch_pch PRIVATE "${CMAKE_SOURCE_DIR}/cmake/torch_pch.h")
