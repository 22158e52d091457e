#!/usr/bin/env python3
"""Writes THIRD_PARTY_NOTICES.md: whose code libltx carries or links, under which licence, with the texts.

    tools/third_party_notices.py            writes the file
    tools/third_party_notices.py --check    exits 1 if the crates differ from those of Cargo.lock

Libraries are listed below, their texts lie in tools/notices. Crates come from `cargo metadata` of the tokenizer shim and the
licence files of their sources, so writing needs cargo and the crates; checking needs neither.
"""
import argparse
import json
import pathlib
import re
import subprocess
import sys
import tomllib

ROOT = pathlib.Path(__file__).resolve().parent.parent
CRATE = ROOT / "src/models/text/tokenizer"
NOTICES = ROOT / "THIRD_PARTY_NOTICES.md"
OWN_CRATE = "ltx-tokenizer"

# name, licence, how libltx uses it, libraries by soname (for the test that looks at what is linked), text in tools/notices
LIBRARIES = [
    ("nlohmann-json", "MIT", "headers compiled into `libltx` and `ltx`", [], "nlohmann-json.txt"),
    ("fmt", "MIT with an exception for object code", "compiled into `libltx` and the media module", ["libfmt.so"], "fmt.txt"),
    ("CLI11", "BSD-3-Clause", "headers compiled into the command line `ltx`", [], "cli11.txt"),
    ("pybind11", "BSD-3-Clause", "headers compiled into the Python module `libltx._native`", [], "pybind11.txt"),
    ("libpng", "libpng-2.0", "linked dynamically by the command line `ltx`; not shipped", ["libpng16.so"], "libpng.txt"),
    ("Little CMS", "MIT", "linked dynamically by the media module; not shipped", ["liblcms2.so"], "little-cms.txt"),
    ("libjpeg-turbo", "IJG and BSD-3-Clause", "linked dynamically by the media module; not shipped", ["libjpeg.so"],
     "libjpeg-turbo.txt"),
    ("FFmpeg", "LGPL-2.1-or-later; GPL where the host's build has GPL parts",
     "linked dynamically by the media module, which is opened at run time; not shipped. The module uses the public interfaces of "
     "libavcodec, libavformat, libavutil and libswscale and can be replaced or left out. A host that ships FFmpeg with its "
     "product answers for the licence of that build: Debian's is GPL. H.264 and AAC may need patent licences",
     ["libavcodec.so", "libavformat.so", "libavutil.so", "libswscale.so"], None),
    ("LibTorch (PyTorch)", "BSD-3-Clause", "linked dynamically; shipped in the full SDK archive only, there with its complete "
     "licence file and those of the libraries it contains",
     ["libtorch.so", "libtorch_cpu.so", "libtorch_cuda.so", "libc10.so", "libc10_cuda.so"], "libtorch.txt"),
    ("NVIDIA CUDA libraries", "NVIDIA CUDA Toolkit EULA and the licences of cuDNN, NCCL, NVSHMEM and cuSPARSELt",
     "linked dynamically; shipped in the full SDK archive only, as the EULA's list of redistributable parts allows, there with "
     "their licence files", ["libcudart.so", "libcublasLt.so"], None),
    ("GCC runtime libraries", "GPL-3.0-or-later with the GCC Runtime Library Exception",
     "linked dynamically, the system's; not shipped", ["libstdc++.so", "libgcc_s.so"], None),
    ("GNU C library", "LGPL-2.1-or-later", "linked dynamically, the system's; not shipped",
     ["libc.so", "libm.so", "ld-linux-x86-64.so"], None),
    ("Rust standard library", "MIT OR Apache-2.0 (used under MIT)", "compiled into `libltx` with the tokenizer",
     [], "rust.txt"),
]

# What the build's files ask for by name (find_package, find_path, pkg_check_modules), and the entries above that it is. The notices'
# test refuses a name that is in neither list, so nothing can be compiled in and forgotten.
PACKAGES = {
    "nlohmann_json": ["nlohmann-json"], "LTX_CLI11_INCLUDE": ["CLI11"], "pybind11": ["pybind11"], "PNG": ["libpng"],
    "LTX_FFMPEG": ["FFmpeg"], "LTX_PICTURES": ["Little CMS", "libjpeg-turbo"], "CUDAToolkit": ["NVIDIA CUDA libraries"],
}
# Tools, system interfaces, the library itself, and libraries of programs that are given as sources only.
NOT_CARRIED = {"Python", "Python3", "Threads", "PkgConfig", "ltx", "SDL2", "doctest"}

HEAD = """# Third-party notices

libltx is under the Apache License 2.0 (`LICENSE`). This file names the work of others that it carries or links, with the licence
texts that have to go with it. It is installed into `share/doc/libltx`. `tools/third_party_notices.py` writes it.

"""


def lock_packages():
    lock = tomllib.loads((CRATE / "Cargo.lock").read_text())
    return sorted((p["name"], p["version"]) for p in lock["package"] if p["name"] != OWN_CRATE)


def listed_packages(text):
    table = text.split("## Crates of the tokenizer", 1)[1].split("## Texts", 1)[0]
    return sorted(re.findall(r"^\| (\S+) (\S+) \|", table, re.M))


def option(expression):
    """The licences to comply with, of an SPDX expression with alternatives: MIT where it is offered."""
    flat = expression.replace("/", " OR ")
    both = re.fullmatch(r"\((.*)\) AND (.*)", flat)
    if both:
        return option(both[1]) + option(both[2])
    choices = [choice.strip() for choice in flat.split(" OR ")]
    return ["MIT"] if "MIT" in choices else [choices[0]]


FILES = {"MIT": ["LICENSE-MIT", "LICENSE"], "Unicode-3.0": ["LICENSE-UNICODE"]}


def text_of(package, licence):
    """The licence's text as the crate states it; Apache-2.0 is the text of libltx itself."""
    if licence == "Apache-2.0":
        return "The Apache License 2.0, as in `LICENSE`."
    folder = pathlib.Path(package["manifest_path"]).parent
    for name in FILES[licence]:
        if (folder / name).is_file():
            text = (folder / name).read_text().strip()
            if licence == "MIT" and "Permission is hereby granted" not in text:
                continue
            return text
    if licence != "MIT":
        raise SystemExit(f"{package['name']}: no file with the text of {licence}")
    authors = ", ".join(re.sub(r" <.*?>", "", author) for author in package["authors"]) or f"the authors of {package['name']}"
    return f"Copyright (c) {authors}\n\n" + (ROOT / "tools/notices/mit.txt").read_text().strip()


def write():
    found = json.loads(subprocess.run(
        ["cargo", "metadata", "--format-version", "1", "--locked", "--manifest-path", str(CRATE / "Cargo.toml")],
        check=True, capture_output=True, text=True).stdout)["packages"]
    out = [HEAD, "## Libraries\n\n| name | licence | use |\n|---|---|---|\n"]
    out += [f"| {name} | {licence} | {use} |\n" for name, licence, use, _, _ in LIBRARIES]
    out.append("\n## Crates of the tokenizer\n\nCompiled into `libltx` from Hugging Face tokenizers and what it needs; build tools and "
               "crates for other systems are listed with them.\n\n| crate | licence | used under |\n|---|---|---|\n")
    groups = {}
    for package in sorted(found, key=lambda p: (p["name"], p["version"])):
        if package["name"] == OWN_CRATE:
            continue
        licences = option(package["license"])
        title = f"{package['name']} {package['version']}"
        out.append(f"| {title} | {package['license']} | {' and '.join(licences)} |\n")
        for licence in licences:
            text = text_of(package, licence)
            groups.setdefault(" ".join(text.split()), (text, []))[1].append(title)
        for nested in sorted(pathlib.Path(package["manifest_path"]).parent.glob("src/**/LICENSE-UNICODE")):  # of its data tables
            text = nested.read_text().strip()
            groups.setdefault(" ".join(text.split()), (text, []))[1].append(title)
    out.append("\n## Texts\n")
    for name, _, _, _, file in LIBRARIES:
        if file:
            out.append(f"\n### {name}\n\n```text\n{(ROOT / 'tools/notices' / file).read_text().strip()}\n```\n")
    for text, names in groups.values():
        out.append(f"\n### {', '.join(names)}\n\n```text\n{text}\n```\n")
    # No trailing blanks and no tabs: the texts' words are kept, their white space is not.
    NOTICES.write_text("\n".join(line.expandtabs().rstrip() for line in "".join(out).split("\n")))


def check():
    text = NOTICES.read_text()
    wanted, listed = lock_packages(), listed_packages(text)
    problems = [f"{name} {version} of Cargo.lock is not listed" for name, version in wanted if (name, version) not in listed]
    problems += [f"{name} {version} is listed but not in Cargo.lock" for name, version in listed if (name, version) not in wanted]
    titles = re.findall(r"^### (.*)$", text, re.M)
    with_text = {name for title in titles for name in title.split(", ")}
    problems += [f"{name} {version} has no text" for name, version in listed if f"{name} {version}" not in with_text]
    problems += [f"{name} has no text" for name, _, _, _, file in LIBRARIES if file and name not in with_text]
    problems += [f"{name} is not listed" for name, *_ in LIBRARIES if f"| {name} |" not in text]
    for problem in problems:
        print(problem, file=sys.stderr)
    if problems:
        print("run tools/third_party_notices.py", file=sys.stderr)
    else:
        print(f"{len(listed)} crates and {len(LIBRARIES)} libraries have notices")
    return 1 if problems else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--check", action="store_true")
    if parser.parse_args().check:
        return check()
    write()
    return check()


if __name__ == "__main__":
    sys.exit(main())
