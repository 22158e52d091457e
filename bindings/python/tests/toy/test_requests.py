"""Every field of requests and pipelines reaches the library under its own name: a value out of range comes back in an error
that names it. `test_layout.py` proves that the bindings know all fields and where they lie."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch

import libltx as ltx
from libltx.pipeline import _PipelineParams

PIXELS = np.zeros((32, 32, 3), np.uint8)

BAD_REQUESTS = {
    "prompt": ({}, "request.prompt and request.text_embeddings"),
    "negative_prompt": ({"negative_prompt": "x", "text_embeddings": "y"}, "request.negative_prompt"),
    "width": ({"width": -7}, "request.width is -7"),
    "height": ({"height": -7}, "request.height is -7"),
    "num_frames": ({"num_frames": -7}, "request.num_frames is -7"),
    "seed": ({"seed": -7}, "request.seed is -7"),
    "frame_rate": ({"frame_rate": -7}, "request.frame_rate is -7"),
    "min_seconds": ({"min_seconds": -7}, "request.min_seconds is -7"),
    "max_seconds": ({"max_seconds": 0.5}, "request.max_seconds is 0.5. Allowed: 1 to"),
    "num_inference_steps": ({"num_inference_steps": -7}, "request.num_inference_steps is -7"),
    "sampler": ({"sampler": "x"}, "request.sampler: 'x'"),
    "noise_source": ({"noise_source": "x"}, "request.noise_source: 'x'"),
    "color_space": ({"color_space": "x"}, "request.color_space: 'x'"),
    "stage_1_sigmas": ({"stage_1_sigmas": [0.5, 0.75]}, "request.stage_1_sigmas[1] is 0.75"),
    "stage_2_sigmas": ({"stage_2_sigmas": (0.5, 0.25)}, "request.stage_2_sigmas[1] is 0.25"),
    "video_guidance": ({"video_guidance": ltx.Guidance(cfg_scale=-7)}, "request.video_guidance.cfg_scale is -7"),
    "audio_guidance": ({"audio_guidance": ltx.Guidance(stg_blocks=[-7])}, "request.audio_guidance.stg_blocks[] is -7"),
    "images": ({"images": [PIXELS, ltx.Image("x", strength=7)]}, "request.images[1].strength is 7"),
    "videos": ({"videos": [ltx.VideoCondition("x", "mask", strength=7)]}, "request.videos[0].strength is 7"),
    "audio": ({"audio": ltx.AudioCondition("x", start_time=-7)}, "request.audio.start_time is -7"),
    "keyframe_indices": ({"keyframe_indices": [3, -7]}, "request.keyframe_indices[] is -7"),
    "start_time": ({"start_time": -7}, "request.start_time is -7"),
    "end_time": ({"end_time": -7}, "request.end_time is -7"),
    "regenerate_video": ({"regenerate_video": 7}, "request.regenerate_video is 7"),
    "regenerate_audio": ({"regenerate_audio": 7}, "request.regenerate_audio is 7"),
    "skip_stage_2": ({"skip_stage_2": 7}, "request.skip_stage_2 is 7"),
    "high_quality": ({"high_quality": 7}, "request.high_quality is 7"),
    "enhance_prompt": ({"enhance_prompt": 7}, "request.enhance_prompt is 7"),
    "temporal_upsample_rounds": ({"temporal_upsample_rounds": 7}, "request.temporal_upsample_rounds is 7"),
    "enhance_seed": ({"enhance_seed": -7}, "request.enhance_seed is -7"),
    "attention_strength": ({"attention_strength": 7}, "request.attention_strength is 7"),
    "preview_mode": ({"preview_mode": "x"}, "request.preview_mode: 'x'"),
    "preview_interval": ({"preview_interval": -7}, "request.preview_interval is -7"),
    "preview_max_side": ({"preview_max_side": -7}, "request.preview_max_side is -7"),
    "reference_parity": ({"reference_parity": 7}, "request.reference_parity is 7"),
    "text_embeddings": ({"text_embeddings": ""}, "request.text_embeddings is an empty text"),
    "tiling": ({"tiling": ltx.Tiling(tile_width=-7)}, "request.tiling.tile_width is -7"),
    "output": ({"output": ltx.Output(video_crf=77)}, "request.output.video_crf is 77"),
}

BAD_PARTS = [
    *[(ltx.Guidance(**{name: -7}), "video_guidance", f"request.video_guidance.{name} is -7")
      for name in ("cfg_scale", "stg_scale", "rescale_scale", "modality_scale", "skip_step")],
    *[(ltx.Tiling(**{name: -7}), "tiling", f"request.tiling.{name} is -7")
      for name in ("tile_width", "tile_height", "tile_frames", "overlap_width", "overlap_height", "overlap_frames")],
    (ltx.Tiling(mode="x"), "tiling", "request.tiling.mode: 'x'"),
    *[(ltx.Output(**{name: 7}), "output", f"request.output.{name} is 7")
      for name in ("keep_frames", "stream_frames", "write_exr", "embed_metadata", "audio_bit_rate")],
    (ltx.Output(pixel_format="x"), "output", "request.output.pixel_format: 'x'"),
    (ltx.Output(location="x"), "output", "request.output.location: 'x'"),
    (ltx.Output(path=""), "output", "request.output.path is an empty text"),
    ([ltx.Image("")], "images", "request.images[0].path is an empty text"),
    ([ltx.Image("x", frame_index=-7)], "images", "request.images[0].frame_index is -7"),
    ([ltx.Image("x", crf=77)], "images", "request.images[0].crf is 77"),
    ([ltx.VideoCondition("x", "x")], "videos", "request.videos[0].role: 'x'"),
    ([ltx.VideoCondition("", "mask")], "videos", "request.videos[0].path is an empty text"),
    ([ltx.VideoCondition("x", "mask", frame_rate=-7)], "videos", "request.videos[0].frame_rate is -7"),
    (ltx.AudioCondition("x", max_duration=-7), "audio", "request.audio.max_duration is -7"),
    (ltx.AudioCondition(np.zeros((1, 4)), sample_rate=-7), "audio", "request.audio.samples.sample_rate is -7"),
]  # fmt: skip

BAD_PARAMS = {
    "kind": ("x", "params.kind: 'x'"),
    "models": (ltx.Models(root="", checkpoint="x"), "params.models.root is an empty text"),
    "quant": ("x", "params.quant: 'x'"),
    "text_quant": ("x", "params.text_quant: 'x'"),
    "vae_quant": ("x", "params.vae_quant: 'x'"),
    "measure_quantization": (7, "params.measure_quantization is 7"),
    "compute_dtype": ("x", "params.compute_dtype: 'x'"),
    "quant_options": (ltx.QuantOptions(group_size=-7), "params.quant_options.group_size is -7"),
    "text_quant_options": (ltx.QuantOptions(fast_accum=7), "params.text_quant_options.fast_accum is 7"),
    "device_type": ("x:3", "params.device_type: 'x'"),
    "device_index": ("cpu:9999", "params.device_index is 9999"),
    "memory_mode": ("x", "params.memory_mode: 'x'"),
    "decoder_mode": ("x", "params.decoder_mode: 'x'"),
    "max_batch_size": (7, "params.max_batch_size is 7"),
    "prompt_cache_entries": (-7, "params.prompt_cache_entries is -7"),
    "gpu_priority": ("x", "params.gpu_priority: 'x'"),
    "log_level": ("x", "params.log_level: 'x'"),
    "cuda_graphs": (7, "params.cuda_graphs is 7"),
    "device_memory_limit": (-7, "params.device_memory_limit is -7"),
    "host_memory_limit": (-7, "params.host_memory_limit is -7"),
    "loras": (["x", ltx.Lora("x", strength=7777)], "params.loras[1].strength is 7777"),
    "quant_rules": ({"x": "y"}, "params.quant_rules[0].format: 'y'"),
    "residency": ({"x": "disk"}, "params.residency[0].component: 'x'"),
    "share_with": (7, "no attribute '_handle'"),
    "weight_cache": ("", "params.weight_cache is an empty text"),
}


def refused(call, message: str) -> None:
    with pytest.raises((ltx.InvalidArgument, OverflowError, TypeError, AttributeError)) as caught:
        call()
    assert message in str(caught.value)


@pytest.mark.parametrize("field", BAD_REQUESTS)
def test_request_fields(pipe, field):
    fields, message = BAD_REQUESTS[field]
    prompt = None if field == "prompt" or "text_embeddings" in fields else "x"
    refused(lambda: pipe.generate(prompt, **fields), message)
    refused(lambda: pipe.resolve(ltx.Request(prompt=prompt), **fields), message)


def test_no_request_field_was_forgotten():
    names = {field.name for field in dataclasses.fields(ltx.Request)}
    assert names == set(BAD_REQUESTS)
    assert names == {*ltx.RequestFields.__annotations__, "prompt"}


@pytest.mark.parametrize(("part", "field", "message"), BAD_PARTS)
def test_fields_of_parts(pipe, part, field, message):
    refused(lambda: pipe.generate("x", **{field: part}), message)


@pytest.mark.parametrize("field", BAD_PARAMS)
def test_pipeline_parameters(field):
    value, message = BAD_PARAMS[field]
    keyword = "device" if field.startswith("device_") and field != "device_memory_limit" else field
    arguments = {"kind": "distilled", "models": "toy", keyword: value}
    refused(lambda: ltx.Pipeline(**arguments), message)


def test_no_parameter_was_forgotten():
    assert {field.name for field in dataclasses.fields(_PipelineParams)} == set(BAD_PARAMS)


def test_quantization_parts():
    cases = [
        *[(ltx.QuantOptions(**{name: "x"}), f"params.quant_options.{name}: 'x'")
          for name in ("granularity", "layer_set", "arithmetic", "lora_order", "lora_rounding", "act_scale")],
        (ltx.QuantOptions(keep_bf16_blocks=7), "params.quant_options.keep_bf16_blocks is NULL, but its count is 7"),
        (ltx.QuantOptions(calibration_path=""), "params.quant_options.calibration_path is an empty text"),
        (ltx.QuantOptions(reference_compat=7), "params.quant_options.reference_compat is 7"),
    ]  # fmt: skip
    for options, message in cases:
        refused(lambda options=options: ltx.Pipeline("distilled", models="toy", quant_options=options), message)
    refused(lambda: ltx.Pipeline("distilled", models="toy", loras=[ltx.Lora("x", stages=7)]), "params.loras[0].stages is 7")
    refused(lambda: ltx.Pipeline("distilled", models="toy", loras=[ltx.Lora("x", role="y")]), "params.loras[0].role: 'y'")
    refused(lambda: ltx.Pipeline("distilled", models="toy", loras="x"), "loras is one path")


def test_types_are_named(pipe):
    refused(lambda: pipe.generate("x", width=1.5), "request.width is 1.5 (float). Pass an integer.")
    refused(lambda: pipe.generate("x", seed="y"), "request.seed is 'y' (str). Pass an integer.")
    refused(lambda: pipe.generate("x", frame_rate="y"), "request.frame_rate is 'y' (str). Pass a number.")
    refused(lambda: pipe.generate(7), "request.prompt is 7 (int). Pass a text or a path.")
    refused(lambda: pipe.generate("x", sampler=7), "request.sampler is 7 (int). Pass a text.")
    refused(lambda: pipe.generate("x", width=2**40), "request.width is 1099511627776 (int). Allowed: -2147483648 to 2147483647.")
    refused(lambda: pipe.generate("x", nothing=1), "nothing")
    refused(lambda: pipe.generate("x", images=[7]), "image is a int. Pass a path, a numpy array or an object with __dlpack__.")
    with pytest.raises(ValueError, match=r"request\.prompt contains a NUL"):
        pipe.generate("a\0b")


def test_resolve_fills_defaults_and_can_be_sent_as_it_is():
    with ltx.Pipeline("one-stage", models="toy") as pipe:
        image = PIXELS.copy()
        resolved = pipe.resolve("x", seed=2**63, images=[image, "first.png"], video_guidance=ltx.Guidance(stg_scale=2))
        assert (resolved.width, resolved.height, resolved.num_frames) == (64, 32, 9)
        assert resolved.seed == 2**63
        assert resolved.negative_prompt == "ugly"
        assert resolved.stage_1_sigmas == (1.0, 0.5, 0.0)
        assert resolved.video_guidance == ltx.Guidance(cfg_scale=3, stg_scale=2, stg_blocks=(28,))
        assert resolved.images[0].source is image
        assert [item.crf for item in resolved.images] == [33, 33]
        assert resolved.images[1].path == "first.png"
        assert resolved.start_time is None and resolved.skip_stage_2 is False
        assert resolved.output.keep_frames is True
        assert pipe.resolve(resolved) is not resolved
        assert pipe.generate(resolved, seed=4).stats.seed == 4


def test_defaults_are_those_of_the_library(pipe):
    resolved = pipe.resolve("x")
    assert (resolved.seed, resolved.min_seconds, resolved.max_seconds) == (10, 1, 20)
    assert (resolved.attention_strength, resolved.preview_interval, resolved.preview_max_side) == (1, 1, 512)


def test_output_as_a_path_keeps_frames_too(pipe, tmp_path):
    clip = pipe.generate("x", output=tmp_path / "x.mp4")
    assert (tmp_path / "x.mp4").read_text() == "toy"
    assert clip.video is not None
    assert pipe.generate("x", output=ltx.Output(path=tmp_path / "y.mp4")).video is None


def test_unset_is_none_everywhere(pipe):
    assert pipe.resolve("x", width=None, output=None, images=None) is not None


def test_text_in_any_language_and_numpy_numbers(pipe):
    resolved = pipe.resolve("雨 над лугом 🐄", width=np.int32(96), seed=np.uint64(7), frame_rate=np.float32(25))
    assert (resolved.prompt, resolved.width, resolved.seed, resolved.frame_rate) == ("雨 над лугом 🐄", 96, 7, 25)


@pytest.mark.parametrize("values", [np.linspace(1, 0, 5), np.linspace(1, 0, 5, dtype=np.float32), torch.linspace(1, 0, 5)], ids=["f64", "f32", "torch"])
def test_arrays_are_lists_of_numbers(values):
    with ltx.Pipeline("one-stage", models="toy") as pipe:
        guidance = ltx.Guidance(stg_blocks=np.array([3, 28]))
        resolved = pipe.resolve("x", stage_1_sigmas=values, video_guidance=guidance, num_frames=np.int32(17), frame_rate=np.float32(30))
    assert resolved.stage_1_sigmas == (1, 0.75, 0.5, 0.25, 0)
    assert resolved.video_guidance.stg_blocks == (3, 28)
    assert (resolved.num_frames, resolved.frame_rate) == (17, 30)
