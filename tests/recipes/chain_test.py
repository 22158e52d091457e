"""Five clips in one take: examples/c/chain.c loses and repeats nothing, and its memory does not grow.

    chain_test.py CHAIN MODELS
"""
import os
import re
import subprocess
import sys
import tempfile
import wave
from pathlib import Path

import numpy as np

SIDE, FRAMES, TAIL, RATE = 64, 17, 9, 24
# A fixed threshold: otherwise the C library adapts what it keeps of freed memory, and the resident set moves by
# some per cent from clip to clip.
STEADY_HEAP = {"MALLOC_MMAP_THRESHOLD_": "65536", "MALLOC_ARENA_MAX": "1"}


def chain(program, models, folder, prompts):
    film = folder / f"film{len(prompts)}"
    run = subprocess.run([program, models, str(film), str(SIDE), str(SIDE), str(FRAMES), str(TAIL), *prompts],
                         check=True, capture_output=True, text=True, env=os.environ | STEADY_HEAP)
    assert run.stderr == "", run.stderr
    video = np.fromfile(f"{film}.rgb", np.uint8).reshape(-1, SIDE, SIDE, 3).astype(np.int16)
    with wave.open(f"{film}.wav") as sound:
        assert (sound.getnchannels(), sound.getsampwidth()) == (2, 2)
        rate, samples = sound.getframerate(), sound.readframes(sound.getnframes())
    audio = np.frombuffer(samples, np.int16).reshape(-1, 2).astype(np.int32)
    peaks = [float(peak) for peak in re.findall(r"peak ([0-9.]+) MiB", run.stdout)]
    return video, audio, rate, peaks


def main(program, models):
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        alone, _, _, _ = chain(program, models, folder, ["a fox"])
        video, audio, rate, peaks = chain(program, models, folder, ["a fox", "it jumps", "it sleeps", "it wakes", "it yawns"])

    clips = 5
    frames = FRAMES + (clips - 1) * (FRAMES - TAIL)
    assert len(alone) == FRAMES
    assert len(video) == frames, f"{len(video)} frames, expected {frames}"
    assert (video[:FRAMES] == alone).all(), "the first clip is not the film's beginning"
    seconds = len(audio) / rate
    assert abs(seconds - frames / RATE) < 1 / RATE, f"{seconds} s of sound for {frames / RATE} s of picture"

    # No frame comes twice: neither beside itself, nor from the tail that the next clip has once more.
    steps = np.abs(np.diff(video, axis=0)).mean(axis=(1, 2, 3))
    assert (steps > 0).all(), f"frames that repeat the one before: {np.flatnonzero(steps == 0) + 1}"
    for seam in range(FRAMES, frames, FRAMES - TAIL):
        again = [i for i in range(seam - TAIL, seam) if (video[i] == video[seam]).all()]
        assert not again, f"frame {seam} is frame {again} once more"

    # The sound goes on over each seam: no jump that it does not have elsewhere, and no hole.
    jumps = np.abs(np.diff(audio, axis=0)).max(axis=1)
    near = np.zeros(len(jumps), bool)
    for seam in range(FRAMES, frames, FRAMES - TAIL):
        centre = round(seam / RATE * rate)
        near[max(0, centre - rate // 10):centre + rate // 100] = True
        around = audio[centre - rate // 20:centre + rate // 20]
        assert np.abs(around).max() > 0, f"silence around frame {seam}"
    assert jumps[near].max() <= 1.5 * jumps[~near].max(), f"a jump of {jumps[near].max()}, elsewhere {jumps[~near].max()}"

    assert len(peaks) == clips
    assert min(peaks) > 0
    # The first continuation has no clip of its own pipeline before it.
    # 3 %: with a steady heap the same work still differs by one. This finds a model that is kept per clip (9 MiB, 4 %);
    # what is smaller is found by library_soak, which counts live bytes.
    assert max(peaks[2:]) <= 1.03 * peaks[2], f"memory grows: {peaks} MiB"
    print(f"{frames} frames, {seconds:.3f} s of sound, peaks {peaks} MiB")


main(*sys.argv[1:])
