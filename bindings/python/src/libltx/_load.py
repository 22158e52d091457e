"""Loads LibTorch, then the library: after `import torch` its libraries are found by name, wherever torch lies."""

from __future__ import annotations

import importlib

TORCH = "2.11"
"""The minor version of torch that this package was built for."""


def _import_torch() -> None:
    remedy = f"Run: pip install 'torch=={TORCH}.*'"
    try:
        torch = importlib.import_module("torch")
    except ModuleNotFoundError as error:
        if error.name != "torch":
            raise
        raise ImportError(f"libltx needs torch {TORCH}, which is not installed. {remedy}") from None
    version = str(getattr(torch, "__version__", "of unknown version"))
    if version.split(".")[:2] != TORCH.split("."):
        raise ImportError(f"libltx was built for torch {TORCH}, but torch {version} is installed. {remedy}")


def _import_native() -> None:
    try:
        importlib.import_module("libltx._native")
    except ImportError as error:
        torch = importlib.import_module("torch")
        cuda = "CUDA " + torch.version.cuda if torch.version.cuda else "no CUDA"
        raise ImportError(
            f"libltx cannot be loaded beside torch {torch.__version__} ({cuda}): {error}. "
            f"Install the torch that PyPI has. Run: pip install --force-reinstall 'torch=={TORCH}.*'"
        ) from error


_import_torch()
_import_native()
