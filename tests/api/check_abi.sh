#!/usr/bin/env bash
# The ABI against the snapshot of the last release. usage: check_abi.sh LIBRARY SOURCE_DIR [--write]
# Exit bits of abidiff: 1 error, 2 usage, 4 change, 8 incompatible change. A compatible change needs a line in abi/CHANGES.
set -uo pipefail
library=$1 root=$2
snapshot=$root/abi/libltx.abi
if [ "${3:-}" = --write ]; then
  abidw --no-comp-dir-path --no-corpus-path --no-show-locs --out-file "$snapshot" "$library"
  exit
fi
abidiff --suppressions "$root/abi/appended-members.abignore" "$snapshot" "$library"
code=$?
if [ $((code & 11)) -ne 0 ]; then echo "the ABI broke ($code)"; exit 1; fi
if [ $((code & 4)) -ne 0 ] && ! grep -q . "$root/abi/CHANGES" 2> /dev/null; then
  echo "the ABI grew: say so in abi/CHANGES"; exit 1
fi
echo "compatible ($code)"
