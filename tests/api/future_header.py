"""Writes the header as a later release might have it: one member appended to every struct.

usage: future_header.py include/ltx_c.h OUTPUT
"""
import re
import sys

text = open(sys.argv[1], encoding="utf-8").read()
text, count = re.subn(r"\n\} (ltx_\w+);", r"\n  int64_t future0;\n} \1;", text)
assert count == 23, count
open(sys.argv[2], "w", encoding="utf-8").write(text)
