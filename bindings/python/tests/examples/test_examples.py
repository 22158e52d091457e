"""What a user would copy runs: scripts and the notebook of examples/python on the smallest model."""

from __future__ import annotations

import os
import subprocess
import sys

import nbclient
import nbformat
import pytest


@pytest.fixture
def examples(source):
    return source / "examples" / "python"


def test_generate(examples, models, tmp_path):
    run = subprocess.run([sys.executable, examples / "generate.py", models, tmp_path / "clip.mp4", "rain on a pasture", "--width",
                          "64", "--height", "64", "--num-frames", "9", "--seed", "7"], capture_output=True, text=True, check=True)  # fmt: skip
    assert "<Video 64x64, 9 frames at 24 Hz, rgb8>" in run.stdout
    assert "100% decode" in run.stderr
    assert (tmp_path / "clip.mp4").stat().st_size > 1000


def test_generate_reports_errors(examples, tmp_path):
    run = subprocess.run([sys.executable, examples / "generate.py", tmp_path / "absent", tmp_path / "clip.mp4", "x"],
                         capture_output=True, text=True)  # fmt: skip
    assert run.returncode == 1
    assert "file-not-found" in run.stderr
    assert "Traceback" not in run.stderr


def test_asyncio(examples, models):
    run = subprocess.run([sys.executable, examples / "aio.py", models, "rain"], capture_output=True, text=True, check=True)
    assert "rain: denoise 8/8" in run.stdout
    assert run.stdout.endswith("rain: <Video 64x64, 9 frames at 24 Hz, rgb8>\n")


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_the_notebook_shows_frames_and_plays_sound(examples, models, tmp_path, monkeypatch):
    for name in ("IPYTHONDIR", "JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR"):
        monkeypatch.setenv(name, str(tmp_path / name))
    monkeypatch.setenv("JUPYTER_PLATFORM_DIRS", "1")
    monkeypatch.setenv("LTX_MODELS", str(models))
    monkeypatch.setenv("LTX_SIZE", "64,64,9")
    notebook = nbformat.read(examples / "clip.ipynb", as_version=4)
    assert all(not cell.get("outputs") for cell in notebook.cells), "the notebook is checked in without outputs"
    (tmp_path / "work").mkdir()
    nbclient.NotebookClient(notebook, timeout=300, resources={"metadata": {"path": str(tmp_path / "work")}}).execute()
    shown = [output for cell in notebook.cells for output in cell.get("outputs", []) if output.output_type == "display_data"]
    kinds = {kind for output in shown for kind in output.data}
    assert "image/png" in kinds
    html = " ".join(output.data.get("text/html", "") for output in shown)
    assert "<audio" in html and "<video" in html
    assert (tmp_path / "work" / "clip.mp4").stat().st_size > 1000
    assert os.environ["LTX_SIZE"] == "64,64,9"
