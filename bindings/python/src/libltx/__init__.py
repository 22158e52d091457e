"""LTX-2 video and audio generation.

    import libltx as ltx

    with ltx.Pipeline("distilled", models="models") as pipe:
        clip = pipe.generate("rain on a pasture", seed=7, output="cow.mp4", progress=True)
        frames = clip.video.numpy()  # [F, H, W, 3] uint8, no copy

`Pipeline` runs requests, `Job` is a running one, `Clip` what it made; `inspect`, `convert`, `devices`, `supports` and
`build_info` need no pipeline. Errors are `LtxError` and its subclasses, log lines go to `logging.getLogger("libltx")`.
"""

from . import _load as _load  # first: checks torch and loads the library
from . import enums as enums
from ._errors import (
    Busy,
    Cancelled,
    DeviceError,
    FileError,
    InternalError,
    InvalidArgument,
    LtxError,
    ModelError,
    NumericError,
    OutOfMemory,
    Timeout,
    Unsupported,
)
from .arrays import Audio, Video
from .clip import Clip
from .enums import *  # noqa: F403
from .enums import __all__ as _enum_names
from .inputs import (
    AudioCondition,
    ComponentResidency,
    Guidance,
    Image,
    Lora,
    Models,
    Output,
    QuantOptions,
    QuantRule,
    Tiling,
    VideoCondition,
)
from .job import Job
from .library import build_info, convert, devices, inspect, start_convert, supports, version
from .pipeline import Pipeline
from .reports import ComponentState, DeviceInfo, EnhancedPrompt, Event, Progress, Stats, Support
from .request import Request, RequestFields

__version__ = "0.1.0"

__all__ = [
    "Audio",
    "AudioCondition",
    "Busy",
    "Cancelled",
    "Clip",
    "ComponentResidency",
    "ComponentState",
    "DeviceError",
    "DeviceInfo",
    "EnhancedPrompt",
    "Event",
    "FileError",
    "Guidance",
    "Image",
    "InternalError",
    "InvalidArgument",
    "Job",
    "Lora",
    "LtxError",
    "ModelError",
    "Models",
    "NumericError",
    "OutOfMemory",
    "Output",
    "Pipeline",
    "Progress",
    "QuantOptions",
    "QuantRule",
    "Request",
    "RequestFields",
    "Stats",
    "Support",
    "Tiling",
    "Timeout",
    "Unsupported",
    "Video",
    "VideoCondition",
    "build_info",
    "convert",
    "devices",
    "inspect",
    "start_convert",
    "supports",
    "version",
    *_enum_names,
]
