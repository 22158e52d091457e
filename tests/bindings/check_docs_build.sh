#!/usr/bin/env bash
# The documents build without a warning, have every function, struct and status of the header in the reference, and a link that leads
# nowhere would be noticed. usage: check_docs_build.sh SOURCE_DIR BUILD_DIR FOLDER_OF_SPHINX
set -euo pipefail
root=$1 build=$2
export PATH=$3:$PATH LTX_DOCS_NO_BOOTSTRAP=1
"$root/scripts/docs" "$build"
html=$build/docs/html
missing=0
expect() {  # expect page names…
  local page=$1; shift
  for name in "$@"; do
    grep -q "id=\"[^\"]*$name\"" "$html/$page" || { echo "error: $page has no entry for $name" >&2; missing=1; }
  done
}
mapfile -t functions < <(awk '{ print $1 }' "$root/abi/symbols.txt")
[ ${#functions[@]} -gt 20 ]
expect reference/c-functions.html "${functions[@]}"
mapfile -t structs < <(sed -n 's/^typedef struct \(ltx_[a-z_]*\) {$/\1/p' "$root/include/ltx_c.h")
[ ${#structs[@]} -gt 20 ]
expect reference/c-structs.html "${structs[@]}"
mapfile -t constants < <(sed -n 's/^ *\(enum { \)\?\(LTX_[A-Z0-9_]*\) = .*/\2/p' "$root/include/ltx_c.h")
[ ${#constants[@]} -gt 200 ]
expect reference/c-enumerations.html "${constants[@]}"
expect reference/cpp.html pipelineE jobE resultE infoE errorE
[ $missing -eq 0 ]

# The same tools on a page with a broken link fail: the warnings of the real pages would have been seen.
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
cp "$root/docs/conf.py" "$work"
mkdir -p "$work/include" "$work/docs"; mv "$work/conf.py" "$work/docs"; cp "$root/include/ltx_c.h" "$work/include"
printf '# A page\n\nA [link](nowhere.md).\n' > "$work/docs/index.md"
if LTX_DOXYGEN_XML=$build/docs/doxygen/xml PYTHONDONTWRITEBYTECODE=1 sphinx-build -q -W -b html "$work/docs" "$work/html" 2> "$work/log"; then
  echo "error: a broken link was not noticed" >&2; exit 1
fi
grep -q "nowhere" "$work/log" || { cat "$work/log" >&2; exit 1; }
echo "reference: ${#functions[@]} functions, ${#structs[@]} structs, ${#constants[@]} constants"
