"""The source distribution has all that a build from it needs."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest


@pytest.fixture(scope="module")
def unpacked(source, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("sdist")
    stale = source / "bindings/python/source/include"  # as a build that was killed leaves it
    stale.mkdir(parents=True, exist_ok=True)
    (stale / "ltx_c.h").write_text("old")
    subprocess.run([sys.executable, "-m", "build", "--sdist", "--no-isolation", "--outdir", folder, source / "bindings/python"],
                   check=True, capture_output=True)  # fmt: skip
    with tarfile.open(next(folder.glob("libltx-*.tar.gz"))) as archive:
        # Filters came with 3.11.4; the archive is our own.
        archive.extractall(folder, **({"filter": "data"} if hasattr(tarfile, "data_filter") else {}))
    return next(path for path in folder.glob("libltx-*") if path.is_dir())


def test_nothing_stays_in_the_project(source, unpacked):
    assert not (source / "bindings/python/source").exists()


def test_its_sources_are_those_of_today(source, unpacked):
    assert (unpacked / "source/include/ltx_c.h").read_bytes() == (source / "include/ltx_c.h").read_bytes()
    assert {path.name for path in (unpacked / "source").iterdir()} > {"CMakeLists.txt", "LICENSE", "src", "cmake", "examples"}


def test_it_has_the_licences(unpacked):
    assert (unpacked / "source/LICENSE").is_file()
    assert (unpacked / "source/THIRD_PARTY_NOTICES.md").is_file()


def test_the_library_configures_from_it(unpacked, tmp_path):
    """CMake refuses a target whose sources are missing."""
    cmake, ninja = os.environ["LTX_CMAKE"], os.environ["LTX_NINJA"]
    run = subprocess.run([cmake, "-S", unpacked / "source", "-B", tmp_path, "-G", "Ninja", f"-DCMAKE_MAKE_PROGRAM={ninja}",
                          "-DLTX_TESTS=OFF", "-DLTX_CUDA=OFF", f"-DPython3_EXECUTABLE={sys.executable}"],
                         capture_output=True, text=True)  # fmt: skip
    assert run.returncode == 0, run.stderr
    plan = subprocess.run([ninja, "-C", tmp_path, "-n", "ltx", "ltx_cli"], capture_output=True, text=True)
    assert plan.returncode == 0, plan.stdout


def test_an_sdist_of_the_sdist_is_the_same(unpacked, tmp_path):
    subprocess.run([sys.executable, "-m", "build", "--sdist", "--no-isolation", "--outdir", tmp_path, unpacked], check=True,
                   capture_output=True)  # fmt: skip
    with tarfile.open(next(tmp_path.glob("libltx-*.tar.gz"))) as archive:
        again = {name.split("/", 1)[1] for name in archive.getnames()}
    assert again == {str(path.relative_to(unpacked)) for path in unpacked.rglob("*") if path.is_file()}
    shutil.rmtree(unpacked)
