"""The lock of the interpreter is free while the library works; one call at a time per pipeline and one consumer per job."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from support import run_python

import libltx as ltx

LONG = "x" * 100_000  # memory that is noticed when it is freed


@contextmanager
def held_up(function: Callable[[], Any]) -> Iterator[list[Any]]:
    """Runs `function`, one call of the library of less than a second, on another thread. In the block the call has ended, and the
    thread needs the interpreter's lock to go on, which it gets when this thread lets go of it by itself. Gives the list of what is
    returned."""
    if not getattr(sys, "_is_gil_enabled", lambda: True)():
        pytest.skip("there is no lock to wait for")
    returned: list[Any] = []
    started = threading.Event()

    def work() -> None:
        started.set()
        returned.append(function())

    thread = threading.Thread(target=work)
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1000)
    try:
        thread.start()
        started.wait()  # goes on when the other lets go of the lock, inside the library
        end = time.perf_counter() + 1
        while time.perf_counter() < end:
            pass
        yield returned
    finally:
        sys.setswitchinterval(interval)
        thread.join()


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


def next_event_later(job: ltx.Job[Any]) -> Callable[[], Any]:
    """A call that will wait: what there is now is taken away."""
    while job._native.next_event(50) is not None:
        pass
    return lambda: job._native.next_event(5000)


def test_a_consumer_keeps_its_event_until_python_has_it(pipe):
    job = pipe.start("delay=500 steps=3 logs=0")
    with held_up(next_event_later(job)) as events:
        with pytest.raises(ltx.Busy, match="one thread"):
            job._native.next_event(0)
    assert events[0]["type"] == "progress"
    job.cancel()


def test_a_job_closed_under_its_consumer_goes_when_that_one_leaves(pipe):
    job = pipe.start("delay=500 steps=1000 logs=0")
    with held_up(next_event_later(job)) as events:
        job.close()
    assert events[0]["type"] == "progress"
    for call in (lambda: job.progress, lambda: job._native.next_event(0), lambda: next(job)):
        with pytest.raises(ltx.InvalidArgument, match="freed"):
            call()
    end = time.monotonic() + 100
    while True:  # it was cancelled
        try:
            pipe.generate("x")
            break
        except ltx.Busy:
            assert time.monotonic() < end
            time.sleep(0.01)


def test_a_pipeline_closed_under_resolve_goes_afterwards():
    pipe = ltx.Pipeline("distilled", models="toy")
    with held_up(lambda: pipe.resolve(LONG)) as requests:
        pipe.close()
        other = [bytes(100_001) for _ in range(16)]  # freed memory would be reused here
    assert requests[0].prompt == LONG and requests[0].width == 64
    assert len(other) == 16
    for call in (lambda: pipe.resolve("x"), pipe.component):
        with pytest.raises(ltx.InvalidArgument, match="freed"):
            call()


DAEMONS = """
import threading, time
import libltx as ltx
pipes = [ltx.Pipeline("distilled", models="toy") for _ in range(4)]
def handle(event):
    return None
def linger(event):
    time.sleep(0.05)
calls = [
    lambda: pipes[0].start("delay=20 steps=1000").wait(),
    lambda: pipes[1].enhance_prompt("delay=20 steps=1000", on_event=handle),
    lambda: pipes[2].enhance_prompt("delay=20 steps=1000", on_event=linger),
    lambda: [pipes[3].info() for _ in range(10**9)],
]
for call in calls:
    threading.Thread(target=call, daemon=True).start()
time.sleep(0.2)
class Slow:
    def __del__(self, sleep=time.sleep):
        sleep(0.5)  # the interpreter has begun to end, and the others ask for its lock
slow = Slow()
print("end", flush=True)
"""


def test_daemon_threads_inside_the_library_when_the_interpreter_ends():
    run = run_python(DAEMONS)
    assert (run.stdout, run.stderr, run.returncode) == ("end\n", "", 0)
