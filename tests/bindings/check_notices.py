#!/usr/bin/env python3
"""Every crate of the tokenizer, every package that the build's files ask for (headers leave no trace in a binary) and every library
that the given binaries are linked to is in THIRD_PARTY_NOTICES.md.

usage: check_notices.py SOURCE_DIR [BINARY …]
"""
import pathlib
import re
import subprocess
import sys

root = pathlib.Path(sys.argv[1])
sys.path.insert(0, str(root / "tools"))
import third_party_notices as notices  # noqa: E402


ASKS = re.compile(r"^\s*(?:find_package|find_path|pkg_check_modules)\((\w+)", re.M)
FOLDERS = ["bindings", "cmake", "examples", "src", "tests"]


def asked_for():
    """{name: a file that asks for it} of all packages that the build's files name."""
    files = [root / "CMakeLists.txt"]
    for folder in FOLDERS:
        files += [f for name in ("CMakeLists.txt", "*.cmake") for f in sorted((root / folder).rglob(name))
                  if "build" not in f.relative_to(root).parts]
    return {name: file.relative_to(root) for file in files for name in ASKS.findall(file.read_text())}


def check_packages():
    entries = {name for name, *_ in notices.LIBRARIES}
    found = asked_for()
    problems = [f"{file} asks for {name}, which is neither in PACKAGES nor in NOT_CARRIED of tools/third_party_notices.py"
                for name, file in found.items() if name not in notices.PACKAGES and name not in notices.NOT_CARRIED]
    problems += [f"{name} of PACKAGES has no entry '{entry}' in LIBRARIES" for name, entries_of in notices.PACKAGES.items()
                 for entry in entries_of if entry not in entries]
    problems += [f"no file asks for {name}, which PACKAGES names" for name in notices.PACKAGES if name not in found]
    for problem in problems:
        print(problem, file=sys.stderr)
    return 1 if problems else 0


def main():
    problems = notices.check() | check_packages()
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
