"""What happens with events: log lines go to `logging`, progress to a bar or a function, everything to the caller's handler."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Any, Union

from . import enums
from .reports import Event, Progress, event_of

logger = logging.getLogger("libltx")
logger.addHandler(logging.NullHandler())  # without it, logging prints warnings of programs that set up none

ProgressOption = Union[bool, Callable[[Progress], object], None]
OnEvent = Union[Callable[[Event], object], None]

_LEVELS = {
    enums.LogLevel.DEBUG: logging.DEBUG,
    enums.LogLevel.INFO: logging.INFO,
    enums.LogLevel.WARNING: logging.WARNING,
    enums.LogLevel.ERROR: logging.ERROR,
}


def wanted_level() -> enums.LogLevel:
    """What the logger named libltx would show."""
    for level, number in _LEVELS.items():
        if logger.isEnabledFor(number):
            return level
    return enums.LogLevel.OFF


def log(event: Event) -> None:
    if event.type == enums.EventType.LOG and event.log_level is not None:
        target = logger.getChild(event.source) if event.source else logger
        target.log(_LEVELS.get(event.log_level, logging.WARNING), "%s", event.message)


class _Bar:
    """A tqdm bar over the whole call."""

    def __init__(self) -> None:
        try:
            from tqdm.auto import tqdm
        except ImportError:
            logger.warning("progress=True shows nothing without tqdm. Run: pip install tqdm")
            self._bar = None
            return
        layout = "{desc} {percentage:3.0f}%|{bar}| {elapsed}<{remaining}"
        self._bar = tqdm(total=1.0, bar_format=layout, desc="start")

    def __call__(self, progress: Progress) -> None:
        if self._bar is None:
            return
        stage = f" {progress.stage}/{progress.stage_count}" if progress.stage_count > 1 else ""
        step = f", step {progress.step}/{progress.step_count}" if progress.step else ""
        self._bar.set_description_str(f"{progress.phase}{stage}{step}", refresh=False)
        self._bar.update(progress.fraction - self._bar.n)

    def close(self) -> None:
        if self._bar is not None:
            self._bar.close()


class Handlers:
    """The handlers of one call. Used as a context manager, which closes the bar."""

    def __init__(self, progress: ProgressOption, on_event: OnEvent) -> None:
        self._bar = _Bar() if progress is True else None
        self._progress = self._bar or (progress if callable(progress) else None)
        self._on_event = on_event

    def __call__(self, event: Event) -> None:
        if event.progress is not None and self._progress is not None:
            self._progress(event.progress)
        if self._on_event is not None:
            self._on_event(event)

    def raw(self, data: Mapping[str, Any]) -> None:
        """An event of a blocking call."""
        event = event_of(data)
        log(event)
        self(event)

    def __enter__(self) -> Handlers:
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.close()
