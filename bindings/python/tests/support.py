"""What tests of several folders use."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Any

# The smallest clip that goes through every stage.
SMALL: dict[str, Any] = {
    "width": 64,
    "height": 64,
    "num_frames": 9,
    "seed": 7,
    "stage_1_sigmas": (1, 0.5, 0),
    "stage_2_sigmas": (0.9, 0),
}


def run_python(code: str, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """A fresh interpreter."""
    return subprocess.run([sys.executable, "-c", code, *arguments], env={**os.environ, **environment}, capture_output=True,
                          text=True, timeout=120)  # fmt: skip
