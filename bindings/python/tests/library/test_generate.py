"""The real library: the same latents as the command line, files, media in memory, conversion."""

from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image as PictureFile
from safetensors.numpy import load_file
from support import SMALL

import libltx as ltx


def test_the_command_line_makes_the_same_latents(clip, models, tmp_path):
    flags = [text for name, value in SMALL.items() for text in (
        "--" + name.replace("_", "-"), ",".join(map(str, value)) if isinstance(value, tuple) else str(value))]  # fmt: skip
    run = subprocess.run([sys.executable, "-m", "libltx", "--json", "generate", "--root", models, "--prompt", "rain on a pasture",
                          "--output", tmp_path / "clip.mp4", "--device", "cpu", *flags], capture_output=True, text=True, check=True)  # fmt: skip
    stats = json.loads(run.stdout)["stats"]
    assert stats["latent_sha256"] == clip.stats.latent_sha256
    assert len(clip.stats.latent_sha256) == 64
    assert (stats["seed"], stats["quant"], stats["width"]) == (clip.stats.seed, clip.stats.quant, clip.stats.width)


def test_jobs_threads_and_repetition_make_the_same(pipe, clip):
    again = pipe.start("rain on a pasture", **SMALL).result()
    assert again.stats.latent_sha256 == clip.stats.latent_sha256
    assert (again.video.numpy() == clip.video.numpy()).all()
    assert (again.audio.numpy() == clip.audio.numpy()).all()
    other = pipe.generate("snow", **{**SMALL, "seed": 8})
    assert other.stats.latent_sha256 != clip.stats.latent_sha256


def test_shapes(clip):
    assert clip.video.shape == (9, 64, 64, 3)
    assert clip.video.numpy().dtype == np.uint8
    assert clip.video.frame_rate == 24
    assert clip.audio.channels == 2
    assert clip.audio.duration == pytest.approx(9 / 24, abs=0.1)
    assert np.abs(clip.audio.numpy()).max() <= 1
    assert (clip.stats.width, clip.stats.height, clip.stats.num_frames) == (64, 64, 9)
    assert repr(clip) == "<Clip 64x64, 9 frames at 24 Hz, seed 7>"


def test_files(clip, tmp_path):
    seen = []
    clip.save(tmp_path / "clip.mp4", video_crf=10, progress=seen.append)
    assert seen and seen[-1].phase is ltx.Phase.ENCODE
    probe = subprocess.run(["ffprobe", "-v", "error", "-count_packets", "-show_entries", "stream=codec_type,width,nb_read_packets",
                            "-of", "json", tmp_path / "clip.mp4"], capture_output=True, text=True, check=True)  # fmt: skip
    streams = {stream["codec_type"]: stream for stream in json.loads(probe.stdout)["streams"]}
    assert streams["video"]["width"] == 64
    assert streams["video"]["nb_read_packets"] == "9"
    assert "audio" in streams
    clip.save(tmp_path / "clip.safetensors")
    assert load_file(tmp_path / "clip.safetensors")["video_latent"].shape == (1, 128, 2, 2, 2)
    with pytest.raises(ltx.InvalidArgument, match="WAV"):
        clip.save(str(tmp_path / "clip.wav"))  # it has a picture
    with pytest.raises(ltx.InvalidArgument, match="gif"):
        clip.save(tmp_path / "clip.gif")
    with pytest.raises(ltx.FileError):
        clip.save(tmp_path / "clip.mp4" / "clip.mp4")  # a file is no folder


def test_pictures_as_files_and_in_memory_are_the_same(pipe, clip, tmp_path):
    pixels = np.random.default_rng(1).integers(0, 255, (64, 64, 3), np.uint8)
    PictureFile.fromarray(pixels).save(tmp_path / "first.png")
    sources = [str(tmp_path / "first.png"), pixels, np.flip(pixels[::-1].copy(), 0)]
    digests = {pipe.generate("rain on a pasture", images=[ltx.Image(source, strength=0.8)], **SMALL).stats.latent_sha256
               for source in sources}  # fmt: skip
    assert len(digests) == 1
    assert clip.stats.latent_sha256 not in digests


def test_frames_of_a_clip_go_into_the_next(clip, models):
    with ltx.Pipeline("retake", models=models, device="cpu") as retake:
        window = {"start_time": 0.1, "end_time": 0.3, "stage_1_sigmas": (1, 0.5, 0), "seed": 3}
        made = [retake.generate("hail", videos=[ltx.VideoCondition(source, "source", frame_rate=24)],
                                audio=ltx.AudioCondition(clip.audio), **window)
                for source in (clip.video, clip.video.torch())]  # fmt: skip
    assert made[0].stats.latent_sha256 == made[1].stats.latent_sha256
    assert made[0].video.shape == clip.video.shape


def test_encoded_text_is_the_prompt(pipe, clip, models, tmp_path):
    pipe.encode_text(tmp_path / "text.safetensors", "rain on a pasture")
    with ltx.Pipeline("distilled", models=models, device="cpu") as other:
        made = other.generate(text_embeddings=tmp_path / "text.safetensors", **SMALL)
    assert made.stats.latent_sha256 == clip.stats.latent_sha256


def test_calibrate_convert_and_load(pipe, models, tmp_path):
    pipe.calibrate(tmp_path / "amax.json", ["rain on a pasture"], **SMALL)
    assert json.loads((tmp_path / "amax.json").read_text())
    ltx.convert(models, tmp_path / "int8", quant="int8")
    report = ltx.inspect(tmp_path / "int8")
    assert report["schema"] == 1
    files = ltx.Models(
        checkpoint=next((tmp_path / "int8").glob("*.safetensors")),
        text_encoder=models / "gemma",
        spatial_upsampler=models / "tiny23-spatial-upscaler-x2.safetensors",
    )
    with ltx.Pipeline("distilled", models=files, device="cpu") as stored:
        digest = stored.generate("rain on a pasture", **SMALL).stats
    with ltx.Pipeline("distilled", models=models, quant=ltx.Quant.INT8, device="cpu", weight_cache=tmp_path / "cache") as made:
        assert made.generate("rain on a pasture", **SMALL).stats.latent_sha256 == digest.latent_sha256
    assert digest.quant is ltx.Quant.INT8
    assert any((tmp_path / "cache").rglob("*"))


def test_reports(pipe, models):
    assert ltx.inspect(models)["files"]
    assert pipe.info()["schema"] == 1
    assert pipe.component("transformer").file_bytes > 0
    assert ltx.devices()[-1].type is ltx.DeviceType.CPU
    assert ltx.supports("media-write")
    assert ltx.build_info()["torch"].startswith("2.11.")


def test_failures_name_files(models, tmp_path):
    with pytest.raises(ltx.FileError, match="absent") as caught:
        ltx.Pipeline("distilled", models=tmp_path / "absent")
    assert caught.value.status is ltx.Status.FILE_NOT_FOUND
    with pytest.raises(ltx.ModelError, match="spatial_upsampler"):
        ltx.Pipeline("distilled", models=ltx.Models(checkpoint=models / "tiny23.safetensors", text_encoder=models / "gemma"))


def test_torch_of_the_same_process_is_left_alone(pipe):
    import torch

    torch.manual_seed(5)
    before = torch.random.get_rng_state(), torch.get_num_threads(), torch.get_default_dtype(), torch.is_grad_enabled()
    pipe.generate("rain on a pasture", **SMALL)
    after = torch.random.get_rng_state(), torch.get_num_threads(), torch.get_default_dtype(), torch.is_grad_enabled()
    assert (before[0] == after[0]).all()
    assert before[1:] == after[1:]


def test_a_message_that_quotes_bytes_of_a_file_can_be_said(tmp_path):
    """What a broken file holds need not be UTF-8."""
    header = b'{"a\xff\xfeb":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}'
    path = tmp_path / "x.safetensors"
    path.write_bytes(len(header).to_bytes(8, "little") + header + bytes(4))
    with pytest.raises(ltx.FileError, match='"a\ufffd'):
        ltx.inspect(path)
