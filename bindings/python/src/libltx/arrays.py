"""Frames and samples as arrays. Those of a clip lie in the library's memory and are never copied; every array that was made
from them keeps that memory alive, also after the clip and the pipeline have gone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from . import enums

if TYPE_CHECKING:
    import torch


class _Array:
    """One array in host memory, exported to numpy and by DLPack."""

    __slots__ = ("_data",)

    def __init__(self, data: npt.NDArray[Any]) -> None:
        self._data = data

    @property
    def shape(self) -> tuple[int, ...]:
        return self._data.shape

    def __len__(self) -> int:
        return len(self._data)

    def numpy(self) -> npt.NDArray[Any]:
        """A view without a copy."""
        view: npt.NDArray[Any] = self._data.view()
        return view

    def torch(self) -> torch.Tensor:
        """A CPU tensor without a copy."""
        import torch

        return torch.from_dlpack(self._data)

    def __array__(self, dtype: npt.DTypeLike | None = None, copy: bool | None = None) -> npt.NDArray[Any]:
        array: npt.NDArray[Any] = np.array(self._data, dtype=dtype, copy=copy)
        return array

    def __dlpack__(
        self,
        *,
        stream: int | None = None,
        max_version: tuple[int, int] | None = None,
        dl_device: tuple[int, int] | None = None,
        copy: bool | None = None,
    ) -> Any:
        return self._data.__dlpack__(stream=stream, max_version=max_version, dl_device=dl_device, copy=copy)

    def __dlpack_device__(self) -> tuple[int, int]:
        kind, index = self._data.__dlpack_device__()
        return int(kind), int(index)


class Video(_Array):
    """Frames `[F, H, W, C]`: uint8 for RGB8 and RGBA8, float16 or float32 within 0 to 1 for the others.

    Writing to the array of a clip changes what `Clip.save` writes.
    """

    __slots__ = ("color_space", "first_frame", "frame_rate", "pixel_format")

    def __init__(self, data: Mapping[str, Any]) -> None:
        super().__init__(data["data"])
        self.pixel_format = enums.Pixel(data["pixel_format"])
        self.color_space = enums.Color(data["color_space"])
        self.frame_rate: float = data["frame_rate"]
        """Hz; -1 unknown."""
        self.first_frame: int = data["first_frame"]
        """Index of the first frame within the clip."""

    @property
    def frame_count(self) -> int:
        return int(self._data.shape[0])

    @property
    def height(self) -> int:
        return int(self._data.shape[1])

    @property
    def width(self) -> int:
        return int(self._data.shape[2])

    def __repr__(self) -> str:
        return f"<Video {self.width}x{self.height}, {self.frame_count} frames at {self.frame_rate:g} Hz, {self.pixel_format}>"


class Audio(_Array):
    """Samples `[channels, samples]`, float32 within -1 to 1."""

    __slots__ = ("sample_rate",)

    def __init__(self, data: Mapping[str, Any]) -> None:
        super().__init__(data["data"])
        self.sample_rate: int = data["sample_rate"]
        """Hz."""

    @property
    def channels(self) -> int:
        return int(self._data.shape[0])

    @property
    def sample_count(self) -> int:
        """Per channel."""
        return int(self._data.shape[1])

    @property
    def duration(self) -> float:
        """Seconds."""
        return self.sample_count / self.sample_rate

    def __repr__(self) -> str:
        return f"<Audio {self.channels} channels, {self.duration:.2f} s at {self.sample_rate} Hz>"
