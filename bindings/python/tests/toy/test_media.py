"""Arrays that go in."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import libltx as ltx
from libltx import _media


def test_images_and_frames_are_described_without_copies():
    frames = np.zeros((5, 8, 16, 3), np.uint8)
    buffer = _media.video_buffer(frames, "x", frames=True)
    assert buffer.data == frames.ctypes.data
    assert (buffer.frame_count, buffer.height, buffer.width, buffer.pixel_format) == (5, 8, 16, "rgb8")
    assert (buffer.row_stride, buffer.frame_stride, buffer.data_size) == (48, 384, frames.nbytes)
    part = _media.video_buffer(frames[1::2, 2:6, 4:8], "x", frames=True)  # rows and frames may have gaps
    assert part.data == frames[1, 2, 4].ctypes.data
    assert (part.row_stride, part.frame_stride) == (48, 768)
    assert part.data_size == 768 + 3 * 48 + 12
    tensor = torch.zeros(8, 16, 3, dtype=torch.float32)
    image = _media.video_buffer(tensor, "x", frames=False)
    assert (image.data, image.pixel_format, image.frame_count) == (tensor.data_ptr(), "rgb-f32", 1)
    grey = _media.video_buffer(np.zeros((5, 8, 16), np.uint8), "x", frames=True)
    assert (grey.pixel_format, grey.row_stride) == ("gray8", 16)


def test_what_cannot_be_described_is_copied():
    flipped = np.arange(8 * 16 * 3, dtype=np.uint8).reshape(8, 16, 3)[::-1]
    buffer = _media.video_buffer(flipped, "x", frames=False)
    assert buffer.data != flipped.ctypes.data
    assert (buffer.owner[0] == flipped).all()
    planar = torch.zeros(3, 8, 16, dtype=torch.uint8).permute(1, 2, 0)
    assert _media.video_buffer(planar, "x", frames=False).owner.flags.c_contiguous


def test_samples():
    stereo = np.zeros((2, 100), np.float32)
    buffer = _media.audio_buffer(stereo, "x", 48000)
    assert (buffer.data, buffer.channels, buffer.sample_count, buffer.channel_stride) == (stereo.ctypes.data, 2, 100, 100)
    part = _media.audio_buffer(stereo[:, 10:20], "x", 48000)
    assert (part.data, part.sample_count, part.channel_stride) == (stereo[0, 10:].ctypes.data, 10, 100)
    assert _media.audio_buffer(np.zeros(7), "x", 8000).channels == 1
    with pytest.raises(TypeError, match="int16"):
        _media.audio_buffer(np.zeros(7, np.int16), "x", 8000)
    with pytest.raises(ValueError, match="Set sample_rate"):
        _media.audio_buffer(np.zeros(7), "x", None)
    with pytest.raises(ValueError, match="channels, samples"):
        _media.audio_buffer(np.zeros((1, 2, 3)), "x", 1)


def test_wrong_shapes_and_types():
    with pytest.raises(TypeError, match="3 channels of float64"):
        _media.video_buffer(np.zeros((8, 16, 3)), "x", frames=False)
    with pytest.raises(ValueError, match=r"\[5, 8, 16, 3\]. Pass \[H, W, C\]"):
        _media.video_buffer(np.zeros((5, 8, 16, 3), np.uint8), "x", frames=False)
    with pytest.raises(ValueError, match=r"\[F, H, W, C\]"):
        _media.video_buffer(np.zeros((8,), np.uint8), "x", frames=True)


def test_device_memory_is_refused_in_a_sentence():
    class OnDevice:
        def __dlpack__(self, *, stream=None):
            raise AssertionError

        def __dlpack_device__(self):
            return (2, 0)

    with ltx.Pipeline("distilled", models="toy") as pipe, pytest.raises(ltx.Unsupported, match=r"\.cpu\(\)") as caught:
        pipe.generate("x", images=[OnDevice()])
    assert caught.value.status == "not-built"


def test_the_sound_and_frames_of_a_clip_go_in_as_they_are():
    with ltx.Pipeline("distilled", models="toy") as pipe:
        clip = pipe.generate("x")
    condition = ltx.VideoCondition(clip.video, "source")
    assert condition.pixels.data == clip.video.numpy().ctypes.data
    assert condition.pixels.frame_rate == 24
    sound = ltx.AudioCondition(clip.audio)
    assert sound.samples.data == clip.audio.numpy().ctypes.data
    assert sound.samples.sample_rate == 24000
