"""Jobs under asyncio."""

from __future__ import annotations

import asyncio
import time

import pytest

import libltx as ltx


def test_await_gives_the_clip_while_the_loop_goes_on(pipe):
    async def main() -> tuple[ltx.Clip, int]:
        ticks = 0

        async def tick() -> None:
            nonlocal ticks
            while True:
                ticks += 1
                await asyncio.sleep(0.005)

        other = asyncio.create_task(tick())
        clip = await pipe.start("delay=20 steps=5")
        other.cancel()
        return clip, ticks

    clip, ticks = asyncio.run(main())
    assert clip.video.shape == (3, 32, 64, 3)
    assert ticks >= 10


def test_async_iteration(pipe):
    async def main() -> list[ltx.EventType]:
        return [event.type async for event in pipe.start("delay=5")]

    kinds = asyncio.run(main())
    assert ltx.EventType.PROGRESS in kinds
    assert kinds[-1] is ltx.EventType.FINISHED


def test_async_failure(pipe):
    async def main() -> None:
        async for _ in pipe.start("fail=71"):
            pass

    with pytest.raises(ltx.OutOfMemory):
        asyncio.run(main())

    async def wait() -> None:
        await pipe.start("fail=71")

    with pytest.raises(ltx.OutOfMemory):
        asyncio.run(wait())


def test_a_cancelled_task_cancels_the_call(pipe):
    job = pipe.start("delay=50 steps=10000")

    async def main() -> None:
        await asyncio.wait_for(job, 0.1)

    start = time.monotonic()
    with pytest.raises(asyncio.TimeoutError):
        asyncio.run(main())
    assert job.wait(100)
    assert time.monotonic() - start < 100  # of 1000
    with pytest.raises(ltx.Cancelled):
        job.result()


def test_two_pipelines_at_once():
    async def main() -> list[ltx.Clip]:
        pipes = [ltx.Pipeline("distilled", models="toy") for _ in range(2)]
        return await asyncio.gather(*(pipe.start(f"delay=20 seed={i}", seed=i) for i, pipe in enumerate(pipes)))

    clips = asyncio.run(main())
    assert [clip.stats.seed for clip in clips] == [0, 1]
