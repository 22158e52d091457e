"""The bindings know every member of every struct and every constant of the C header."""

from __future__ import annotations

import ctypes
import dataclasses
import inspect
import re
from pathlib import Path

import libltx as ltx
from libltx import _media, _native, enums, library, pipeline

# No function of this version takes them.
UNUSED = {"ltx_memory_step", "ltx_estimate"}

CLASSES = {
    "ltx_model_paths": ltx.Models,
    "ltx_lora": ltx.Lora,
    "ltx_quant_rule": ltx.QuantRule,
    "ltx_quant_options": ltx.QuantOptions,
    "ltx_component_residency": ltx.ComponentResidency,
    "ltx_pipeline_params": pipeline._PipelineParams,
    "ltx_guidance": ltx.Guidance,
    "ltx_tiling": ltx.Tiling,
    "ltx_video_buffer": _media.VideoBuffer,
    "ltx_audio_buffer": _media.AudioBuffer,
    "ltx_image_condition": ltx.Image,
    "ltx_video_condition": ltx.VideoCondition,
    "ltx_audio_condition": ltx.AudioCondition,
    "ltx_output": ltx.Output,
    "ltx_request": ltx.Request,
    "ltx_progress": ltx.Progress,
    "ltx_event": ltx.Event,
    "ltx_stats": ltx.Stats,
    "ltx_device_info": ltx.DeviceInfo,
    "ltx_component_state": ltx.ComponentState,
    "ltx_convert_params": library._ConvertParams,
}
# The length of a sequence.
COUNTS = re.compile(r".*_count")
NO_COUNTS = {"frame_count", "sample_count", "stage_count", "step_count", "multiprocessor_count"}

ENUMS = {
    "STATUS": enums.Status, "PIPELINE": enums.Recipe, "QUANT": enums.Quant, "FORMAT": enums.Format, "COMPUTE": enums.Compute,
    "GRANULARITY": enums.Granularity, "LAYERS": enums.Layers, "ARITHMETIC": enums.Arithmetic, "LORA_ORDER": enums.LoraOrder,
    "ROUNDING": enums.Rounding, "ACT_SCALE": enums.ActScale, "COMPONENT": enums.Component, "MEMORY": enums.Memory,
    "RESIDENCY": enums.Residency, "DEVICE": enums.DeviceType, "LOCATION": enums.Location, "SAMPLER": enums.Sampler,
    "NOISE": enums.Noise, "COLOR": enums.Color, "PIXEL": enums.Pixel, "LORA": enums.LoraRole, "VIDEO": enums.VideoRole,
    "TILING": enums.TilingMode, "DECODER": enums.Decoder, "PREVIEW": enums.Preview, "LOG": enums.LogLevel,
    "PRIORITY": enums.Priority, "CONTAINER": enums.Container, "PHASE": enums.Phase, "EVENT": enums.EventType,
    "CAPABILITY": enums.Capability,
}  # fmt: skip


def members(struct: dict) -> dict[str, list[int]]:
    return {name: place for name, place in struct.items()
            if name not in ("size", "struct_size") and not name.startswith("reserved")}  # fmt: skip


def test_native_binds_every_member_where_it_lies(layout):
    bound = {name: {member: list(place) for member, place in struct.items()} for name, struct in _native.struct_members().items()}
    assert bound == {name: members(struct) for name, struct in layout["structs"].items() if name not in UNUSED}


def test_python_has_every_member(layout):
    assert set(CLASSES) == set(layout["structs"]) - UNUSED
    for name, cls in CLASSES.items():
        own = {field.name for field in dataclasses.fields(cls)}
        properties = {key for key, value in inspect.getmembers(cls) if isinstance(value, property)}
        wanted = {m for m in members(layout["structs"][name]) if m in NO_COUNTS or not COUNTS.fullmatch(m)}
        assert wanted <= own | properties, (name, wanted - own - properties)
        # Media come from one field; arrays are kept by another.
        assert own - wanted <= {"source", "sample_rate", "owner"}, (name, own - wanted)
        if not name.endswith(("condition", "buffer")):
            assert own == wanted


def test_enumerations(layout):
    shared = ctypes.CDLL(str(Path(ltx.__file__).parent / "lib" / "libltx.so.0"))
    shared.ltx_enum_name.restype = ctypes.c_char_p
    constants = layout["constants"]
    kinds = {name[9:]: number for name, number in constants.items() if name.startswith("LTX_ENUM_")}
    assert set(ENUMS) == set(kinds) - {"TRACK"}  # tracks belong to a function that does not exist yet
    for kind, cls in ENUMS.items():
        prefix = "LTX_E_" if kind == "STATUS" else f"LTX_{kind}_"
        wanted = {name[len(prefix):]: shared.ltx_enum_name(kinds[kind], value).decode()
                  for name, value in constants.items() if name.startswith(prefix)
                  and not (kind == "LORA" and name.startswith("LTX_LORA_ORDER_"))}  # fmt: skip
        if kind == "STATUS":
            wanted["OK"] = "ok"
        assert {member.name: member.value for member in cls} == wanted


def test_a_value_of_a_later_library():
    later = enums.Phase("unknown-77")
    assert (later, str(later), later.name, repr(later)) == ("unknown-77", "unknown-77", "UNKNOWN_77", "<Phase.UNKNOWN_77: 'unknown-77'>")
    assert isinstance(later, enums.Phase) and later not in list(enums.Phase)


def test_members_are_their_text():
    assert ltx.Quant.FP8_SCALED_MM == "fp8-scaled-mm"
    assert f"{ltx.Quant.INT8} {ltx.Quant('int8')!s}" == "int8 int8"


def test_versions_agree(source):
    header = (source / "include" / "ltx_c.h").read_text()
    number = ".".join(re.search(rf"LTX_VERSION_{part} (\d+)", header)[1] for part in ("MAJOR", "MINOR", "PATCH"))
    project = (source / "bindings" / "python" / "pyproject.toml").read_text()
    assert ltx.__version__ == ltx.version() == number
    assert f'version = "{number}"' in project
    torch = ltx._load.TORCH
    assert project.count(f'"torch=={torch}.*"') == 1
    assert (source / "bindings/python/tools/backend.py").read_text().count(f'"torch=={torch}.*"') == 1
    assert f"torch=={torch}.*" in (source / "bindings/python/src/libltx/_cli.py").read_text()
    assert ltx.build_info()["torch"].startswith(torch + ".")
