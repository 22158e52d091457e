"""scikit-build-core, and two things that it cannot know: a source distribution carries the sources of the whole library, and a
build without a finished library needs the torch that it links."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

from scikit_build_core.build import (  # noqa: F401
    build_editable,
    build_wheel,
    get_requires_for_build_editable,
    get_requires_for_build_sdist,
    prepare_metadata_for_build_editable,
    prepare_metadata_for_build_wheel,
)
from scikit_build_core.build import build_sdist as _build_sdist
from scikit_build_core.build import get_requires_for_build_wheel as _requires_for_wheel

HERE = Path(__file__).resolve().parent.parent
STAGE = HERE / "source"
FOLDERS = ("cmake", "examples", "include", "src")
FILES = ("CMakeLists.txt", "LICENSE*", "NOTICE*", "THIRD_PARTY_NOTICES*")


def _prebuilt(config_settings: dict[str, Any] | None) -> bool:
    given = (config_settings or {}).get("cmake.define.LTX_PREBUILT")
    return bool(given) or "LTX_PREBUILT=" in os.environ.get("SKBUILD_CMAKE_DEFINE", "") + os.environ.get("CMAKE_ARGS", "")


def get_requires_for_build_wheel(config_settings: dict[str, Any] | None = None) -> list[str]:
    requires: list[str] = _requires_for_wheel(config_settings)
    return requires if _prebuilt(config_settings) else [*requires, "torch==2.11.*", "ninja"]


def build_sdist(sdist_directory: str, config_settings: dict[str, Any] | None = None) -> str:
    """Copies the project into the folder `source` for as long as the archive is written. An unpacked sdist has it already."""
    root = HERE.parent.parent
    if HERE != root / "bindings" / "python" or not (root / "include" / "ltx_c.h").is_file():
        return _build_sdist(sdist_directory, config_settings)
    shutil.rmtree(STAGE, ignore_errors=True)  # of a build that was killed, and old
    try:
        for folder in FOLDERS:
            ignored = shutil.ignore_patterns("__pycache__", "target")
            shutil.copytree(root / folder, STAGE / folder, ignore=ignored)
        for pattern in FILES:
            for file in root.glob(pattern):
                shutil.copyfile(file, STAGE / file.name)
        return _build_sdist(sdist_directory, config_settings)
    finally:
        shutil.rmtree(STAGE, ignore_errors=True)
