from __future__ import annotations

from collections.abc import Iterator

import pytest

import libltx as ltx


@pytest.fixture(autouse=True, scope="session")
def toy() -> None:
    if ltx.build_info()["torch"] is not None:
        pytest.exit("these tests need the toy library first in LD_LIBRARY_PATH", returncode=2)


@pytest.fixture
def pipe() -> Iterator[ltx.Pipeline]:
    with ltx.Pipeline("distilled", models="toy") as pipeline:
        yield pipeline
