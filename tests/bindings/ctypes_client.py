"""A game loop over ctypes: a job polled once per tick, frames seen where the library keeps them.

usage: ctypes_client.py LIBRARY MODELS FOLDER [HEADER.h]

Writes FOLDER/ctypes.mp4 and FOLDER/ctypes.rgb. Prints what it saw; the last line ends in the digest of the latents.
"""
import ctypes
import sys
import time
from pathlib import Path

import ltx_ctypes

library, models, folder = sys.argv[1], sys.argv[2], Path(sys.argv[3])
ltx = ltx_ctypes.Ltx(library, *sys.argv[4:5])
if len(sys.argv) == 4:  # an older header has an older layout
    assert ltx.layout() == ltx_ctypes.layout_json(), "ctypes lays structs out otherwise than C"

TICK = 1 / 60


def run(job: ctypes.c_void_p, at_event) -> dict:
    """One poll per tick until FINISHED. `at_event` sees each event."""
    event = ltx.make("ltx_event")
    seen = {"ticks": 0, "events": 0, "fraction": 0.0, "slowest": 0.0}
    while True:
        begin = time.perf_counter()
        seen["ticks"] += 1
        status = ltx.ltx_job_next_event(job, 0, event, also=(ltx.LTX_E_TIMEOUT,))
        seen["slowest"] = max(seen["slowest"], time.perf_counter() - begin)
        if status == 0:
            seen["events"] += 1
            if event.type == ltx.LTX_EVENT_PROGRESS:
                assert event.progress.contents.fraction >= seen["fraction"], "progress went back"
                seen["fraction"] = event.progress.contents.fraction
            at_event(event)
            if event.type == ltx.LTX_EVENT_FINISHED:
                seen["status"], seen["message"] = event.status, event.message
                return seen
        time.sleep(max(0.0, TICK - (time.perf_counter() - begin)))


paths = ltx.make("ltx_model_paths", root=models.encode())
params = ltx.make("ltx_pipeline_params", kind=ltx.LTX_PIPELINE_DISTILLED, models=ctypes.pointer(paths))
pipeline, job, result = ctypes.c_void_p(), ctypes.c_void_p(), ctypes.c_void_p()
ltx.ltx_pipeline_create(params, pipeline)

# What is wrong with a request is said at once, and leaves nothing behind.
request = ltx.make("ltx_request", width=64, height=64, num_frames=9)
try:
    ltx.ltx_generate_start(pipeline, request, job)
    raise AssertionError("a request without a prompt was taken")
except ltx_ctypes.LtxError as error:
    assert error.status == ltx.LTX_E_INVALID_ARGUMENT and "request.prompt" in str(error) and job.value is None, error

# A job that is cancelled in the middle leaves the pipeline usable.
request.prompt = b"rain on a pasture"
ltx.ltx_generate_start(pipeline, request, job)
seen = run(job, lambda event: event.type == ltx.LTX_EVENT_PROGRESS and ltx.ltx_job_cancel(job))
assert seen["status"] == ltx.LTX_E_CANCELLED and seen["message"], seen
ltx.ltx_free(job)

# The clip: streamed as it is decoded, kept, and written to a file.
output = ltx.make("ltx_output", path=str(folder / "ctypes.mp4").encode(), keep_frames=1, stream_frames=1)
request.output = ctypes.pointer(output)
ltx.ltx_generate_start(pipeline, request, job)
streamed = []
seen = run(job, lambda event: event.type == ltx.LTX_EVENT_FRAMES and streamed.append(bytes(ltx_ctypes.frames(event.video.contents))))
assert seen["status"] == 0, seen
assert seen["fraction"] == 1 and seen["ticks"] > seen["events"] > 3, seen
ltx.ltx_job_result(job, result)
ltx.ltx_free(job)
ltx.ltx_free(pipeline)

# The frames belong to the result alone now, and are seen without a copy.
video = ltx.make("ltx_video_buffer")
ltx.ltx_result_video(result, video)
view = ltx_ctypes.frames(video)
assert view.shape == (9, 64, 64, 3) and view.nbytes == video.data_size
assert ctypes.addressof(ctypes.c_uint8.from_buffer(view.cast("B"))) == video.data, "the frames were copied"
again = ltx.make("ltx_video_buffer")
ltx.ltx_result_video(result, again)
assert again.data == video.data
assert b"".join(streamed) == view.tobytes(), "streamed and kept frames differ"

# RGBA into memory of our own, two frames, with a row stride of our own.
stride = 64 * 4 + 16
own = bytearray(b"\xa5" * (2 * 64 * stride))
memory = (ctypes.c_uint8 * len(own)).from_buffer(own)
target = ltx.make("ltx_video_buffer", pixel_format=ltx.LTX_PIXEL_RGBA8, row_stride=stride, data=ctypes.addressof(memory), data_size=len(own))
ltx.ltx_result_copy_frames(result, 4, 2, target)
for frame in range(2):
    for y in range(64):
        row = own[(frame * 64 + y) * stride:][:stride]
        source = bytes(view[4 + frame, y, x, c] if c < 3 else 255 for x in range(64) for c in range(4))
        assert row[:256] == source and row[256:] == b"\xa5" * 16, (frame, y)

stats = ltx.make("ltx_stats")
ltx.ltx_result_stats(result, stats)
(folder / "ctypes.rgb").write_bytes(view)
del view
ltx.ltx_free(result)
ltx.ltx_free(result)  # stale handles are ignored
try:
    ltx.ltx_result_video(result, video)
    raise AssertionError("a freed result was taken")
except ltx_ctypes.LtxError as error:
    assert error.status == ltx.LTX_E_INVALID_HANDLE, error
print(f"{seen['ticks']} ticks, {seen['events']} events, slowest poll {1000 * seen['slowest']:.2f} ms")
print("latents", bytes(stats.latent_sha256).hex())
