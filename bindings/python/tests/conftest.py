"""The tests run in an environment that has the wheel installed. `LTX_SOURCE_DIR` names the project, `LTX_WHEELS` the folder
of the wheel.

toy/ runs against the toy library of tests/api (`LD_LIBRARY_PATH` puts it before the wheel's own): its prompt is a script, words
like "delay=20 chunks=4 logs=3 fail=73". library/ runs the real one on the smallest model. package/ is about the wheel, examples/ about examples/python.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

SOURCE = Path(os.environ["LTX_SOURCE_DIR"])


@pytest.fixture(scope="session")
def source() -> Path:
    return SOURCE


@pytest.fixture(scope="session")
def layout(source: Path) -> dict[str, Any]:
    """Sizes, offsets and constants of the C header."""
    return json.loads((source / "abi" / "layout.json").read_text())


@pytest.fixture(scope="session")
def models(source: Path) -> Path:
    return source / "tests" / "golden" / "models" / "tiny23"
