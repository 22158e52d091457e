"""What needs no pipeline: the build, devices, files, conversion."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Union

from . import _native, enums
from ._errors import InternalError, InvalidArgument, LtxError
from ._handlers import OnEvent, ProgressOption, wanted_level
from ._media import Path, is_path
from .inputs import Lora, Models, QuantOptions, QuantRule
from .job import Job
from .reports import DeviceInfo, Support, device_of

Rules = Union[Sequence[QuantRule], Mapping[str, "enums.Format | str"]]


def version() -> str:
    """The version of the loaded library."""
    return _native.version()


def build_info() -> dict[str, Any]:
    """What the library was built from and with."""
    return dict(json.loads(_native.build_info()))


def devices() -> tuple[DeviceInfo, ...]:
    """CUDA devices and the CPU, which is the last."""
    return tuple(device_of(data) for data in _native.devices())


def inspect(path: Path) -> dict[str, Any]:
    """What a file or folder holds: version, components, formats, metadata, tensors. Reads headers only."""
    return dict(json.loads(_native.inspect(path)))


def supports(capability: enums.Capability | str, value: str | None = None, *, device: str = "auto") -> Support:
    """Whether this build can, on that device: `supports("quant", "fp8-scaled-mm", device="cuda:0")`.

    `value` is a recipe, policy, format or preview for the capabilities of these names, None for the others.
    """
    kind, index = device_of_text(device)
    try:
        _native.supports(capability, value, kind or "auto", index or 0)
    except (InvalidArgument, InternalError):
        raise
    except LtxError as error:
        return Support(False, error.status, str(error))
    return Support(True)


@dataclass(frozen=True)
class _ConvertParams:
    """`ltx_convert_params`."""

    models: Models
    output_path: Path
    quant: str | None
    text_quant: str | None
    container: str | None
    device_type: str | None
    device_index: int | None
    split: bool | None
    overwrite: bool | None
    verify: bool | None
    log_level: str | None
    quant_options: QuantOptions | None
    text_quant_options: QuantOptions | None
    loras: Sequence[Lora] | None
    quant_rules: Sequence[QuantRule] | None
    calibration_path: Path | None


def start_convert(
    models: Models | Path,
    output: Path,
    *,
    quant: enums.Quant | str | None = None,
    text_quant: enums.Quant | str | None = None,
    container: enums.Container | str | None = None,
    device: str | None = None,
    split: bool | None = None,
    overwrite: bool | None = None,
    verify: bool | None = None,
    log_level: enums.LogLevel | str | None = None,
    quant_options: QuantOptions | None = None,
    text_quant_options: QuantOptions | None = None,
    loras: Sequence[Lora | Path] | None = None,
    quant_rules: Rules | None = None,
    calibration: Path | None = None,
) -> Job[None]:
    """`convert` as a job."""
    kind, index = device_of_text(device)
    params = _ConvertParams(
        models=models_of(models),
        output_path=output,
        quant=quant,
        text_quant=text_quant,
        container=container,
        device_type=kind,
        device_index=index,
        split=split,
        overwrite=overwrite,
        verify=verify,
        log_level=log_level if log_level is not None else wanted_level(),
        quant_options=quant_options,
        text_quant_options=text_quant_options,
        loras=loras_of(loras),
        quant_rules=rules_of(quant_rules),
        calibration_path=calibration,
    )
    return Job(_native.convert_start(params), lambda _: None)


def convert(
    models: Models | Path,
    output: Path,
    *,
    quant: enums.Quant | str | None = None,
    text_quant: enums.Quant | str | None = None,
    container: enums.Container | str | None = None,
    device: str | None = None,
    split: bool | None = None,
    overwrite: bool | None = None,
    verify: bool | None = None,
    log_level: enums.LogLevel | str | None = None,
    quant_options: QuantOptions | None = None,
    text_quant_options: QuantOptions | None = None,
    loras: Sequence[Lora | Path] | None = None,
    quant_rules: Rules | None = None,
    calibration: Path | None = None,
    progress: ProgressOption = None,
    on_event: OnEvent = None,
) -> None:
    """Writes model files in another number format, with LoRAs fused, parts split, or in another container
    (docs/quantization.md). Every file appears complete under its name or not at all.

    `models`: files, or a folder that is searched. `quant`: policy of the transformer; None keeps the stored formats.
    """
    start_convert(
        models,
        output,
        quant=quant,
        text_quant=text_quant,
        container=container,
        device=device,
        split=split,
        overwrite=overwrite,
        verify=verify,
        log_level=log_level,
        quant_options=quant_options,
        text_quant_options=text_quant_options,
        loras=loras,
        quant_rules=quant_rules,
        calibration=calibration,
    )._run(progress, on_event)


def models_of(models: Models | Path) -> Models:
    """A path is a folder to search."""
    return models if isinstance(models, Models) else Models(root=models)


def loras_of(loras: Sequence[Lora | Path] | None) -> list[Lora] | None:
    if loras is None:
        return None
    if is_path(loras):
        raise TypeError("loras is one path. Pass a list of Lora or paths.")
    return [item if isinstance(item, Lora) else Lora(item) for item in loras]


def rules_of(rules: Rules | None) -> list[QuantRule] | None:
    if rules is None:
        return None
    if isinstance(rules, Mapping):
        return [QuantRule(pattern, form) for pattern, form in rules.items()]
    return list(rules)


def device_of_text(device: object) -> tuple[str | None, int | None]:
    """Type and index of "cpu", "cuda", "cuda:1" or a torch.device."""
    if device is None:
        return None, None
    kind, _, index = str(device).partition(":")
    if not index:
        return kind, None
    if not index.isdecimal():
        raise ValueError(f"device is {device!s}. Pass cpu, cuda or cuda:N.")
    return kind, int(index)
