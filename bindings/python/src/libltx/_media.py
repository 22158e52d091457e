"""Arrays of the caller as buffers of the C API: addresses and strides, no copies where the memory can be described."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any, Protocol, Union, runtime_checkable

import numpy as np
import numpy.typing as npt

from ._errors import Unsupported, error_of


@runtime_checkable
class DLPackArray(Protocol):
    """An object that exports its memory by DLPack: a torch tensor, a JAX or CuPy array, a `Video`."""

    def __dlpack__(self, *, stream: Any = None) -> Any: ...

    def __dlpack_device__(self) -> tuple[Any, Any]: ...


Path = Union[str, "os.PathLike[str]"]
ArrayLike = Union[npt.NDArray[Any], DLPackArray]
Media = Union[Path, ArrayLike]

_HOST_DEVICES = (1, 3)  # kDLCPU, kDLCUDAHost
_NOT_BUILT = 21


@dataclass(frozen=True)
class VideoBuffer:
    """`ltx_video_buffer`; `owner` keeps the memory."""

    owner: npt.NDArray[Any]
    pixel_format: str
    width: int
    height: int
    frame_count: int
    row_stride: int
    frame_stride: int
    data_size: int
    data: int
    frame_rate: float | None = None
    first_frame: int | None = None
    location: str | None = None
    device_index: int | None = None
    color_space: str | None = None
    cuda_stream: int | None = None


@dataclass(frozen=True)
class AudioBuffer:
    """`ltx_audio_buffer`; `owner` keeps the memory."""

    owner: npt.NDArray[np.float32]
    channels: int
    sample_rate: int
    sample_count: int
    channel_stride: int
    data: int


def is_path(source: object) -> bool:
    return isinstance(source, (str, os.PathLike))


def host_array(source: object, name: str) -> npt.NDArray[Any]:
    """A numpy view of an array in host memory."""
    if isinstance(source, np.ndarray):
        return source
    if not isinstance(source, DLPackArray):
        raise TypeError(f"{name} is a {type(source).__name__}. Pass a path, a numpy array or an object with __dlpack__.")
    kind = int(source.__dlpack_device__()[0])
    if kind not in _HOST_DEVICES:
        error = error_of(_NOT_BUILT, "not-built", f"{name} lies on a device (DLPack kind {kind}), which this build does not "
                         "read. Pass it in host memory, for example with .cpu().")  # fmt: skip
        assert isinstance(error, Unsupported)
        raise error
    return np.from_dlpack(source)


def _pixel_format(array: npt.NDArray[Any], name: str) -> str:
    formats = {("uint8", 3): "rgb8", ("uint8", 4): "rgba8", ("uint8", 1): "gray8", ("float16", 3): "rgb-f16",
               ("float32", 3): "rgb-f32"}  # fmt: skip
    key = (array.dtype.name, array.shape[-1])
    if key not in formats:
        raise TypeError(
            f"{name} has {key[1]} channels of {key[0]}. Pass uint8 with 1, 3 or 4 channels, or float16 or float32 with 3."
        )
    return formats[key]


def video_buffer(source: object, name: str, *, frames: bool, writable: bool = False) -> VideoBuffer:
    """Frames `[F, H, W, C]` or `[F, H, W]`, an image `[H, W, C]` or `[H, W]`."""
    array = host_array(source, name)
    given = list(array.shape)
    if not frames:
        array = array[np.newaxis]
    if array.ndim == 3:
        array = array[..., np.newaxis]  # grey without an axis for it
    if array.ndim != 4:
        wanted = "[F, H, W, C] or [F, H, W]" if frames else "[H, W, C] or [H, W]"
        raise ValueError(f"{name} has shape {given}. Pass {wanted}.")
    pixel_format = _pixel_format(array, name)
    count, height, width, channels = array.shape
    pixel = channels * array.itemsize
    packed = array.strides[3] == array.itemsize and array.strides[2] == pixel
    ordered = array.strides[1] >= width * pixel and (count == 1 or array.strides[0] >= height * array.strides[1])
    if writable and not (packed and ordered and array.flags.writeable):
        raise ValueError(f"{name} cannot be written as rows of pixels. Pass a writable array in C order.")
    if not (packed and ordered):
        array = np.ascontiguousarray(array)
    row, frame = array.strides[1], array.strides[0] if count > 1 else array.strides[1] * height
    size = (count - 1) * frame + (height - 1) * row + width * pixel
    rate = getattr(source, "frame_rate", None)
    return VideoBuffer(array, pixel_format, width, height, count, row, frame, size, array.ctypes.data, rate)


def audio_buffer(source: object, name: str, sample_rate: int | None) -> AudioBuffer:
    """Samples `[C, N]` or `[N]`, float32 within -1 to 1; other floats are converted."""
    array = host_array(source, name)
    if array.dtype.kind != "f":
        raise TypeError(f"{name} has dtype {array.dtype.name}. Pass float32 within -1 to 1.")
    array = array.astype(np.float32, copy=False)
    if array.ndim == 1:
        array = array[np.newaxis]
    if array.ndim != 2:
        raise ValueError(f"{name} has shape {list(array.shape)}. Pass [channels, samples] or [samples].")
    if array.strides[1] != 4 or array.strides[0] < 4 * array.shape[1] or array.strides[0] % 4:
        array = np.ascontiguousarray(array)
    rate = sample_rate if sample_rate is not None else getattr(source, "sample_rate", None)
    if rate is None:
        raise ValueError(f"{name} are samples without a rate. Set sample_rate, in Hz.")
    channels, count = array.shape
    stride = array.strides[0] // 4 if channels > 1 else count
    return AudioBuffer(array, channels, rate, count, stride, array.ctypes.data)
