"""The lock of the interpreter is free while the library works; one call at a time per pipeline and one consumer per job."""

from __future__ import annotations

import threading
import time

import pytest

import libltx as ltx


def test_other_threads_run_while_one_waits(pipe):
    counted, stop = 0, threading.Event()

    def count() -> None:
        nonlocal counted
        while not stop.is_set():
            counted += 1
            time.sleep(0)

    thread = threading.Thread(target=count)
    job = pipe.start("delay=300 steps=1 chunks=0")
    thread.start()
    longest = 0.0
    while not job.done:
        start = time.perf_counter()
        job.wait(0.1)
        longest = max(longest, time.perf_counter() - start)
    stop.set()
    thread.join()
    assert counted > 1000  # with the lock held through the waits it would be a handful


def test_a_second_call_is_refused_at_once(pipe):
    job = pipe.start("delay=20 steps=100")
    for _ in range(3):
        with pytest.raises(ltx.Busy, match="generate"):
            pipe.generate("x")
    job.cancel()
    job.wait()
    pipe.generate("x")


def test_a_call_from_its_own_handler_is_refused(pipe):
    def again(_: ltx.Event) -> None:
        pipe.generate("x")

    with pytest.raises(ltx.Busy):
        pipe.generate("delay=50", on_event=again)


def test_eight_threads_with_their_own_pipelines():
    sums: dict[int, list[int]] = {}

    def work(seed: int) -> None:
        with ltx.Pipeline("distilled", models="toy") as pipe:
            for _ in range(20):
                clip = pipe.generate("chunks=2 logs=0", seed=seed)
                sums.setdefault(seed, []).append(int(clip.video.numpy().sum(dtype="int64")))

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [len(values) for values in sums.values()] == [20] * 8
    assert all(len(set(values)) == 1 for values in sums.values())
    assert len({values[0] for values in sums.values()}) == 8
