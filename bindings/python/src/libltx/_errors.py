"""Exceptions: one class per family of statuses (docs/c-api.md §6)."""

from __future__ import annotations

import errno

from .enums import Status


class LtxError(RuntimeError):
    """A failure of the library. The text says what was found where, and what to do.

    `status` is the `Status`, `code` its number in the C header.
    """

    status: Status = Status.INTERNAL
    code: int = 99


class InvalidArgument(LtxError, ValueError):
    """A value that is out of range, not used by the recipe, or an object that was closed."""


class Busy(LtxError):
    """Another call runs on the pipeline or job, or a job has not finished."""


class Timeout(LtxError, TimeoutError):
    """The time given has passed."""


class Cancelled(LtxError):
    """The call was cancelled."""


class Unsupported(LtxError, NotImplementedError):
    """Something that this build, recipe, device or environment cannot do."""


class FileError(LtxError, OSError):
    """A file that is absent, unreadable, damaged, of another type or cannot be written; `errno` is set where it fits."""


class ModelError(LtxError):
    """Model files that do not fit: components, tensors, versions, LoRAs, quantization."""


class OutOfMemory(LtxError, MemoryError):
    """Device or host memory, or a budget, does not suffice."""


class DeviceError(LtxError):
    """CUDA or the device failed."""


class NumericError(LtxError, ArithmeticError):
    """A network computed NaN or infinity."""


class InternalError(LtxError):
    """A defect of the library. Please report the text."""


# First code of a family; gaps belong to the family before them.
_FAMILIES: tuple[tuple[int, type[LtxError]], ...] = (
    (99, InternalError),
    (80, NumericError),
    (73, DeviceError),
    (70, OutOfMemory),
    (50, ModelError),
    (30, FileError),
    (20, Unsupported),
    (9, Busy),
    (8, Cancelled),
    (7, Timeout),
    (5, Busy),
    (4, Unsupported),
    (1, InvalidArgument),
)
_ERRNO = {30: errno.ENOENT, 31: errno.EACCES, 34: errno.ENOSPC}


def error_of(code: int, status: str, message: str) -> LtxError:
    """The exception for a status; called by `_native`."""
    family = next((family for first, family in _FAMILIES if code >= first), LtxError)
    error = family(message)
    error.code = code
    error.status = Status(status)
    if isinstance(error, OSError):
        error.errno = _ERRNO.get(code)
    return error
