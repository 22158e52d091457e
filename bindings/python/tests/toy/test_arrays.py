"""Frames and samples without copies, and how long they live."""

from __future__ import annotations

import gc
import sys

import numpy as np
import pytest
import torch

import libltx as ltx


def expected_frames(count: int, seed: int) -> np.ndarray:
    """What the toy paints."""
    k = np.arange(32 * 64 * 3)
    return np.stack([((k + i + seed) % 251).astype(np.uint8).reshape(32, 64, 3) for i in range(count)])


def test_no_copies(pipe):
    video = pipe.generate("chunks=4", seed=3).video
    array, tensor = video.numpy(), video.torch()
    address = array.ctypes.data
    assert tensor.data_ptr() == np.asarray(video).ctypes.data == np.from_dlpack(video).ctypes.data == address
    assert torch.from_dlpack(video).data_ptr() == video.numpy().ctypes.data == address
    assert array.shape == tuple(tensor.shape) == video.shape == (4, 32, 64, 3)
    assert array.dtype == np.uint8 and tensor.dtype == torch.uint8
    assert (array == expected_frames(4, 3)).all()
    assert video.__dlpack_device__() == (1, 0)
    assert np.array(video, copy=True).ctypes.data != address
    assert np.asarray(video, dtype=np.float32).dtype == np.float32
    with pytest.raises(ValueError):
        np.asarray(video, dtype=np.float32, copy=False)


def test_samples_without_copies(pipe):
    clip = pipe.generate("x")
    audio = clip.audio
    assert audio.torch().data_ptr() == audio.numpy().ctypes.data == clip.audio.numpy().ctypes.data
    assert audio.numpy().tolist() == [[0, 1, 2, 3, 10, 11, 12, 13], [4, 5, 6, 7, 14, 15, 16, 17]]
    assert (audio.channels, audio.sample_rate, audio.sample_count) == (2, 24000, 8)
    assert audio.duration == 8 / 24000
    assert (clip.video.frame_count, clip.video.height, clip.video.width, clip.video.frame_rate) == (3, 32, 64, 24)
    assert clip.video.pixel_format is ltx.Pixel.RGB8


@pytest.mark.parametrize("export", ["numpy", "torch", "dlpack"])
def test_arrays_outlive_clip_and_pipeline(export):
    pipe = ltx.Pipeline("distilled", models="toy")
    clip = pipe.generate("chunks=64", seed=5)
    video = clip.video
    array = {"numpy": video.numpy, "torch": video.torch, "dlpack": lambda: np.from_dlpack(video)}[export]()
    clip.close()
    pipe.close()
    del pipe, clip, video
    gc.collect()
    other = [np.zeros(64 * 32 * 64 * 3, np.uint8) for _ in range(16)]  # freed memory would be reused here
    assert (np.asarray(array) == expected_frames(64, 5)).all()
    assert len(other) == 16


def test_memory_goes_with_the_last_array(pipe):
    video = pipe.generate("x").video
    base = video.numpy()
    while isinstance(base, np.ndarray):
        base = base.base  # at the end of the chain: the native result
    assert type(base).__name__ == "Result"
    before = sys.getrefcount(base)
    array = np.asarray(base.video()["data"])
    assert sys.getrefcount(base) == before + 1
    del array
    assert sys.getrefcount(base) == before


def test_a_closed_clip_says_so(pipe):
    clip = pipe.generate("x")
    with clip:
        pass
    with pytest.raises(ValueError, match="closed"):
        clip.video.numpy()
    assert clip.stats.num_frames == 9


def test_nothing_kept_is_none(pipe):
    clip = pipe.generate("x", output=ltx.Output(keep_frames=False))
    assert clip.video is None and clip.audio is None


@pytest.mark.parametrize(("dtype", "channels"), [("uint8", 3), ("uint8", 4), ("float16", 3), ("float32", 3)])
def test_copy_frames_converts(pipe, dtype, channels):
    clip = pipe.generate("chunks=3", seed=1)
    target = np.zeros((2, 32, 64, channels), dtype)
    clip.copy_frames(target, first_frame=1)
    source = clip.video.numpy()[1:]
    if dtype == "uint8":
        assert (target[..., :3] == source).all()
        assert channels == 3 or (target[..., 3] == 255).all()
    else:
        assert np.abs(target.astype(np.float64) - source / 255).max() < 1e-3
    tensor = torch.zeros(1, 32, 64, 3, dtype=torch.uint8)
    clip.copy_frames(tensor)
    assert (tensor.numpy()[0] == clip.video.numpy()[0]).all()


def test_copy_targets_that_do_not_fit(pipe):
    clip = pipe.generate("x")
    with pytest.raises(TypeError, match="2 channels of int64"):
        clip.copy_frames(np.zeros((1, 32, 64, 2), np.int64))
    with pytest.raises(ValueError, match="C order"):
        clip.copy_frames(np.zeros((1, 32, 128, 3), np.uint8)[:, :, ::2])
    frozen = np.zeros((1, 32, 64, 3), np.uint8)
    frozen.flags.writeable = False
    with pytest.raises(ValueError, match="writable"):
        clip.copy_frames(frozen)
    with pytest.raises(ltx.InvalidArgument, match="16x16"):
        clip.copy_frames(np.zeros((1, 16, 16, 3), np.uint8))
    with pytest.raises(ltx.InvalidArgument):
        clip.copy_frames(np.zeros((1, 32, 64, 3), np.uint8), first_frame=3)
