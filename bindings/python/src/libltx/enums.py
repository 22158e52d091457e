"""The enumerations of the C header as string enums: a member equals its text, and arguments take either.

`Quant.FP8_SCALED_MM == "fp8-scaled-mm"`. A value that only a later library knows comes out as a member named `UNKNOWN_n`.
"""

from __future__ import annotations

import enum
import re


class TextEnum(str, enum.Enum):
    """A string enum whose members print as their text."""

    __str__ = str.__str__

    @classmethod
    def _missing_(cls, value: object) -> TextEnum | None:
        if not isinstance(value, str) or not re.fullmatch(r"unknown--?\d+", value):
            return None
        member = str.__new__(cls, value)
        member._name_ = value.upper().replace("-", "_")
        member._value_ = value
        return member


class Status(TextEnum):
    """What a call ended with (docs/c-api.md §6)."""

    OK = "ok"
    INVALID_ARGUMENT = "invalid-argument"
    INVALID_HANDLE = "invalid-handle"
    STRUCT_SIZE = "struct-size"
    TOO_NEW = "too-new"
    BUSY = "busy"
    REENTRANT = "reentrant"
    TIMEOUT = "timeout"
    CANCELLED = "cancelled"
    NOT_READY = "not-ready"
    UNSUPPORTED = "unsupported"
    NOT_BUILT = "not-built"
    NO_DEVICE = "no-device"
    ENVIRONMENT = "environment"
    FILE_NOT_FOUND = "file-not-found"
    FILE_ACCESS = "file-access"
    FILE_CORRUPT = "file-corrupt"
    FILE_FORMAT = "file-format"
    DISK_FULL = "disk-full"
    MEDIA_DECODE = "media-decode"
    MEDIA_ENCODE = "media-encode"
    COMPONENT_MISSING = "component-missing"
    TENSOR_MISSING = "tensor-missing"
    TENSOR_MISMATCH = "tensor-mismatch"
    MODEL_CONFIG = "model-config"
    MODEL_VERSION = "model-version"
    LORA_MISMATCH = "lora-mismatch"
    QUANT = "quant"
    OUT_OF_DEVICE_MEMORY = "out-of-device-memory"
    OUT_OF_HOST_MEMORY = "out-of-host-memory"
    BUDGET = "budget"
    DEVICE_LOST = "device-lost"
    DEVICE = "device"
    NUMERIC = "numeric"
    INTERNAL = "internal"

class Recipe(TextEnum):
    """What a pipeline does (docs/pipelines.md)."""

    DISTILLED = "distilled"
    TWO_STAGE = "two-stage"
    TWO_STAGE_HQ = "two-stage-hq"
    ONE_STAGE = "one-stage"
    IC_LORA = "ic-lora"
    KEYFRAMES = "keyframes"
    AUDIO_TO_VIDEO = "audio-to-video"
    RETAKE = "retake"
    HDR = "hdr"
    DUB = "dub"
    TEXT_TO_AUDIO = "text-to-audio"
    DFR = "dfr"

class Quant(TextEnum):
    """How weights are stored and multiplied (docs/quantization.md)."""

    AUTO = "auto"
    NONE = "none"
    FP8_CAST = "fp8-cast"
    FP8_SCALED_MM = "fp8-scaled-mm"
    FP8_DYNAMIC = "fp8-dynamic"
    FP8_WEIGHT_ONLY = "fp8-weight-only"
    FP8_BLOCK128 = "fp8-block128"
    MXFP8 = "mxfp8"
    FP6_BLOCK128 = "fp6-block128"
    NVFP4_CAST = "nvfp4-cast"
    NVFP4_PREQUANT = "nvfp4-prequant"
    INT8 = "int8"
    INT8_DYNAMIC = "int8-dynamic"
    INT4 = "int4"
    NF4 = "nf4"
    GGUF = "gguf"

class Format(TextEnum):
    """How one tensor is stored."""

    KEEP = "keep"
    F32 = "f32"
    F16 = "f16"
    BF16 = "bf16"
    FP8_UNSCALED = "fp8-unscaled"
    FP8_PER_TENSOR = "fp8-per-tensor"
    FP8_PER_ROW = "fp8-per-row"
    MXFP8 = "mxfp8"
    FP8_BLOCK128 = "fp8-block128"
    FP6_BLOCK128 = "fp6-block128"
    NVFP4 = "nvfp4"
    INT8 = "int8"
    INT4 = "int4"
    NF4 = "nf4"
    Q8_0 = "gguf-q8-0"
    Q6_K = "gguf-q6-k"
    Q5_K = "gguf-q5-k"
    Q4_K = "gguf-q4-k"
    Q4_0 = "gguf-q4-0"
    Q4_1 = "gguf-q4-1"
    Q5_0 = "gguf-q5-0"
    Q5_1 = "gguf-q5-1"
    Q3_K = "gguf-q3-k"
    Q2_K = "gguf-q2-k"
    IQ4_NL = "gguf-iq4-nl"
    IQ4_XS = "gguf-iq4-xs"

class Compute(TextEnum):
    """Arithmetic of all networks between quantized layers."""

    AUTO = "auto"
    F32 = "f32"
    BF16 = "bf16"

class Granularity(TextEnum):
    """How many weights share a scale."""

    AUTO = "auto"
    PER_TENSOR = "per-tensor"
    PER_ROW = "per-row"

class Layers(TextEnum):
    """Which layers a policy quantizes."""

    AUTO = "auto"
    S28 = "s28"
    S12 = "s12"
    S34 = "s34"

class Arithmetic(TextEnum):
    """How a quantized layer multiplies."""

    AUTO = "auto"
    NATIVE = "native"
    DEQUANT = "dequant"
    EMULATE = "emulate"

class LoraOrder(TextEnum):
    """LoRAs before or after quantization."""

    AUTO = "auto"
    BEFORE = "before"
    AFTER = "after"
    RUNTIME = "runtime"

class Rounding(TextEnum):
    """Rounding of fused weights."""

    AUTO = "auto"
    NEAREST = "nearest"
    STOCHASTIC = "stochastic"

class ActScale(TextEnum):
    """Where the scale of activations comes from."""

    AUTO = "auto"
    STATIC = "static"
    DYNAMIC = "dynamic"
    FIXED_1 = "fixed-1"

class Component(TextEnum):
    """A part of the model."""

    ALL = "all"
    TEXT_ENCODER = "text-encoder"
    TEXT_CONNECTOR = "text-connector"
    TRANSFORMER = "transformer"
    VIDEO_ENCODER = "video-encoder"
    VIDEO_DECODER = "video-decoder"
    AUDIO_ENCODER = "audio-encoder"
    AUDIO_DECODER = "audio-decoder"
    SPATIAL_UPSAMPLER = "spatial-upsampler"
    TEMPORAL_UPSAMPLER = "temporal-upsampler"
    DURATION_HEAD = "duration-head"
    PROMPT_ENHANCER = "prompt-enhancer"

class Memory(TextEnum):
    """Presets over `Residency`."""

    AUTO = "auto"
    PERSISTENT = "persistent"
    COLD = "cold"
    OFFLOAD_HOST = "offload-host"
    OFFLOAD_DISK = "offload-disk"

class Residency(TextEnum):
    """Where a component's weights live between uses."""

    AUTO = "auto"
    DEVICE = "device"
    HOST = "host"
    HOST_STREAM = "host-stream"
    DISK = "disk"
    DISK_STREAM = "disk-stream"

class DeviceType(TextEnum):
    """Kind of a device."""

    AUTO = "auto"
    CPU = "cpu"
    CUDA = "cuda"

class Location(TextEnum):
    """Where frames lie."""

    HOST = "host"
    DEVICE = "device"

class Sampler(TextEnum):
    """Sampler of stage 1."""

    AUTO = "auto"
    EULER = "euler"
    EULER_ANCESTRAL = "euler-ancestral"
    RES_2S = "res-2s"
    GRADIENT_ESTIMATION = "gradient-estimation"

class Noise(TextEnum):
    """The generator that draws the noise; `host` is the same on every device."""

    DEVICE = "device"
    HOST = "host"

class Color(TextEnum):
    """Color space of HDR inputs and outputs."""

    SDR = "sdr"
    SRGB_LINEAR = "srgb-linear"
    ACESCG = "acescg"
    ACESCCT = "acescct"

class Pixel(TextEnum):
    """Interleaved pixels; integers full range, floats 0 to 1."""

    RGB8 = "rgb8"
    RGBA8 = "rgba8"
    RGB_F16 = "rgb-f16"
    RGB_F32 = "rgb-f32"
    GRAY8 = "gray8"

class LoraRole(TextEnum):
    """What a LoRA is for."""

    USER = "user"
    DISTILLED = "distilled"
    DETAILING = "detailing"

class VideoRole(TextEnum):
    """What a video is for."""

    SOURCE = "source"
    REFERENCE = "reference"
    MASK = "mask"

class TilingMode(TextEnum):
    """Tiles of the video decoder."""

    AUTO = "auto"
    OFF = "off"
    EXPLICIT = "explicit"

class Decoder(TextEnum):
    """Preset of the diffusion video decoder."""

    AUTO = "auto"
    LOW_MEMORY = "low-memory"
    FAST = "fast"

class Preview(TextEnum):
    """Pictures while a clip is made."""

    NONE = "none"
    LINEAR = "linear"
    DECODE = "decode"

class LogLevel(TextEnum):
    """Lowest level of log lines."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"
    OFF = "off"

class Priority(TextEnum):
    """Priority of CUDA streams."""

    NORMAL = "normal"
    LOW = "low"
    HIGH = "high"

class Container(TextEnum):
    """File format of converted weights."""

    AUTO = "auto"
    SAFETENSORS = "safetensors"
    GGUF = "gguf"

class Phase(TextEnum):
    """What a progress report counts."""

    LOAD = "load"
    ENHANCE = "enhance"
    TEXT = "text"
    CONDITION = "condition"
    DENOISE = "denoise"
    UPSAMPLE = "upsample"
    DECODE = "decode"
    ENCODE = "encode"
    CONVERT = "convert"
    CALIBRATE = "calibrate"

class EventType(TextEnum):
    """Kind of an event."""

    PROGRESS = "progress"
    LOG = "log"
    PREVIEW = "preview"
    FRAMES = "frames"
    AUDIO = "audio"
    FINISHED = "finished"

class Capability(TextEnum):
    """What `supports` is asked for."""

    PIPELINE = "pipeline"
    QUANT = "quant"
    FORMAT = "format"
    MEDIA_READ = "media-read"
    MEDIA_WRITE = "media-write"
    EXR = "exr"
    HLG = "hlg"
    PREVIEW = "preview"
    DEVICE = "device"
    ENHANCER = "enhancer"


__all__ = [
    "Status",
    "Recipe",
    "Quant",
    "Format",
    "Compute",
    "Granularity",
    "Layers",
    "Arithmetic",
    "LoraOrder",
    "Rounding",
    "ActScale",
    "Component",
    "Memory",
    "Residency",
    "DeviceType",
    "Location",
    "Sampler",
    "Noise",
    "Color",
    "Pixel",
    "LoraRole",
    "VideoRole",
    "TilingMode",
    "Decoder",
    "Preview",
    "LogLevel",
    "Priority",
    "Container",
    "Phase",
    "EventType",
    "Capability",
]
