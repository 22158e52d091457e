from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from support import SMALL

import libltx as ltx

@pytest.fixture(scope="session")
def pipe(models: Path) -> Iterator[ltx.Pipeline]:
    with ltx.Pipeline("distilled", models=models, device="cpu") as pipeline:
        yield pipeline


@pytest.fixture(scope="session")
def clip(pipe: ltx.Pipeline) -> ltx.Clip:
    return pipe.generate("rain on a pasture", **SMALL)
