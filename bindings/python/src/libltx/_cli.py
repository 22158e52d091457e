"""Becomes the `ltx` program that the package carries. Imports nothing of the package: the command `ltx` runs this file alone,
without loading torch into Python first."""

from __future__ import annotations

import importlib.util
import os
import sys
from pathlib import Path
from typing import NoReturn


def library_folders(package: Path) -> list[str]:
    """Folders of LibTorch and CUDA, where torch is not installed beside the package (the program finds it there by itself)."""
    spec = importlib.util.find_spec("torch")
    if spec is None or spec.origin is None:
        sys.exit("ltx: torch is not installed. Run: pip install 'torch==2.11.*'")
    site = Path(spec.origin).parent.parent
    if site == package.parent:
        return []
    return [str(site / "torch" / "lib"), *sorted(str(folder) for folder in site.glob("nvidia/*/lib"))]


def main() -> NoReturn:
    package = Path(__file__).resolve().parent
    program = package / "bin" / "ltx"
    environment = dict(os.environ)
    folders = library_folders(package)
    if folders:
        known = environment.get("LD_LIBRARY_PATH")
        environment["LD_LIBRARY_PATH"] = os.pathsep.join([*folders, *([known] if known else [])])
    os.execve(program, ["ltx", *sys.argv[1:]], environment)


if __name__ == "__main__":
    main()
