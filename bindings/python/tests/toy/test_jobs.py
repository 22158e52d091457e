"""Jobs as iterators, handlers, cancellation, logging."""

from __future__ import annotations

import asyncio
import gc
import logging
import threading
import time

import numpy as np
import pytest

import libltx as ltx


def test_iteration_gives_every_event_and_ends_after_finished(pipe):
    events = list(pipe.start("chunks=2 steps=3"))
    kinds = [event.type for event in events]
    assert kinds[-1] is ltx.EventType.FINISHED
    assert kinds.count(ltx.EventType.FINISHED) == 1
    fractions = [event.progress.fraction for event in events if event.progress]
    assert fractions == sorted(fractions)
    assert events[-1].status is ltx.Status.OK
    assert {event.progress.phase for event in events if event.progress} <= set(ltx.Phase)


def test_a_failed_job_raises_at_the_end_of_iteration_and_from_result(pipe):
    job = pipe.start("fail=80")
    with pytest.raises(ltx.NumericError):
        for event in job:
            last = event
    assert last.type is ltx.EventType.FINISHED
    assert last.status is ltx.Status.NUMERIC
    assert job.done
    assert job.wait(0)
    with pytest.raises(ltx.NumericError):
        job.result()


def test_wait_and_result_with_a_timeout(pipe):
    job = pipe.start("delay=50 steps=10000 chunks=0")
    assert not job.wait(0)
    start = time.monotonic()
    assert not job.wait(0.15)
    assert time.monotonic() - start >= 0.1
    with pytest.raises(ltx.Timeout, match=r"0\.01 s"):
        job.result(timeout=0.01)
    assert not job.done
    job.cancel()
    assert job.wait(100)
    with pytest.raises(ltx.Cancelled):
        job.result()


@pytest.mark.parametrize("how", ["wait", "result", "iterate", "await"])
def test_a_lost_last_event_is_no_endless_wait(pipe, how):
    """As when Ctrl-C comes between the library that gave FINISHED and the line that looks at it."""
    job = pipe.start("logs=0")
    while (data := job._native.next_event(10_000))["type"] != "finished":
        pass
    assert data["status"] == "ok"
    if how == "wait":
        assert job.wait(5)
    if how == "iterate":
        assert list(job) == []
    if how == "await":
        asyncio.run(asyncio.wait_for(job._result_async(), 5))
    assert job.result(timeout=5).video.shape == (3, 32, 64, 3)


def test_result_is_one_clip(pipe):
    job = pipe.start("x", num_frames=9)
    clip = job.result()
    assert job.result() is clip
    assert job.progress.fraction == 1
    job.close()
    assert clip.video.shape == (3, 32, 64, 3)
    with pytest.raises(ltx.InvalidArgument):
        job.cancel()


def test_streamed_frames_are_copies_of_their_own(pipe):
    chunks, sound = [], []
    clip = pipe.generate("chunks=5", output=ltx.Output(stream_frames=True, keep_frames=True),
                         on_event=lambda e: (chunks.append(e.video), sound.append(e.audio)))  # fmt: skip
    chunks = [chunk for chunk in chunks if chunk]
    assert [chunk.first_frame for chunk in chunks] == [0, 1, 2, 3, 4]
    kept = clip.video.numpy()
    for chunk in chunks:
        assert (chunk.numpy() == kept[chunk.first_frame]).all()
    assert sum(part.sample_count for part in sound if part) == clip.audio.sample_count == 8


@pytest.mark.parametrize("handler", ["on_event", "progress"])
def test_an_exception_in_a_handler_cancels_and_propagates(pipe, handler):
    class Mine(Exception):
        pass

    def fail(_: object) -> None:
        raise Mine("from the handler")

    start = time.monotonic()
    with pytest.raises(Mine, match="from the handler"):
        pipe.generate("delay=100 steps=1000", **{handler: fail})
    assert time.monotonic() - start < 100  # of 200
    pipe.generate("x")  # at once: the run has ended


@pytest.mark.parametrize("call", ["encode_text", "calibrate", "save"])
def test_an_exception_in_a_handler_of_a_blocking_call(pipe, tmp_path, call):
    def fail(event: ltx.Event) -> None:
        raise KeyError(event.type)

    clip = pipe.generate("x")
    calls = {
        "encode_text": lambda: pipe.encode_text(tmp_path / "text", "x", on_event=fail),
        "calibrate": lambda: pipe.calibrate(tmp_path / "amax", ["x"], on_event=fail),
        "save": lambda: clip.save(tmp_path / "x.mp4", on_event=fail),
    }
    with pytest.raises(KeyError, match="progress"):
        calls[call]()
    pipe.generate("x")


def test_blocking_calls_write_their_files(pipe, tmp_path):
    seen = []
    pipe.encode_text(tmp_path / "text", "a prompt", progress=seen.append)
    assert (tmp_path / "text").read_text() == "a prompt"
    assert seen[-1].phase is ltx.Phase.TEXT
    pipe.calibrate(str(tmp_path / "amax"), ["one", ltx.Request(prompt="two")], num_frames=9)
    assert (tmp_path / "amax").read_text() == "one\ntwo\n"
    pipe.generate("chunks=4").save(tmp_path / "clip.mp4")
    assert (tmp_path / "clip.mp4").read_text() == "4 8"
    ltx.convert("toy", tmp_path / "converted", quant="int8", progress=seen.append)
    assert (tmp_path / "converted").exists()
    assert seen[-1].phase is ltx.Phase.CONVERT


def test_preload_component_and_evict(pipe):
    assert not pipe.component("transformer").on_device
    pipe.preload("transformer")
    state = pipe.component("transformer")
    assert state.on_device
    assert (state.component, state.residency, state.host_bytes) == ("transformer", "device", 64)
    pipe.evict()
    assert not pipe.component().on_device
    assert pipe.start_preload().result() is None


def test_handlers_run_on_the_calling_thread(pipe):
    seen: list[int] = []
    thread = threading.Thread(target=lambda: pipe.generate("x", on_event=lambda _: seen.append(threading.get_ident())))
    thread.start()
    thread.join()
    assert set(seen) == {thread.ident}


def test_cancel_from_another_thread(pipe):
    job = pipe.start("delay=50 steps=10000")
    threading.Timer(0.2, job.cancel).start()
    with pytest.raises(ltx.Cancelled):
        job.result(timeout=100)
    pipe.generate("x")


def test_a_dropped_job_is_cancelled(pipe):
    job = pipe.start("delay=20 steps=100000")
    del job
    gc.collect()
    end = time.monotonic() + 100
    while True:
        try:
            pipe.generate("x")
            break
        except ltx.Busy:
            assert time.monotonic() < end
            time.sleep(0.01)


def test_a_pipeline_closed_under_its_job_lets_it_finish():
    pipe = ltx.Pipeline("distilled", models="toy")
    job = pipe.start("delay=10")
    pipe.close()
    assert job.result(timeout=100).video.shape == (3, 32, 64, 3)


def test_log_lines_go_to_logging(caplog):
    with caplog.at_level(logging.DEBUG, logger="libltx"):
        ltx.Pipeline("distilled", models="toy").generate("logs=2")
    assert [(r.name, r.levelname, r.message) for r in caplog.records] == [
        ("libltx.toy", "WARNING", "line 0"),
        ("libltx.toy", "WARNING", "line 1"),
        ("libltx.toy", "DEBUG", "nobody asked"),
    ]
    caplog.clear()
    with caplog.at_level(logging.ERROR, logger="libltx"):
        ltx.Pipeline("distilled", models="toy").generate("logs=2")
    assert not caplog.records


def test_progress_true_is_a_tqdm_bar(pipe, capsys):
    pipe.generate("x", progress=True)
    out, err = capsys.readouterr()
    assert out == ""
    assert "100%" in err
    pipe.generate("x")
    assert capsys.readouterr() == ("", "")  # a good guest prints nothing


def test_progress_true_without_tqdm_says_so_in_the_log(pipe, monkeypatch, caplog):
    monkeypatch.setitem(__import__("sys").modules, "tqdm.auto", None)
    pipe.generate("logs=0", progress=True)
    assert "pip install tqdm" in caplog.text


def test_enhance_prompt(pipe):
    seen = []
    better = pipe.enhance_prompt("rain steps=3", enhance_seed=7, progress=seen.append)
    assert better == ltx.EnhancedPrompt("better: rain steps=3", 7, 3, False, True)
    assert str(better) == "better: rain steps=3"
    assert seen[-1].phase is ltx.Phase.ENHANCE
    image = [[[0, 0, 0]] * 32] * 32
    assert pipe.enhance_prompt("x", images=[np.array(image, np.uint8)], seed=9) == ltx.EnhancedPrompt("better: x", 9, 4, True, True)
    with pytest.raises(ltx.NumericError):
        pipe.enhance_prompt("fail=80")
