#!/usr/bin/env python3
"""Doxygen's input filter for include/ltx_c.h: the header is written to be read, in plain comments; Doxygen wants its own marks.

* a comment behind a member, an enumerator or a typedef becomes that item's documentation;
* `/* ---- Name ---- ... */` opens a group, which lasts until the next one;
* an enumeration, which has no name, gets that of the type whose values it lists;
* `typedef struct x {…} x` becomes `struct x {…}`, or every struct would be there twice.
"""
import re
import sys

SECTION = re.compile(r"^/\* ---- (.*?)(?:: .*|\. .*)? ---- \*/$")


def slug(name):
    return re.sub(r"\W+", "_", name.lower()).strip("_")


def main():
    text = open(sys.argv[1], encoding="utf-8").read()
    if not sys.argv[1].endswith("ltx_c.h"):
        sys.stdout.write(text)
        return
    lines, open_group, enum_of = [], False, None
    for line in text.split("\n"):
        section = SECTION.match(line)
        if section:
            close = "/** @} */ " if open_group else ""
            line = f"{close}/** @defgroup {slug(section[1])} {section[1]}\n@{{ */"
            open_group = True
        elif line.startswith("#ifdef __cplusplus") and open_group:
            line, open_group = "/** @} */ \n" + line, False
        typedef = re.match(r"typedef int32_t (\w+);", line)
        if typedef:
            enum_of = typedef[1]
        if re.match(r"enum \{", line):
            line = line.replace("enum {", f"enum {enum_of}_values {{", 1)
        line = re.sub(r"^typedef struct (\w+) \{", r"struct \1 {", line)
        line = re.sub(r"^\} \w+;", "};", line)
        # `;` or `,` or the last enumerator, then a comment: the item's.
        line = re.sub(r"^(\s*(?:typedef\b|[\w].*?)[\w;,*\])}]\s+)/\* (?!----)", r"\1/**< ", line)
        lines.append(line)
    sys.stdout.write("\n".join(lines))


main()
