"""The library's symbols = the list = the header's declarations, each with @thread and @since; no C++ symbol.

usage: check_symbols.py LIBRARY HEADER LIST [--write]
"""
import re
import subprocess
import sys

library, header, listing = sys.argv[1:4]

exported = set()
for line in subprocess.run(["nm", "-D", "--defined-only", library], check=True, capture_output=True, text=True).stdout.splitlines():
    name = line.split()[-1]
    if name.startswith("LTX_0."):  # a version node
        continue
    base, _, version = name.partition("@@")
    exported.add((base, version.removeprefix("LTX_")))

text = open(header, encoding="utf-8").read()
declared = {}
for comment, name in re.findall(r"/\*\*((?:(?!\*/).)*)\*/\s*LTX_API [^;(]*?\b(ltx_\w+)\(", text, flags=re.S):
    thread = re.search(r"@thread ([ASXJ])\b", comment)
    since = re.search(r"@since (\d+\.\d+)\b", comment)
    if not thread or not since:
        sys.exit(f"{name} lacks @thread or @since")
    declared[name] = (thread[1], since[1])
if len(declared) != len(re.findall(r"^LTX_API ", text, flags=re.M)):
    sys.exit("a declaration has no comment")

lines = [f"{name} {thread} {since}" for name, (thread, since) in sorted(declared.items())]
if "--write" in sys.argv:
    open(listing, "w", encoding="utf-8").write("\n".join(lines) + "\n")
listed = open(listing, encoding="utf-8").read().splitlines()
problems = []
if listed != lines:
    problems.append(f"header and {listing} differ: {sorted(set(listed) ^ set(lines))}")
wanted = {(name, since) for name, (_, since) in declared.items()}
if exported != wanted:
    problems.append(f"library and header differ: {sorted(exported ^ wanted)}")
if problems:
    sys.exit("\n".join(problems))
print(f"{len(lines)} functions")
