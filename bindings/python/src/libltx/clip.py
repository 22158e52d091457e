"""What a generation made."""

from __future__ import annotations

from typing import Any

from . import _native, enums
from ._errors import Unsupported
from ._handlers import Handlers, OnEvent, ProgressOption
from ._media import ArrayLike, Path, video_buffer
from .arrays import Audio, Video
from .inputs import Output
from .reports import Stats, stats_of


class Clip:
    """Frames, samples and statistics of one generation."""

    def __init__(self, native: _native.Result) -> None:
        self._native: _native.Result | None = native
        self._stats = stats_of(native.stats())

    @property
    def stats(self) -> Stats:
        return self._stats

    @property
    def video(self) -> Video | None:
        """The frames without a copy; None if none were kept or the recipe makes none."""
        data = self._part("video")
        return None if data is None else Video(data)

    @property
    def audio(self) -> Audio | None:
        """The samples without a copy; None if none were kept or the recipe makes none."""
        data = self._part("audio")
        return None if data is None else Audio(data)

    def copy_frames(self, target: ArrayLike, first_frame: int = 0) -> None:
        """Converts and copies frames into a writable array `[F, H, W, C]`; its dtype and channels choose the pixel format:
        uint8 with 3 or 4 channels, float16 or float32 with 3, within 0 to 1."""
        buffer = video_buffer(target, "target", frames=True, writable=True)
        self._result.copy_frames(first_frame, buffer.frame_count, buffer)

    def save(
        self,
        path: Path,
        *,
        video_crf: int | None = None,
        audio_bit_rate: int | None = None,
        write_exr: bool | None = None,
        embed_metadata: bool | None = None,
        progress: ProgressOption = None,
        on_event: OnEvent = None,
    ) -> None:
        """Writes kept frames and samples as mp4, mov, mkv or wav; the suffix .safetensors writes the final latents instead."""
        output = Output(
            path=path,
            video_crf=video_crf,
            audio_bit_rate=audio_bit_rate,
            write_exr=write_exr,
            embed_metadata=embed_metadata,
        )
        with Handlers(progress, on_event) as handlers:
            self._result.save(output, handlers.raw)

    def close(self) -> None:
        """Gives up the clip's hold on its memory, which goes with the last array that was made from it."""
        self._native = None

    def __enter__(self) -> Clip:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        s = self._stats
        return f"<Clip {s.width}x{s.height}, {s.num_frames} frames at {s.frame_rate:g} Hz, seed {s.seed}>"

    @property
    def _result(self) -> _native.Result:
        if self._native is None:
            raise ValueError("the clip is closed. Take its arrays, or save it, before close().")
        return self._native

    def _part(self, name: str) -> dict[str, Any] | None:
        result = self._result
        try:
            return result.video() if name == "video" else result.audio()
        except Unsupported as error:
            if error.status == enums.Status.UNSUPPORTED:
                return None
            raise
