#!/usr/bin/env python3
"""What README.md shows runs as it stands: the lines are taken out, put where a program or a shell would have them, and run in a
folder in which `models` is a link to the test model.

usage: check_readme.py LANGUAGE --source DIR --models DIR --build DIR [--compiler PATH]
LANGUAGE is c, cpp or cli.
"""
import argparse
import json
import os
import pathlib
import shlex
import struct
import subprocess
import sys
import tempfile
import zlib

import markdown

C_FRAME = '#include <stdio.h>\n#include "ltx_c.h"\nint main(void) {{\n#line {line} "README.md"\n{code}\nreturn 0;\n}}\n'
CPP_FRAME = '#include "ltx.hpp"\nint main() {{\n#line {line} "README.md"\n{code}\nreturn video.data ? 0 : 1;\n}}\n'
# The command lines show usual sizes; here they run at the smallest ones, and with a step per stage.
SMALL = {"--width": "64", "--height": "64", "--num-frames": "9", "--stage-1-sigmas": "1,0.5,0", "--stage-2-sigmas": "0.9,0"}


def run(command, folder, **options):
    print("$", shlex.join(map(str, command)))
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=240, **options)
    if done.returncode:
        sys.exit(f"{done.stdout}{done.stderr}exit status {done.returncode}")
    return done


def the_block(readme, title, language):
    text = readme.read_text()
    start = text.index(f"\n## {title}\n")
    first_line = text[:start].count("\n") + 2
    found = [b for b in markdown.blocks(readme) if b.language == language and b.line > first_line]
    if not found:
        sys.exit(f"README.md: no {language} block below '{title}'")
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
    block = the_block(args.source / "README.md", "C" if is_c else "C++", args.language)
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
    parser.add_argument("language", choices=["c", "cpp", "cli"])
    for name in ("source", "models", "build"):
        parser.add_argument(f"--{name}", type=pathlib.Path, required=True)
    parser.add_argument("--compiler")
    args = parser.parse_args()
    os.environ.pop("LD_LIBRARY_PATH", None)
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        (folder / "models").symlink_to(args.models)
        (check_cli if args.language == "cli" else check_compiled)(args, folder)


main()
