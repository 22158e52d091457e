#!/usr/bin/env python3
"""Every crate of the tokenizer and every library that the given binaries are linked to is in THIRD_PARTY_NOTICES.md.

usage: check_notices.py SOURCE_DIR [BINARY …]
"""
import pathlib
import re
import subprocess
import sys

root = pathlib.Path(sys.argv[1])
sys.path.insert(0, str(root / "tools"))
import third_party_notices as notices  # noqa: E402


def main():
    problems = notices.check()
    known = [stem for _, _, _, stems, _ in notices.LIBRARIES for stem in stems] + ["libltx.so"]
    for binary in sys.argv[2:]:
        headers = subprocess.run(["objdump", "-p", binary], check=True, capture_output=True, text=True).stdout
        needed = re.findall(r"^\s+NEEDED\s+(\S+)$", headers, re.M)
        if not needed:
            print(f"{binary}: is linked to nothing, which cannot be", file=sys.stderr)
            problems = 1
        for soname in needed:
            if not any(soname == stem or soname.startswith(stem + ".") for stem in known):
                print(f"{binary}: {soname} has no entry in LIBRARIES of tools/third_party_notices.py", file=sys.stderr)
                problems = 1
    return problems


sys.exit(main())
