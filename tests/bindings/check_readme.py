#!/usr/bin/env python3
"""What README.md shows runs as it stands: the lines are taken out, put where a program or a shell would have them, and run in a
folder in which `models` is a link to the test model. Every language is shown in at most ten lines.

usage: check_readme.py LANGUAGE --source DIR --models DIR --build DIR [--compiler PATH] [--python PATH]
LANGUAGE is c, cpp, rust, python or cli; the Rust lines are counted here and run by bindings/rust/guide.
"""
import argparse
import json
import os
import pathlib
import re
import shlex
import struct
import subprocess
import sys
import tempfile
import zlib

import markdown

C_FRAME = '#include <stdio.h>\n#include "ltx_c.h"\nint main(void) {{\n#line {line} "README.md"\n{code}\nreturn 0;\n}}\n'
LANGUAGES = {"c": "C", "cpp": "C++", "rust": "Rust", "python": "Python"}
CPP_FRAME = '#include "ltx.hpp"\nint main() {{\n#line {line} "README.md"\n{code}\nreturn video.data ? 0 : 1;\n}}\n'
# The command lines show usual sizes; here they run at the smallest ones, and with a step per stage.
SMALL = {"--width": "64", "--height": "64", "--num-frames": "9", "--stage-1-sigmas": "1,0.5,0", "--stage-2-sigmas": "0.9,0"}


def run(command, folder, **options):
    print("$", shlex.join(map(str, command)))
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=240, **options)
    if done.returncode:
        sys.exit(f"{done.stdout}{done.stderr}exit status {done.returncode}")
    return done


def the_block(readme, language):
    """The one block of a language, below its title."""
    title = LANGUAGES[language]
    text = readme.read_text()
    start = text[:text.index(f"\n## {title}\n")].count("\n") + 2
    end = start + markdown.section(text, title).count("\n")
    found = [b for b in markdown.blocks(readme) if b.language == language and start < b.line <= end]
    if len(found) != 1:
        sys.exit(f"README.md: {len(found)} blocks of {language} below '{title}', not one")
    lines = found[0].code.count("\n") + 1
    print(f"{title}: {lines} lines")
    if lines > 10:
        sys.exit(f"{found[0].where}: {title} is shown in {lines} lines. Ten are enough.")
    return found[0]


def streams(clip):
    shown = subprocess.run(["ffprobe", "-v", "error", "-show_streams", "-of", "json", clip], check=True, capture_output=True).stdout
    return {s["codec_type"]: s for s in json.loads(shown)["streams"]}


def check_clip(clip, width=None, height=None, frames=None):
    found = streams(clip)
    if set(found) != {"video", "audio"}:
        sys.exit(f"{clip.name} has the streams {sorted(found)}, not a picture and a sound")
    size = [found["video"]["width"], found["video"]["height"], int(found["video"]["nb_frames"])]
    if width and size != [width, height, frames]:
        sys.exit(f"{clip.name} is {size}, not {[width, height, frames]}")


def png(path, side=64):
    rows = b"".join(b"\0" + b"".join(bytes((4 * x % 256, 4 * y % 256, 128)) for x in range(side)) for y in range(side))
    chunk = lambda kind, data: struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))


def check_compiled(args, folder):
    is_c = args.language == "c"
    block = the_block(args.source / "README.md", args.language)
    source = folder / ("readme.c" if is_c else "readme.cpp")
    source.write_text((C_FRAME if is_c else CPP_FRAME).format(line=block.line, code=block.code))
    lib = args.build / "lib"
    run([args.compiler, "-std=c99" if is_c else "-std=c++17", "-Wall", "-Werror", source, "-I", args.source / "include", f"-L{lib}",
         "-lltx", f"-Wl,-rpath,{lib}", "-o", "readme"], folder)
    done = run([folder / "readme"], folder)
    if done.stderr:  # the C lines print what went wrong and go on
        sys.exit(done.stderr)
    if is_c:
        check_clip(folder / "cow.mp4", 512, 320, 25)


def check_python(args, folder):
    """On the library that was built, by the interpreter into which its wheel is installed."""
    block = the_block(args.source / "README.md", "python")
    png(folder / "cow.png")
    (folder / "readme.py").write_text(f"{block.code}\nprint('made by torch', ltx.build_info()['torch'], frames.shape, frames.mean())\n")
    done = run([args.python, "readme.py"], folder)
    print(done.stdout)
    if not re.search(r"^made by torch \d.* \(25, 320, 512, 3\) ", done.stdout, re.M):
        sys.exit("the lines did not make 25 frames of 512x320 by the real library")
    phases = re.findall(r"^(?:Phase\.)?(\w+) ([01]\.\d+)$", done.stdout, re.M)
    if len(phases) < 3 or float(phases[-1][1]) != 1:
        sys.exit("the loop over a job's events did not tell how it went on to its end")
    check_clip(folder / "cow.mp4", 512, 320, 25)


def small(words):
    """The command with its sizes replaced."""
    kept = []
    words = iter(words)
    for word in words:
        if word in SMALL:
            next(words)
        else:
            kept.append(word)
    return kept + [part for pair in SMALL.items() for part in pair]


def check_cli(args, folder):
    text = (args.source / "README.md").read_text()
    start = text[:text.index("\n## Command line\n")].count("\n") + 1
    end = start + markdown.section(text, "Command line").count("\n")
    lines = [line for b in markdown.blocks(args.source / "README.md") if start < b.line <= end + 1 and b.language in ("", "sh")
             for line in markdown.commands(b.code)]
    if not lines:
        sys.exit("README.md: no command lines below 'Command line'")
    png(folder / "first.png")
    ltx = args.build / "bin/ltx"
    for line in lines:
        words = [{"MODELS": "models", "CONVERTED": "converted"}.get(w, w) for w in shlex.split(line)]
        if words[0] != "build/bin/ltx":
            sys.exit(f"README.md: '{line}' is no command of build/bin/ltx")
        words = [ltx, *words[1:]]
        made = [folder / words[i + 1] for i, w in enumerate(words) if w in ("--output", "--report")]
        run(small(words) if words[1] in ("generate", "quality") else words, folder)
        for path in made:
            if not path.exists() or path.is_dir() and not any(path.iterdir()):
                sys.exit(f"'{line}' did not write {path.name}")
            if path.suffix == ".mp4":
                check_clip(path, 64, 64, 9)
                path.unlink()


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("language", choices=[*LANGUAGES, "cli"])
    for name in ("source", "models", "build"):
        parser.add_argument(f"--{name}", type=pathlib.Path, required=True)
    parser.add_argument("--compiler")
    parser.add_argument("--python", help="an interpreter that has the wheel of the build")
    args = parser.parse_args()
    os.environ.pop("LD_LIBRARY_PATH", None)
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        (folder / "models").symlink_to(args.models)
        if args.language == "rust":
            the_block(args.source / "README.md", "rust")
        else:
            {"cli": check_cli, "python": check_python}.get(args.language, check_compiled)(args, folder)


main()
