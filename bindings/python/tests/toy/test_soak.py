"""Nothing grows over many pipelines and clips. `LTX_SOAK` multiplies the rounds."""

from __future__ import annotations

import gc
import os
from pathlib import Path

import libltx as ltx

ROUNDS = int(os.environ.get("LTX_SOAK", "1"))


def resident_bytes() -> int:
    gc.collect()
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def test_pipelines_are_freed():
    def make(count: int) -> None:
        for _ in range(count):
            ltx.Pipeline("distilled", models=ltx.Models(root="x" * 10_000)).component()

    make(200)
    before = resident_bytes()
    make(1000 * ROUNDS)  # 10 MB and more in texts alone
    assert resident_bytes() - before < 4e6


def test_clips_jobs_and_events_are_freed(pipe):
    def make(count: int) -> None:
        for i in range(count):
            clip = pipe.generate("chunks=16 logs=0", seed=i, output=ltx.Output(keep_frames=True, stream_frames=True))
            clip.video.torch()
            pipe.start("logs=0").wait()

    make(50)
    before = resident_bytes()
    make(400 * ROUNDS)  # 40 MB of kept frames and as much in events
    assert resident_bytes() - before < 8e6
