"""Nothing grows over many pipelines and clips. `LTX_SOAK` multiplies the rounds."""

from __future__ import annotations

import ctypes
import gc
import os
import sys

import libltx as ltx

ROUNDS = int(os.environ.get("LTX_SOAK", "1"))


class Mallinfo2(ctypes.Structure):
    """glibc's report about malloc, 2.33 and later."""

    _fields_ = [(name, ctypes.c_size_t) for name in ("arena", "ordblks", "smblks", "hblks", "hblkhd", "usmblks", "fsmblks", "uordblks",
                                                     "fordblks", "keepcost")]  # fmt: skip


def used_bytes() -> int:
    """What is allocated: by malloc, and by Python in blocks of up to 512 bytes. Unlike the process's pages this does not depend on
    what the allocators keep for later."""
    gc.collect()
    libc = ctypes.CDLL(None)
    libc.malloc_trim(0)
    libc.mallinfo2.restype = Mallinfo2
    info = libc.mallinfo2()
    return info.uordblks + info.hblkhd + 512 * sys.getallocatedblocks()


def test_pipelines_are_freed():
    def make(count: int) -> None:
        for _ in range(count):
            ltx.Pipeline("distilled", models=ltx.Models(root="x" * 10_000)).component()

    make(200)
    before = used_bytes()
    make(1000 * ROUNDS)  # 10 MB and more in texts alone
    assert used_bytes() - before < 1e6


def test_clips_jobs_and_events_are_freed(pipe):
    def make(count: int) -> None:
        for i in range(count):
            clip = pipe.generate("chunks=16 logs=0", seed=i, output=ltx.Output(keep_frames=True, stream_frames=True))
            clip.video.torch()
            pipe.start("logs=0").wait()

    make(50)
    before = used_bytes()
    make(400 * ROUNDS)  # 40 MB of kept frames and as much in events
    assert used_bytes() - before < 2e6
