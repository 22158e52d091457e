#!/usr/bin/env bash
# The SDK archive, unpacked where nothing of the build is known: an example builds with a compiler alone and runs without a
# library path, CMake and pkg-config find the package in its new place, a host without FFmpeg gets frames in memory.
# usage: check_sdk.sh CMAKE CPACK BUILD_DIR SOURCE_DIR
set -euo pipefail
cmake=$1 cpack=$2 build=$3 root=$4
here=$(cd "$(dirname "$0")" && pwd)
models=$root/tests/golden/models/tiny23
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
fail() { echo "error: $*" >&2; exit 1; }

"$cpack" --config "$build/CPackConfig.cmake" -B "$work/pack" -D CPACK_LTX_DEPS=link -D CPACK_PACKAGE_FILE_NAME=sdk > "$work/log" 2>&1 ||
  { cat "$work/log" >&2; exit 1; }
grep 'lib/ltx/deps' "$work/log"
mkdir "$work/some where"
tar xzf "$work/pack/sdk.tar.gz" -C "$work/some where"
rm -rf "$work/pack"
sdk="$work/engine/third party/ltx"       # not where it was unpacked either
mkdir -p "$work/engine/third party"
mv "$work/some where/sdk" "$sdk"

for file in include/ltx_c.h include/ltx.hpp lib/libltx.so lib/libltx.so.0 lib/cmake/ltx/ltx-config.cmake lib/pkgconfig/libltx.pc \
  bin/ltx share/libltx/examples/c/generate.c share/libltx/examples/cpp/generate.cpp share/doc/libltx/LICENSE \
  share/doc/libltx/THIRD_PARTY_NOTICES.md lib/ltx/deps/libtorch_cpu.so lib/ltx/deps/libc10.so; do
  [ -e "$sdk/$file" ] || fail "$file is missing from the archive"
done
ls "$sdk"/lib/libltx_media_*.so > /dev/null
# Licences of what deps holds: LibTorch's names the libraries inside it, NVIDIA's are one per distribution.
grep -q "Facebook" "$sdk"/share/doc/libltx/deps/torch-*/LICENSE
[ ! -e "$sdk/lib/ltx/deps/libcudart.so.13" ] || grep -qi "nvidia" "$sdk"/share/doc/libltx/deps/nvidia_cuda_runtime-*/License.txt
# Nothing may remember where it was built; a link into LibTorch's folder is what this variant is.
! grep -rlF -e "$build" -e "$work" "$sdk/lib/cmake" "$sdk/lib/pkgconfig" || fail "these files name folders of the build"
[ "$(objdump -p "$sdk/lib/libltx.so.0" | awk '/R(UN)?PATH/ { print $2 }')" = '$ORIGIN/ltx/deps' ] || fail "RUNPATH of libltx.so"
[ "$(objdump -p "$sdk/bin/ltx" | awk '/R(UN)?PATH/ { print $2 }')" = '$ORIGIN/../lib' ] || fail "RUNPATH of ltx"
# Every library that is loaded, deps included, comes from the archive or from the system.
outside=$(env -i ldd "$sdk/lib/libltx.so.0" | awk '/=>/ { $1 = $2 = ""; print }' | grep -v -e '^ */lib' -e '^ */usr/lib' -e "$sdk/lib" || true)
[ -z "$outside" ] || fail "loaded from elsewhere: $outside"
# The system that is needed is the one that docs/install.md names, neither a newer nor an older one.
newest() { objdump -T "$sdk/lib/libltx.so.0" "$sdk"/lib/libltx_media_*.so "$sdk/bin/ltx" | grep -oE "\b$1[0-9.]+" | sed "s/^$1//" | sort -uV | tail -n 1; }
named() { grep -oE "$1 [0-9.]*[0-9]" "$2" | grep -oE '[0-9.]+$' | sort -u; }
for floor in "GLIBC_:GNU C library" "GLIBCXX_:GLIBCXX"; do
  needed=$(newest "${floor%:*}") said=$(named "${floor#*:}" "$root/docs/install.md")
  [ -n "$needed" ] && [ "$needed" = "$said" ] || fail "the archive needs ${floor%:*}$needed, docs/install.md says ${said:-nothing}"
done
said=$(named glibc "$root/bindings/python/README.md")
[ "$said" = "$(newest GLIBC_)" ] || fail "bindings/python/README.md names glibc $said"
"$here/check_notices.py" "$root" "$sdk/lib/libltx.so.0" "$sdk"/lib/libltx_media_*.so "$sdk/bin/ltx"
echo "archive ok"

# A compiler and nothing else.
plain() { env -i PATH=/usr/bin:/bin HOME="$work" "$@"; }
cd "$work"
cp "$sdk/share/libltx/examples/c/generate.c" .
plain cc generate.c -I"$sdk/include" -L"$sdk/lib" -lltx -Wl,-rpath,"$sdk/lib" -o generate
plain ./generate "$models" plain.mp4 "rain on a pasture" 64 64 9 > generate.log || { cat generate.log >&2; exit 1; }
[ -s plain.mp4 ] || fail "no clip"
plain c++ -std=c++17 "$sdk/share/libltx/examples/cpp/generate.cpp" -I"$sdk/include" -L"$sdk/lib" -lltx -o generate_cpp
plain "$sdk/bin/ltx" info "$models" > info.log
grep -q "version 2.3.0" info.log
echo "compiler ok"

# The package, found in its new place.
mkdir project
printf '%s\n' 'cmake_minimum_required(VERSION 3.20)' 'project(client C)' 'find_package(ltx 0.1 CONFIG REQUIRED)' \
  "add_executable(client \"$work/generate.c\")" 'target_link_libraries(client PRIVATE ltx::ltx)' > project/CMakeLists.txt
"$cmake" -S project -B project/build -DCMAKE_PREFIX_PATH="$sdk" > /dev/null
"$cmake" --build project/build > /dev/null
[[ $(env -i ldd project/build/client) == *"libltx.so.0 => $sdk/lib/"* ]] || fail "CMake linked another library"
flags=$(env -i PATH=/usr/bin:/bin PKG_CONFIG_PATH="$sdk/lib/pkgconfig" pkg-config --cflags --libs libltx)
eval "cc -std=c99 generate.c $flags -o by_pkg_config"    # the path has a space, which pkg-config escapes
[[ $(LD_LIBRARY_PATH=$sdk/lib ldd by_pkg_config) == *"libltx.so.0 => $sdk/lib/"* ]] || fail "pkg-config linked another library"
echo "cmake and pkg-config ok"

# A host without FFmpeg.
rm "$sdk"/lib/libltx_media_*.so
cc "$here/sdk_in_memory.c" -I"$sdk/include" -L"$sdk/lib" -lltx -Wl,-rpath,"$sdk/lib" -o in_memory
plain ./in_memory "$models" | tee in_memory.log
! grep -F "$build" in_memory.log || fail "an unpacked library looks for its media module in the build folder"
echo "in memory ok"
