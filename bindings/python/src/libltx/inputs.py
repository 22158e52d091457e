"""Frozen dataclasses of what goes in: model files, LoRAs, quantization, conditions, output. `None` is unset: the default of
the model or recipe (docs/c-api.md §4 has every field's meaning and range)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from . import enums
from ._media import AudioBuffer, Media, Path, VideoBuffer, audio_buffer, is_path, video_buffer


@dataclass(frozen=True)
class Models:
    """Files of a model. `root` is a folder that is searched by file contents; the other fields win over what it has."""

    root: Path | None = None
    checkpoint: Path | None = None
    transformer: Path | None = None
    text_encoder: Path | None = None
    video_vae: Path | None = None
    audio_vae: Path | None = None
    duration_head: Path | None = None
    spatial_upsampler: Path | None = None
    temporal_upsampler: Path | None = None
    prompt_enhancer: Path | None = None


@dataclass(frozen=True)
class Lora:
    """A LoRA file. `stages`: bit 0 stage 1, bit 1 stage 2; 0 the recipe's stages and factors."""

    path: Path
    strength: float | None = None
    role: enums.LoraRole | str | None = None
    stages: int | None = None


@dataclass(frozen=True)
class QuantRule:
    """A format for the layers that a glob names, `transformer:transformer_blocks.*.ff.*`. The last match wins."""

    pattern: str
    format: enums.Format | str


@dataclass(frozen=True)
class QuantOptions:
    """Refines a quantization policy. `keep_bf16_blocks` counts negative blocks from the end; `()` keeps none."""

    granularity: enums.Granularity | str | None = None
    layer_set: enums.Layers | str | None = None
    arithmetic: enums.Arithmetic | str | None = None
    lora_order: enums.LoraOrder | str | None = None
    lora_rounding: enums.Rounding | str | None = None
    act_scale: enums.ActScale | str | None = None
    group_size: int | None = None
    fast_accum: bool | None = None
    keep_bf16_blocks: Sequence[int] | None = None
    calibration_path: Path | None = None
    reference_compat: bool | None = None


@dataclass(frozen=True)
class ComponentResidency:
    """Where the weights of one component live between uses."""

    component: enums.Component | str
    residency: enums.Residency | str


@dataclass(frozen=True)
class Guidance:
    """Guidance of one modality. Off is `skip_step=0, cfg_scale=1, stg_scale=0, rescale_scale=0, modality_scale=1,
    stg_blocks=()`."""

    cfg_scale: float | None = None
    stg_scale: float | None = None
    rescale_scale: float | None = None
    modality_scale: float | None = None
    skip_step: int | None = None
    stg_blocks: Sequence[int] | None = None


@dataclass(frozen=True)
class Tiling:
    """Tiles of the video decoder in pixels and frames; sizes belong to mode `explicit`."""

    mode: enums.TilingMode | str | None = None
    tile_width: int | None = None
    tile_height: int | None = None
    tile_frames: int | None = None
    overlap_width: int | None = None
    overlap_height: int | None = None
    overlap_frames: int | None = None


@dataclass(frozen=True, eq=False)
class Image:
    """An image that the clip shows at a frame.

    `source`: a file, or pixels `[H, W, 3 | 4]` (uint8, or float16 and float32 with 3 channels within 0 to 1).
    """

    source: Media
    frame_index: int | None = None
    strength: float | None = None
    crf: int | None = None

    @property
    def path(self) -> Path | None:
        return self.source if is_path(self.source) else None  # type: ignore[return-value]

    @property
    def pixels(self) -> VideoBuffer | None:
        return None if is_path(self.source) else video_buffer(self.source, "image", frames=False)


@dataclass(frozen=True, eq=False)
class VideoCondition:
    """A video that a recipe starts from.

    `source`: a file, or frames `[F, H, W, 3]` (of a mask also `[F, H, W]`), for example a `Video` of another clip.
    """

    source: Media
    role: enums.VideoRole | str
    strength: float | None = None
    frame_rate: float | None = None

    @property
    def path(self) -> Path | None:
        return self.source if is_path(self.source) else None  # type: ignore[return-value]

    @property
    def pixels(self) -> VideoBuffer | None:
        return None if is_path(self.source) else video_buffer(self.source, "video", frames=True)


@dataclass(frozen=True, eq=False)
class AudioCondition:
    """A sound that a recipe starts from.

    `source`: a file, or samples `[channels, samples]` with `sample_rate` in Hz, for example the `Audio` of another clip, which
    brings its rate. Times are seconds.
    """

    source: Media
    sample_rate: int | None = None
    start_time: float | None = None
    max_duration: float | None = None

    @property
    def path(self) -> Path | None:
        return self.source if is_path(self.source) else None  # type: ignore[return-value]

    @property
    def samples(self) -> AudioBuffer | None:
        return None if is_path(self.source) else audio_buffer(self.source, "audio", self.sample_rate)


@dataclass(frozen=True)
class Output:
    """Where frames and samples go: a file, the clip (`keep_frames`), events (`stream_frames`)."""

    path: Path | None = None
    keep_frames: bool | None = None
    stream_frames: bool | None = None
    pixel_format: enums.Pixel | str | None = None
    location: enums.Location | str | None = None
    video_crf: int | None = None
    audio_bit_rate: int | None = None
    write_exr: bool | None = None
    embed_metadata: bool | None = None
