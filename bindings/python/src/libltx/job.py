"""A call that runs on the library's thread, and that Python pulls events from."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator
from typing import Any, Generic, TypeVar

from . import _native, enums
from ._errors import error_of
from ._handlers import Handlers, OnEvent, ProgressOption, log
from .reports import Event, Progress, event_of, progress_of

T = TypeVar("T")

# The longest wait inside the library: Python handles signals between two waits.
_TICK_MS = 100
# The wait for the next event of a call that has ended: it is there, or will be in a moment, unless all were taken.
_LAST_MS = 1000
# An event loop asks this often, in seconds: at first, and when nothing happens.
_SHORTEST_NAP, _LONGEST_NAP = 0.0005, 0.02


class Job(Generic[T]):
    """A running call: an iterator and an async iterator of its events, and awaitable.

    One consumer at a time; another thread gets `Busy`. Iteration ends after the event FINISHED, and raises if the call failed.
    A job that is dropped or closed is cancelled. Log lines go to `logging` as they are read.
    """

    def __init__(self, native: _native.Job, finish: Callable[[_native.Job], T]) -> None:
        self._native = native
        self._finish = finish
        self._ended = False
        self._value: list[T] = []

    def cancel(self) -> None:
        """Asks the call to end; it does within one block. From any thread."""
        self._native.cancel()

    @property
    def done(self) -> bool:
        """Whether the call has ended, well or not."""
        return self._native.finished()

    @property
    def progress(self) -> Progress:
        """The latest progress; consumes nothing."""
        return progress_of(self._native.progress())

    def wait(self, timeout: float | None = None) -> bool:
        """Waits for the end, discarding events; false after `timeout` seconds. How the call ended is for `result`."""
        end = None if timeout is None else time.monotonic() + timeout
        while not self._ended:
            left = _TICK_MS if end is None else min(_TICK_MS, max(0, round(1000 * (end - time.monotonic()))))
            if self._step(left) is None and end is not None and time.monotonic() >= end:
                return self._ended
        return True

    def result(self, timeout: float | None = None) -> T:
        """Waits for the end, discarding events, and returns what the call made; raises what it failed with.

        Raises `Timeout` after `timeout` seconds; the call goes on.
        """
        if not self.wait(timeout):
            raise error_of(7, "timeout", f"the job has not finished after {timeout:g} s. Wait longer, or cancel it.")
        if not self._value:
            self._native.check()
            self._value.append(self._finish(self._native))
        return self._value[0]

    def close(self) -> None:
        """Cancels the call if it runs, without waiting, and releases the job, or lets the thread that waits for its events do so
        when it wakes. A result that was taken stays valid."""
        self._native.free()
        self._ended = True

    def __enter__(self) -> Job[T]:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __iter__(self) -> Job[T]:
        return self

    def __next__(self) -> Event:
        while not self._ended:
            if (event := self._step(_TICK_MS)) is not None:
                return event
        self._native.check()
        raise StopIteration

    def __aiter__(self) -> Job[T]:
        return self

    async def __anext__(self) -> Event:
        event = await self._next_async()
        if event is None:
            self._native.check()
            raise StopAsyncIteration
        return event

    def __await__(self) -> Generator[Any, None, T]:
        return self._result_async().__await__()

    async def _result_async(self) -> T:
        while await self._next_async() is not None:
            pass
        return self.result()

    async def _next_async(self) -> Event | None:
        """The next event; None at the end. A task that is cancelled cancels the call."""
        import asyncio

        nap = _SHORTEST_NAP
        while not self._ended:
            if (event := self._step(0)) is not None:
                return event
            try:
                await asyncio.sleep(nap)
            except asyncio.CancelledError:
                self.cancel()
                raise
            nap = min(2 * nap, _LONGEST_NAP)
        return None

    def _step(self, timeout_ms: int) -> Event | None:
        """The next event; None if none came within the time. Sets `_ended` after the last one, also if a signal's exception came
        between the library and here when it was taken: FINISHED is given once."""
        done = self._native.finished()  # asked first: what comes afterwards may not have been there yet
        data = self._native.next_event(_LAST_MS if done else timeout_ms)
        if data is None:
            self._ended = self._ended or done
            return None
        event = event_of(data)
        if event.type == enums.EventType.FINISHED:
            self._ended = True
        log(event)
        return event

    def _run(self, progress: ProgressOption, on_event: OnEvent) -> T:
        """To the end, with handlers on this thread. Whatever interrupts it cancels the call and waits for its end, so that the
        pipeline can be used again at once."""
        try:
            with Handlers(progress, on_event) as handlers:
                for event in self:
                    handlers(event)
            return self.result()
        except BaseException:
            if not self._ended:
                self.cancel()
                self.wait()
            raise
        finally:
            self._native.free()
