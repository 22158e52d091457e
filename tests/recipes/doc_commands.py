"""Runs the commands of docs/pipelines.md on a tiny model and makes its pictures of what comes out.

    doc_commands.py --ltx PROGRAM --models FOLDER --document FILE (--write FOLDER | --compare FOLDER)

Each command runs as it stands there, in a folder that has the files it names; only size, length and steps are
those of the tiny model. --write replaces the pictures of the documents, --compare checks that they are still
what the commands give.
"""
import argparse
import os
import re
import shlex
import subprocess
import sys
import tempfile
import textwrap
from pathlib import Path

LARGEST = 40 * 1024
CELL = 64
RATE = 48000


def commands(document):
    """(section, [command lines]) of every section with commands that run the program."""
    for section in re.split(r"^## ", document.read_text(), flags=re.M)[1:]:
        name, _, text = section.partition("\n")
        blocks = re.findall(r"(?:^ {4}.*\n)+", text, flags=re.M)
        found = [block for block in blocks if re.search(r"^\s+ltx ", block, flags=re.M)]
        if found:
            yield name.strip().lower().replace(" ", "-"), textwrap.dedent("".join(blocks))


def smaller(text, section):
    """The same work in the tiny model's size."""
    if section == "extending-and-chaining":  # its frame numbers belong together
        return re.sub(r"(--spatial-upsampler \S+)", r"\1 --width 64 --height 64", text)
    if section == "prompt-enhancement":
        return text.replace("$MODEL", "$MODEL --width 64 --height 64 --num-frames 17 --num-inference-steps 4")
    side = 128 if section == "ic-lora" else 64
    text = re.sub(r"--(width|height) \d+", rf"--\1 {side}", text)
    text = re.sub(r"--num-frames \d+", "--num-frames 17", text)
    text = re.sub(r"frame-index=120", "frame-index=16", text)
    extra = []
    if section not in ("retake", "text-to-audio") and "--width" not in text:
        extra.append(f"--width {side} --height {side}")
    if section != "retake" and "--num-frames" not in text:
        extra.append("--num-frames 17")
    if section not in ("distilled", "ic-lora", "retake"):
        extra.append("--num-inference-steps 4")
    return text.rstrip() + " " + " ".join(extra) + "\n"


def run(command, **options):
    subprocess.run(command, check=True, **options)


def ffmpeg(*arguments):
    run(["ffmpeg", "-v", "error", "-nostdin", "-y", *map(str, arguments)])


def stock(folder, models):
    """The files that the commands name."""
    links = {"ltx-2.3.safetensors": "tiny23.safetensors", "gemma": "gemma",
             "up.safetensors": "tiny23-spatial-upscaler-x2.safetensors",
             "distilled.safetensors": "tiny23-distilled-lora-4.safetensors",
             "depth.safetensors": "tiny23-ic-lora.safetensors"}
    for name, target in links.items():
        (folder / name).symlink_to(models / target)
    for name, source in {"fox.png": "testsrc2", "first.png": "testsrc2", "last.png": "testsrc",
                         "portrait.png": "testsrc2"}.items():
        ffmpeg("-f", "lavfi", "-i", f"{source}=size=96x96", "-frames:v", 1, folder / name)
    ffmpeg("-f", "lavfi", "-i", "sine=frequency=220:sample_rate=24000", "-t", 3, folder / "voice.wav")
    ffmpeg("-f", "lavfi", "-i", "testsrc2=size=64x64:rate=24", "-frames:v", 17, folder / "depth.mp4")
    ffmpeg("-f", "lavfi", "-i", "gradients=size=64x64:rate=24:c0=black:c1=white", "-frames:v", 17, folder / "mask.mp4")
    ffmpeg("-f", "lavfi", "-i", "testsrc2=size=64x64:rate=24", "-f", "lavfi", "-i", "sine=frequency=330", "-frames:v",
           73, "-t", 73 / 24, folder / "clip.mp4")


def frame_count(path):
    out = subprocess.run(["ffprobe", "-v", "error", "-count_frames", "-select_streams", "v", "-show_entries",
                          "stream=nb_read_frames", "-of", "csv=p=0", str(path)], check=True, capture_output=True, text=True)
    return int(out.stdout.strip() or 0)


def seconds(path, kind):
    out = subprocess.run(["ffprobe", "-v", "error", "-select_streams", kind, "-show_entries", "stream=duration", "-of",
                          "csv=p=0", str(path)], check=True, capture_output=True, text=True)
    return float(out.stdout.strip())


def sheet(rows, target):
    """Four frames of each clip in a row; sound as a wave."""
    inputs, filters = [], []
    for i, path in enumerate(rows):
        inputs += ["-i", path]
        count = frame_count(path) if path.suffix != ".wav" else 0
        if count == 0:
            filters.append(f"[{i}:a]aformat=channel_layouts=mono,showwavespic=s={4 * CELL}x{CELL}:colors=white,"
                           f"format=rgb24[r{i}]")
            continue
        chosen = "+".join(f"eq(n\\,{round(k * (count - 1) / 3)})" for k in range(4))
        filters.append(f"[{i}:v]select='{chosen}',scale={CELL}:{CELL},tile=4x1,format=rgb24[r{i}]")
    names = "".join(f"[r{i}]" for i in range(len(rows)))
    stack = f"{names}vstack=inputs={len(rows)}" if len(rows) > 1 else f"{names}null"
    filters.append(f"{stack},split[a][b];[a]palettegen=max_colors=128[p];[b][p]paletteuse=dither=none")
    ffmpeg(*inputs, "-filter_complex", ";".join(filters), "-frames:v", 1, target)


def pixels(path):
    import numpy as np
    raw = subprocess.run(["ffmpeg", "-v", "error", "-i", str(path), "-f", "rawvideo", "-pix_fmt", "rgb24", "-"],
                         check=True, capture_output=True).stdout
    return np.frombuffer(raw, np.uint8).astype(float)


def compare(made, kept):
    import numpy as np
    assert kept.exists(), f"{kept.name} is missing: run this script with --write"
    assert kept.stat().st_size <= LARGEST, f"{kept.name} has {kept.stat().st_size} bytes, at most {LARGEST}"
    now, then = pixels(made), pixels(kept)
    assert now.shape == then.shape, f"{kept.name} has another size: run this script with --write"
    # Another processor rounds otherwise; another recipe or command gives another picture.
    difference = np.abs(now - then).mean()
    assert difference < 12, f"{kept.name} differs by {difference:.1f} codes: run this script with --write"


def sound(path):
    """[samples, 2] at 48 kHz."""
    import numpy as np
    raw = subprocess.run(["ffmpeg", "-v", "error", "-i", str(path), "-map", "0:a", "-f", "f32le", "-ac", "2", "-ar", str(RATE),
                          "-"], check=True, capture_output=True).stdout
    return np.frombuffer(raw, np.float32).reshape(-1, 2)


def check_chain(folder):
    """Three parts in one take: no frame is lost, none comes twice, and the sound goes on over both seams."""
    import numpy as np
    count, tail, rate, side = 121, 25, 24, 64
    film = folder / "film.mov"
    parts = [folder / f"part{i}.mov" for i in (1, 2, 3)]
    new = count - tail
    total = count + 2 * new
    frames = [frame_count(path) for path in [*parts, film]]
    assert frames == [count, count, count, total], f"frames of the parts and the film: {frames}"
    assert abs(seconds(film, "v") - total / rate) < 1e-3
    assert abs(seconds(film, "a") - total / rate) < 1 / rate, seconds(film, "a")

    first, *others = (pixels(path).reshape(-1, side * side * 3) for path in parts)
    expected = np.concatenate([first, *(part[tail:] for part in others)])
    # What part 3 goes on from are the last frames of part 2, all of them and none before.
    seen = pixels(folder / "tail.mkv").reshape(-1, side * side * 3)
    assert len(seen) == count, len(seen)
    assert (seen[:tail] == others[0][new:]).all(), "the tail is not the end of the part before"
    for i, frame in enumerate(pixels(film).reshape(total, -1)):
        nearest = np.abs(expected - frame).mean(axis=1).argmin()
        assert nearest == i, f"frame {i} of the film shows what belongs to frame {nearest}"

    heard = sound(film)
    jumps = np.abs(np.diff(heard, axis=0)).max(axis=1)
    window = RATE // 200
    loudness = np.sqrt((heard[:len(heard) // window * window].reshape(-1, window * 2) ** 2).mean(axis=1))
    for i, path in enumerate(parts[1:], 1):
        begins = i * new / rate  # of the part's first frame, in the film
        # Behind the seam the film has the part's own sound at the part's own time, up to a sample of rounding.
        part = sound(path)[round(1.1 * RATE):round(4.9 * RATE)]
        at = round((begins + 1.1) * RATE)
        off = {shift: np.linalg.norm(heard[at + shift:at + shift + len(part)] - part) for shift in range(-24, 25)}
        shift = min(off, key=off.get)
        unlike = off[shift] / np.linalg.norm(part)  # 0.4 of this noise is what AAC loses; another place gives 0.8 or more
        assert abs(shift) <= 2 and unlike < 0.6, f"the sound of {path.name}: {shift} samples off, {unlike:.2f} unlike it"
        # No hole and no click around the seam, which lies before the picture's.
        seam = begins + tail / rate
        around = slice(round((seam - 0.1) * RATE), round((seam + 0.1) * RATE))
        level = loudness[around.start // window:around.stop // window].min()
        assert level > 0.4 * np.median(loudness), f"a hole in the sound at {seam:.2f} s: {level:.3f}"
        elsewhere = np.concatenate([jumps[:around.start], jumps[around.stop:]]).max()
        assert jumps[around].max() <= 1.2 * elsewhere, f"a jump in the sound at {seam:.2f} s"


def check_enhancement(folder, printed, command, environment):
    """The text that is printed is the one that the clip is made of."""
    text, _, about_clip = printed.rstrip("\n").rpartition("\n")
    assert about_clip.startswith("fox.mp4: "), about_clip
    assert text and "fox" not in text, f"enhanced: {text!r}"  # the tiny model babbles
    generate = command.splitlines()[-1].replace(" --enhance-prompt", "")
    for name, prompt, same in (("enhanced", text, True), ("given", "a fox in the snow", False)):
        other = folder / f"{name}.mp4"
        plain = generate.replace("fox.mp4", other.name).replace('"a fox in the snow"', shlex.quote(prompt))
        run(["bash", "-euc", plain], cwd=folder, env=environment)
        equal = (pixels(folder / "fox.mp4") == pixels(other)).all()
        assert equal == same, f"the clip of the prompt as {name} is {'the same' if equal else 'another'}"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--ltx", type=Path, required=True)
    parser.add_argument("--models", type=Path, required=True)
    parser.add_argument("--document", type=Path, required=True)
    parser.add_argument("--write", type=Path)
    parser.add_argument("--compare", type=Path)
    parser.add_argument("--only", help="one section")
    options = parser.parse_args()
    options.models = options.models.resolve()
    sections = [(name, text) for name, text in commands(options.document) if options.only in (None, name)]
    assert options.only or len(sections) == 11, [name for name, _ in sections]
    environment = dict(os.environ, MODEL="--checkpoint ltx-2.3.safetensors --text-encoder gemma",
                       PATH=f"{options.ltx.resolve().parent}:{os.environ['PATH']}")
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        stock(folder, options.models)
        for name, text in sections:
            command = smaller(text, name)
            print(f"== {name}\n{command}", flush=True)
            command = re.sub(r"ltx (generate|enhance)", r"ltx \1 --progress off --device cpu", command)
            enhances = name == "prompt-enhancement"
            done = subprocess.run(["bash", "-euc", command], check=True, cwd=folder, env=environment, text=True,
                                  stdout=subprocess.PIPE if enhances else None)
            if enhances:
                check_enhancement(folder, done.stdout, command, environment)
                continue  # its clip is that of one-stage
            if name == "extending-and-chaining":
                check_chain(folder)
                outputs = ["film.mov"]
            else:
                arguments = shlex.split(command)
                outputs = [arguments[arguments.index("-o") + 1]]
            source = {"retake": ["clip.mp4"], "ic-lora": ["depth.mp4"]}.get(name, [])
            picture = (options.write or folder) / f"{name}.png"
            sheet([folder / file for file in source + outputs], picture)
            assert picture.stat().st_size <= LARGEST, f"{picture.name} has {picture.stat().st_size} bytes"
            if options.compare:
                compare(picture, options.compare / picture.name)
    return 0


sys.exit(main())
