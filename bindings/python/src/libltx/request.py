"""One generation: `Request`, and the same fields as keywords."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypedDict, TypeVar, Union

from . import enums
from ._media import Media, Path, is_path
from .inputs import AudioCondition, Guidance, Image, Output, Tiling, VideoCondition

_T = TypeVar("_T")


class RequestFields(TypedDict, total=False):
    """Keywords of `Pipeline.generate` and its like; `Request` has the same names."""

    width: int | None
    height: int | None
    num_frames: int | None
    negative_prompt: str | None
    seed: int | None
    frame_rate: float | None
    min_seconds: float | None
    max_seconds: float | None
    num_inference_steps: int | None
    sampler: enums.Sampler | str | None
    noise_source: enums.Noise | str | None
    color_space: enums.Color | str | None
    stage_1_sigmas: Sequence[float] | None
    stage_2_sigmas: Sequence[float] | None
    video_guidance: Guidance | None
    audio_guidance: Guidance | None
    images: Sequence[Image | Media] | None
    videos: Sequence[VideoCondition] | None
    audio: AudioCondition | Media | None
    keyframe_indices: Sequence[int] | int | None
    start_time: float | None
    end_time: float | None
    regenerate_video: bool | None
    regenerate_audio: bool | None
    skip_stage_2: bool | None
    high_quality: bool | None
    enhance_prompt: bool | None
    temporal_upsample_rounds: int | None
    enhance_seed: int | None
    attention_strength: float | None
    preview_mode: enums.Preview | str | None
    preview_interval: int | None
    preview_max_side: int | None
    reference_parity: bool | None
    text_embeddings: Path | None
    tiling: Tiling | None
    output: Output | Path | None


@dataclass(frozen=True, eq=False)
class Request:
    """One generation; a field that the recipe does not use must stay `None`.

    Sizes are pixels, times seconds, rates Hz. `num_frames` is 8k + 1. `keyframe_indices` may be a count: evenly spaced. `output`
    may be a path: the clip then has its frames as well.
    """

    prompt: str | None = None
    negative_prompt: str | None = None
    width: int | None = None
    height: int | None = None
    num_frames: int | None = None
    seed: int | None = None
    frame_rate: float | None = None
    min_seconds: float | None = None
    max_seconds: float | None = None
    num_inference_steps: int | None = None
    sampler: enums.Sampler | str | None = None
    noise_source: enums.Noise | str | None = None
    color_space: enums.Color | str | None = None
    stage_1_sigmas: Sequence[float] | None = None
    stage_2_sigmas: Sequence[float] | None = None
    video_guidance: Guidance | None = None
    audio_guidance: Guidance | None = None
    images: Sequence[Image] | None = None
    videos: Sequence[VideoCondition] | None = None
    audio: AudioCondition | None = None
    keyframe_indices: Sequence[int] | int | None = None
    start_time: float | None = None
    end_time: float | None = None
    regenerate_video: bool | None = None
    regenerate_audio: bool | None = None
    skip_stage_2: bool | None = None
    high_quality: bool | None = None
    enhance_prompt: bool | None = None
    temporal_upsample_rounds: int | None = None
    enhance_seed: int | None = None
    attention_strength: float | None = None
    preview_mode: enums.Preview | str | None = None
    preview_interval: int | None = None
    preview_max_side: int | None = None
    reference_parity: bool | None = None
    text_embeddings: Path | None = None
    tiling: Tiling | None = None
    output: Output | None = None


Prompt = Union[str, Request, None]


def request_of(prompt: Prompt, fields: Mapping[str, Any]) -> Request:
    """A request from a prompt and keywords, or another request with some fields changed."""
    fields = dict(fields)
    if fields.get("images") is not None:
        fields["images"] = [item if isinstance(item, Image) else Image(item) for item in fields["images"]]
    if fields.get("audio") is not None and not isinstance(fields["audio"], AudioCondition):
        fields["audio"] = AudioCondition(fields["audio"])
    if is_path(fields.get("output")):
        fields["output"] = Output(path=fields["output"], keep_frames=True)
    base = prompt if isinstance(prompt, Request) else Request(prompt=prompt)
    return dataclasses.replace(base, **fields)


def resolved_of(data: Mapping[str, Any], sent: Request) -> Request:
    """The library's answer to a request, which names media in memory only by their place."""

    def part(kind: type[_T], values: Mapping[str, Any] | None, **known: Any) -> _T | None:
        if values is None:
            return None
        names = [field.name for field in dataclasses.fields(kind) if field.name in values]  # type: ignore[arg-type]
        # -1 is "unset" in every number of a request.
        return kind(**{name: None if values[name] == -1 else values[name] for name in names}, **known)

    media = {
        "images": [part(Image, values, source=values["path"] or (sent.images or ())[i].source)
                   for i, values in enumerate(data["images"] or ())] or None,
        "videos": [part(VideoCondition, values, source=values["path"] or (sent.videos or ())[i].source)
                   for i, values in enumerate(data["videos"] or ())] or None,
        "audio": sent.audio and part(AudioCondition, data["audio"], source=sent.audio.source, sample_rate=sent.audio.sample_rate),
        "video_guidance": part(Guidance, data["video_guidance"]),
        "audio_guidance": part(Guidance, data["audio_guidance"]),
        "tiling": part(Tiling, data["tiling"]),
        "output": part(Output, data["output"]),
    }  # fmt: skip
    values = {name: value for name, value in data.items() if name not in media}
    resolved = part(Request, values, **media)
    assert resolved is not None
    return resolved
