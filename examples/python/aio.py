"""Clips for several prompts under asyncio, one after the other, while the program does other things.

python aio.py MODELS PROMPT...
"""

from __future__ import annotations

import asyncio
import sys

import libltx as ltx


async def heartbeat() -> None:
    """Whatever else the program does: a server, a window."""
    while True:
        await asyncio.sleep(1)


async def main(models: str, prompts: list[str]) -> None:
    beat = asyncio.create_task(heartbeat())
    with ltx.Pipeline("distilled", models=models) as pipe:
        for prompt in prompts:
            async for event in (job := pipe.start(prompt, width=64, height=64, num_frames=9)):
                if event.progress and event.progress.step:
                    print(f"{prompt}: {event.progress.phase} {event.progress.step}/{event.progress.step_count}")
            clip = await job
            print(f"{prompt}: {clip.video}")
    beat.cancel()


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    asyncio.run(main(sys.argv[1], sys.argv[2:]))
