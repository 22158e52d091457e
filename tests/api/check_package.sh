#!/usr/bin/env bash
# The installed library serves a C and a C++ program through CMake and through pkg-config, and gives them nothing of its own
# dependencies. usage: check_package.sh CMAKE BUILD_DIR SOURCE_DIR
set -euo pipefail
cmake=$1 build=$2 root=$3
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
"$cmake" --install "$build" --prefix "$work/prefix" --component ltx > /dev/null
mkdir "$work/project"
cat > "$work/project/CMakeLists.txt" <<'END'
cmake_minimum_required(VERSION 3.20)
project(client C CXX)
find_package(ltx 0.1 CONFIG REQUIRED)
add_executable(client_c client.c)
target_link_libraries(client_c PRIVATE ltx::ltx)
add_executable(client_cpp client.cpp)
target_compile_features(client_cpp PRIVATE cxx_std_17)
target_link_libraries(client_cpp PRIVATE ltx::ltx)
END
cat > "$work/project/client.c" <<'END'
#include <stdio.h>
#include "ltx_c.h"
int main(void) {
  ltx_pipeline* pipeline = NULL;
  ltx_pipeline_params params;
  int32_t devices = 0;
  ltx_pipeline_params_init(&params);
  if (ltx_device_count(&devices) != LTX_OK || devices < 1) return 1;
  if (ltx_pipeline_create(&params, &pipeline) != LTX_E_INVALID_ARGUMENT || pipeline) return 2;
  if (ltx_supports(LTX_CAPABILITY_MEDIA_WRITE, 0, LTX_DEVICE_CPU, 0) != LTX_OK) { fprintf(stderr, "%s\n", ltx_last_error()); return 3; }
  return ltx_version() == LTX_VERSION ? 0 : 4;
}
END
printf '#include "ltx.hpp"\nint main() { return ltx::device_count() > 0 ? 0 : 1; }\n' > "$work/project/client.cpp"
"$cmake" -S "$work/project" -B "$work/build" -DCMAKE_PREFIX_PATH="$work/prefix" > /dev/null
"$cmake" --build "$work/build" > /dev/null
"$work/build/client_c"
"$work/build/client_cpp"
echo "cmake ok"
export PKG_CONFIG_PATH="$work/prefix/lib/pkgconfig:$work/prefix/lib64/pkgconfig:$work/prefix/lib/x86_64-linux-gnu/pkgconfig"
# shellcheck disable=SC2046
gcc -std=c99 "$work/project/client.c" $(pkg-config --cflags --libs libltx) -o "$work/plain"
LD_LIBRARY_PATH="$(pkg-config --variable=libdir libltx)" "$work/plain"
echo "pkg-config ok"
