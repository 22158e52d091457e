"""Frozen dataclasses of what comes out: progress, events, statistics, devices, components."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from . import enums
from .arrays import Audio, Video


@dataclass(frozen=True)
class Progress:
    """Where a call is. Stages and steps count from 1; 0 is "not counted here". `fraction` covers the whole call and never
    decreases; `remaining_seconds` is -1 while unknown; `bytes_*` are of a load; `sigma` is the step's noise level."""

    phase: enums.Phase
    stage: int
    stage_count: int
    step: int
    step_count: int
    fraction: float
    elapsed_seconds: float
    remaining_seconds: float
    sigma: float
    bytes_done: int
    bytes_total: int
    device_bytes: int
    host_bytes: int


@dataclass(frozen=True, eq=False)
class Event:
    """One event of a job; which fields are set follows from `type`.

    PROGRESS: `progress`. LOG: `log_level`, `source`, `message`, `dropped_logs`. PREVIEW and FRAMES: `video`. AUDIO: `audio`.
    FINISHED, always the last: `status`, `message`. Frames and samples are copies of their own.
    """

    type: enums.EventType
    progress: Progress | None = None
    log_level: enums.LogLevel | None = None
    source: str | None = None
    message: str | None = None
    dropped_logs: int = 0
    video: Video | None = None
    audio: Audio | None = None
    status: enums.Status = enums.Status.OK


@dataclass(frozen=True)
class Stats:
    """What a generation was and cost. `latent_sha256`, in hex, is equal for equal latents (video, then audio, as fp32)."""

    width: int
    height: int
    num_frames: int
    frame_rate: float
    seed: int
    quant: enums.Quant
    text_quant: enums.Quant
    memory_mode: enums.Memory
    num_inference_steps: int
    total_seconds: float
    load_seconds: float
    text_seconds: float
    condition_seconds: float
    stage_1_seconds: float
    upsample_seconds: float
    stage_2_seconds: float
    decode_seconds: float
    encode_seconds: float
    peak_device_bytes: int
    predicted_device_bytes: int
    peak_host_bytes: int
    predicted_host_bytes: int
    disk_bytes_read: int
    latent_sha256: str


@dataclass(frozen=True)
class DeviceInfo:
    """A device. `compute_capability` 90 is 9.0; on a CPU `multiprocessor_count` is the number of cores."""

    type: enums.DeviceType
    index: int
    name: str
    compute_capability: int
    multiprocessor_count: int
    total_bytes: int
    free_bytes: int
    native_formats: int


@dataclass(frozen=True)
class ComponentState:
    """Where a component is and how large."""

    component: enums.Component
    residency: enums.Residency
    quant: enums.Quant
    on_device: bool
    shared: bool
    device_bytes: int
    host_bytes: int
    file_bytes: int


@dataclass(frozen=True)
class EnhancedPrompt:
    """A rewritten prompt; `str()` is its text. `seed` is what it was drawn with, `tokens` the length of the reply, `complete` false
    if the reply was cut at its longest length."""

    prompt: str
    seed: int
    tokens: int
    from_image: bool
    complete: bool

    def __str__(self) -> str:
        return self.prompt


@dataclass(frozen=True)
class Support:
    """Whether a build can do something; true in conditions. `reason` is the error that a use would give."""

    ok: bool
    status: enums.Status = enums.Status.OK
    reason: str = ""

    def __bool__(self) -> bool:
        return self.ok


def progress_of(data: Mapping[str, Any]) -> Progress:
    return Progress(**{**data, "phase": enums.Phase(data["phase"])})


def event_of(data: Mapping[str, Any]) -> Event:
    kind = enums.EventType(data["type"])
    return Event(
        type=kind,
        progress=progress_of(data["progress"]) if data["progress"] else None,
        log_level=enums.LogLevel(data["log_level"]) if kind == enums.EventType.LOG else None,
        source=data["source"],
        message=data["message"],
        dropped_logs=data["dropped_logs"],
        video=Video(data["video"]) if data["video"] else None,
        audio=Audio(data["audio"]) if data["audio"] else None,
        status=enums.Status(data["status"]),
    )


def stats_of(data: Mapping[str, Any]) -> Stats:
    own: dict[str, Any] = dict(data)
    own["quant"], own["text_quant"] = enums.Quant(own["quant"]), enums.Quant(own["text_quant"])
    own["memory_mode"] = enums.Memory(own["memory_mode"])
    own["latent_sha256"] = own["latent_sha256"].hex()
    return Stats(**own)


def device_of(data: Mapping[str, Any]) -> DeviceInfo:
    return DeviceInfo(**{**data, "type": enums.DeviceType(data["type"])})


def enhanced_of(data: Mapping[str, Any]) -> EnhancedPrompt:
    return EnhancedPrompt(data["prompt"], data["seed"], data["tokens"], data["from_image"], data["complete"])


def component_of(data: Mapping[str, Any]) -> ComponentState:
    own: dict[str, Any] = dict(data)
    own["component"], own["quant"] = enums.Component(own["component"]), enums.Quant(own["quant"])
    own["residency"] = enums.Residency(own["residency"])
    return ComponentState(**own)
