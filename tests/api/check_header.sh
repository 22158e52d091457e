#!/usr/bin/env bash
# The header compiles alone in every language version, without a warning. usage: check_header.sh INCLUDE_DIR
set -euo pipefail
include=$1
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
printf '#include "ltx_c.h"\ntypedef int ltx_header_check;\n' > "$work/header.c"
cp "$work/header.c" "$work/header.cpp"
printf '#include "ltx.hpp"\n#include "ltx_c.h"\n' > "$work/hpp.cpp"
count=0
compile() {  # compiler standard source
  "$1" -std="$2" -pedantic -Wall -Wextra -Wpadded -Werror -I"$include" -c "$work/$3" -o "$work/out.o" ||
    { echo "FAILED: $1 -std=$2 $3"; exit 1; }
  count=$((count + 1))
}
for pair in "gcc g++" "clang-14 clang++-14"; do
  read -r c cxx <<< "$pair"
  command -v "$c" > /dev/null || { echo "no $c here"; continue; }
  for standard in c89 c99 c11 c17 c2x; do compile "$c" $standard header.c; done
  for standard in c++98 c++11 c++14 c++17 c++20 c++2b; do compile "$cxx" $standard header.cpp; done
  for standard in c++17 c++20 c++2b; do
    "$cxx" -std=$standard -pedantic -Wall -Wextra -Wshadow -Werror -I"$include" -c "$work/hpp.cpp" -o "$work/out.o"
    count=$((count + 1))
  done
done
[ "$count" -ge 14 ]
echo "$count compilations without a warning"
