#!/usr/bin/env python3
"""What the documents say is true of the header, the compilers and the command line.

usage: check_docs.py SOURCE_DIR LTX CC CXX

* every status of the header has its entry in docs/troubleshooting.md, and no other has;
* C and C++ blocks compile, those of a page as one program, or are excerpts of the header; Python blocks parse;
* every flag and key of an `ltx` command is in that command's --help, named scripts and CMake options exist;
* links of README.md lead somewhere (those of docs/ are checked by Sphinx).
"""
import functools
import pathlib
import re
import shlex
import subprocess
import sys
import tempfile

import markdown

ROOT, LTX, CC, CXX = pathlib.Path(sys.argv[1]), *sys.argv[2:5]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
problems = []


def check_statuses():
    header = set(re.findall(r"^  (LTX_E_\w+) = ", (ROOT / "include/ltx_c.h").read_text(), re.M))
    entries = re.findall(r"^### (LTX_E_\w+)\n\n\S", (ROOT / "docs/troubleshooting.md").read_text(), re.M)
    problems.extend(f"troubleshooting.md has no entry for {name}" for name in sorted(header - set(entries)))
    problems.extend(f"troubleshooting.md has an entry for {name}, which the header has not" for name in set(entries) - header)
    return len(header)


def bare(code):
    """Declarations without comments, white space and what the header adds for compilers."""
    code = re.sub(r"/\*.*?\*/", "", code, flags=re.S).replace("LTX_NOEXCEPT", "").replace("\\\n", "")
    return re.sub(r"\s+", "", code)


def check_excerpt(block):
    """Each paragraph of the block stands in the header."""
    header = bare((ROOT / "include/ltx_c.h").read_text())
    for paragraph in block.code.split("\n\n"):
        if bare(paragraph) not in header:
            problems.append(f"{block.where}: not as in ltx_c.h:\n{paragraph}")


def program(blocks):
    """One translation unit of a page's blocks: those that begin like definitions stay outside the function."""
    outside = [b for b in blocks if re.match(r"#include|static |int main|/\*|//", b.code)]
    inside = [b for b in blocks if b not in outside]
    # Line directives make the compiler speak of the page.
    text = lambda b: f'#line {b.line} "{b.file}"\n{b.code}\n'
    return "".join(map(text, outside)) + "void page(void);\nvoid page(void) {\n" + "".join(map(text, inside)) + "}\n"


def check_compiled(language, command, suffix):
    count = 0
    for page in PAGES:
        blocks = [b for b in markdown.blocks(page) if b.language in language]
        if not blocks or page.name == "README.md":  # those are run, by check_readme.py
            continue
        count += len(blocks)
        for block in [b for b in blocks if b.code.startswith("/**")]:
            check_excerpt(block)
            blocks.remove(block)
        if not blocks:
            continue
        with tempfile.NamedTemporaryFile("w", suffix=suffix) as source:
            source.write(program(blocks))
            source.flush()
            done = subprocess.run([*command, "-I", ROOT / "include", "-fsyntax-only", "-Wall", "-Wextra", "-Werror", source.name],
                                  capture_output=True, text=True)
        if done.returncode:
            problems.append(f"{page.name} does not compile:\n{done.stderr}")
    return count


def check_python():
    count = 0
    for block in (b for page in PAGES for b in markdown.blocks(page) if b.language == "python"):
        count += 1
        try:
            compile(block.code, str(block.file), "exec")
        except SyntaxError as error:
            problems.append(f"{block.where}: {error}")
    return count


@functools.cache
def help_of(command):
    return subprocess.run([LTX, *command.split(), "--help"], capture_output=True, text=True, check=True).stdout


def check_command(where, words):
    """Flags of one `ltx` command, and the keys of their key=value tails."""
    known = help_of("")
    subcommand = next((w for w in words if not w.startswith("-")), None)
    if subcommand:
        if not re.search(rf"^  {subcommand}\b", known, re.M):
            problems.append(f"{where}: ltx has no command '{subcommand}'")
            return
        known += help_of(subcommand)
    flags = set(re.findall(r"(?<![\w-])(--?[a-z][\w-]*)", known))
    for word in words:
        flag = word.split("=")[0]
        if re.match(r"--?[a-z]", word) and flag not in flags:
            problems.append(f"{where}: ltx {subcommand} has no flag {flag}")
        key = re.match(r"([a-z][a-z-]*=)", word)
        if key and key[1] not in known:
            problems.append(f"{where}: ltx {subcommand} knows no {key[1]}")


def check_shell():
    count = 0
    cmake = "".join(p.read_text() for p in [ROOT / "CMakeLists.txt", *(ROOT / "cmake").glob("*.cmake")])
    for block in (b for page in PAGES for b in markdown.blocks(page) if b.language in ("", "sh", "bash", "shell")):
        for line in markdown.commands(block.code):
            words = shlex.split(line) if line.count("'") % 2 == 0 else line.split()
            first = words[0]
            if pathlib.PurePath(first).name == "ltx" and first in ("ltx", "build/bin/ltx") and len(words) > 1:
                count += 1
                check_command(block.where, words[1:])
            elif first.startswith("--quant"):  # a fragment
                count += 1
                check_command(block.where, ["generate", *words])
            for script in [first, *words[1:2]] if first.startswith("scripts/") or first == "source" else []:
                if script.startswith("scripts/") and not (ROOT / script).exists():
                    problems.append(f"{block.where}: {script} does not exist")
    for page in PAGES:
        for option in re.findall(r"-D(LTX_\w+)", page.read_text()):
            if not re.search(rf"\b{option}\b", cmake):
                problems.append(f"{page.name}: CMake knows no option {option}")
    return count


def check_links():
    text = (ROOT / "README.md").read_text()
    targets = re.findall(r"\]\((?!https?:)([\w./-]+)[)#]", text) + re.findall(r"`((?:docs|include|examples|bench|tests)/[\w./]+)`", text)
    problems.extend(f"README.md: {target} does not exist" for target in targets if not (ROOT / target).exists())
    return len(targets)


counts = {
    "statuses": check_statuses(),
    "C blocks": check_compiled(("c",), [CC, "-x", "c", "-std=c99"], ".c"),
    "C++ blocks": check_compiled(("cpp", "c++"), [CXX, "-x", "c++", "-std=c++17"], ".cpp"),
    "Python blocks": check_python(),
    "commands": check_shell(),
    "links of README.md": check_links(),
}
for what, count in counts.items():
    print(f"{what}: {count}")
    if count == 0:
        problems.append(f"no {what} found: the documents have moved, or this test looks in the wrong place")
for problem in problems:
    print(problem, file=sys.stderr)
sys.exit(1 if problems else 0)
