"""Ctrl-C cancels, raises KeyboardInterrupt, and leaves the pipeline usable."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest

PROGRAM = """
import sys, libltx as ltx
pipe = ltx.Pipeline("distilled", models="toy")
clip = pipe.generate("x")
def started(event):
    if event.type == "progress" and not started.said:
        started.said = True
        print("started", flush=True)
started.said = False
calls = {
    "generate": lambda: pipe.generate("delay=200 steps=1000", on_event=started),
    "result": lambda: (print("started", flush=True), pipe.start("delay=200 steps=1000").result()),
    "convert": lambda: ltx.convert("toy", sys.argv[2], overwrite=True, on_event=started),
}
try:
    calls[sys.argv[1]]()
except KeyboardInterrupt:
    print("interrupted", flush=True)
if sys.argv[1] != "result":  # there the job goes on: it is its owner who may cancel it
    pipe.generate("x")
print("usable", flush=True)
"""


@pytest.mark.parametrize("call", ["generate", "result", "convert"])
def test_ctrl_c(call, tmp_path):
    process = subprocess.Popen([sys.executable, "-c", PROGRAM, call, str(tmp_path / "out")], stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, text=True, env=os.environ)  # fmt: skip
    assert process.stdout.readline() == "started\n"
    time.sleep(0.1)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=200)  # the runs would last 400 s and longer
    assert (out, err, process.returncode) == ("interrupted\nusable\n", "", 0)
