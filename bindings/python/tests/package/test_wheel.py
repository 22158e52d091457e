"""The wheel in environments of its own: without torch, with a wrong torch, beside torch, and what it carries."""

from __future__ import annotations

import base64
import csv
import hashlib
import os
import re
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest
from support import run_python

import libltx as ltx

WHEEL = next(Path(os.environ["LTX_WHEELS"]).glob("libltx-*.whl"))
PACKAGE = Path(ltx.__file__).parent


@pytest.fixture(scope="module")
def bare(tmp_path_factory) -> Path:
    """An environment that has the wheel and nothing else; its Python."""
    folder = tmp_path_factory.mktemp("bare")
    venv.create(folder, with_pip=False)
    python = folder / "bin" / "python"
    subprocess.run([sys.executable, "-m", "pip", "--python", python, "install", "--quiet", "--no-deps", "--no-index",
                    "--disable-pip-version-check", WHEEL], check=True)  # fmt: skip
    return python


def failing(python: Path, *command: str, path: Path | None = None) -> str:
    """The last line that a failing program writes."""
    environment = {key: value for key, value in os.environ.items() if key not in ("PYTHONPATH", "LD_LIBRARY_PATH")}
    if path:
        environment["PYTHONPATH"] = str(path)
    run = subprocess.run([python, *command], env=environment, capture_output=True, text=True, timeout=60)
    assert run.returncode != 0, run.stdout
    return run.stderr.strip().splitlines()[-1]


def stand_in(folder: Path, version: str) -> Path:
    (folder / "torch").mkdir()
    (folder / "torch" / "__init__.py").write_text(f"__version__ = '{version}'\nclass version: cuda = None\n")
    return folder


def test_without_torch(bare):
    assert failing(bare, "-c", "import libltx") == (
        "ImportError: libltx needs torch 2.11, which is not installed. Run: pip install 'torch==2.11.*'"
    )


def test_the_command_line_without_torch(bare):
    assert failing(bare, str(bare.parent / "ltx"), "--version") == "ltx: torch is not installed. Run: pip install 'torch==2.11.*'"


def test_with_another_torch(bare, tmp_path):
    assert failing(bare, "-c", "import libltx", path=stand_in(tmp_path, "2.10.1+cu130")) == (
        "ImportError: libltx was built for torch 2.11, but torch 2.10.1+cu130 is installed. Run: pip install 'torch==2.11.*'"
    )


def test_with_a_torch_that_lacks_cuda(bare, tmp_path):
    message = failing(bare, "-c", "import libltx", path=stand_in(tmp_path, "2.11.0+cpu"))
    assert message.startswith("ImportError: libltx cannot be loaded beside torch 2.11.0+cpu (no CUDA): libtorch")
    assert message.endswith("Run: pip install --force-reinstall 'torch==2.11.*'")


def test_a_broken_torch_is_not_called_absent(bare, tmp_path):
    (tmp_path / "torch").mkdir()
    (tmp_path / "torch" / "__init__.py").write_text("import something_else_that_is_missing")
    assert failing(bare, "-c", "import libltx", path=tmp_path).startswith("ModuleNotFoundError: No module named 'something_else")


def test_importing_costs_little_beyond_torch():
    code = "import torch, time; start = time.process_time(); import libltx; print(time.process_time() - start)"
    seconds = min(float(run_python(code).stdout) for _ in range(2))
    assert seconds < 0.1


def test_the_search_paths_reach_torch_beside_the_package(tmp_path):
    """As in one site folder: libltx, torch and nvidia side by side. The programs find all libraries without an environment."""
    with zipfile.ZipFile(WHEEL) as archive:
        archive.extractall(tmp_path)
    import nvidia
    import torch

    (tmp_path / "torch").symlink_to(Path(torch.__file__).parent)
    (tmp_path / "nvidia").symlink_to(next(iter(nvidia.__path__)))
    clean = {"PATH": os.environ["PATH"]}
    for file in (tmp_path / "libltx/lib/libltx.so.0", tmp_path / "libltx/bin/ltx"):
        file.chmod(0o755)
        report = subprocess.run(["ldd", file], env=clean, capture_output=True, text=True, check=True).stdout
        assert "not found" not in report
        assert re.search(rf"{tmp_path}/libltx/\S*lib/../../torch/lib/libtorch.so", report)
    version = subprocess.run([tmp_path / "libltx/bin/ltx", "--version"], env=clean, capture_output=True, text=True, check=True)
    assert version.stdout.strip() == ltx.__version__


def test_no_path_of_the_build_is_left():
    for file in PACKAGE.rglob("*"):
        if ".so" in file.name or file.parent.name == "bin":
            dynamic = subprocess.run(["readelf", "-d", file], capture_output=True, text=True, check=True).stdout
            for paths in re.findall(r"R(?:UN)?PATH\).*\[(.*)\]", dynamic):
                assert all(path.startswith("$ORIGIN") for path in paths.split(":")), (file, paths)


def test_the_wheel_is_complete():
    with zipfile.ZipFile(WHEEL) as archive:
        names = set(archive.namelist())
        records = list(csv.reader(archive.read("libltx-0.1.0.dist-info/RECORD").decode().splitlines()))
        for name, digest, _ in records:
            if digest:
                own = base64.urlsafe_b64encode(hashlib.sha256(archive.read(name)).digest()).rstrip(b"=").decode()
                assert digest == f"sha256={own}", name
        metadata = archive.read("libltx-0.1.0.dist-info/METADATA").decode()
    assert {"libltx/lib/libltx.so.0", "libltx/include/ltx_c.h", "libltx/bin/ltx", "libltx/py.typed", "libltx/_native.pyi"} <= names
    assert any(re.fullmatch(r"libltx/lib/libltx_media_\d+\.so", name) for name in names)
    assert {"libltx-0.1.0.dist-info/licenses/LICENSE", "libltx-0.1.0.dist-info/licenses/THIRD_PARTY_NOTICES.md"} <= names
    assert re.findall(r"Requires-Dist: (.*)", metadata) == ["torch==2.11.*", "numpy>=2.1", 'tqdm; extra == "progress"']
    assert not [name for name in names if re.search(r"libtorch|libcud|libav|libsw|libstdc", name)]


def test_the_platform_floor_is_the_one_of_the_readme(source):
    report = subprocess.run([sys.executable, "-m", "auditwheel", "show", WHEEL], capture_output=True, text=True, check=True).stdout
    floor = re.search(r"constrains the platform tag to\s+\"manylinux_(\d+)_(\d+)_x86_64\"", report)
    assert floor, report
    assert f"glibc {floor[1]}.{floor[2]} or later" in " ".join((source / "bindings/python/README.md").read_text().split())


def test_the_stub_is_what_the_module_says(tmp_path):
    subprocess.run([sys.executable, "-m", "pybind11_stubgen", "libltx._native", "--output-dir", tmp_path, "--exit-code"],
                   check=True, capture_output=True)  # fmt: skip
    assert (PACKAGE / "_native.pyi").read_text() == (tmp_path / "libltx/_native.pyi").read_text()


def test_the_library_is_the_one_of_the_wheel():
    maps = run_python("import libltx; print(open('/proc/self/maps').read())", LD_LIBRARY_PATH="").stdout
    assert f"{PACKAGE}/lib/libltx.so.0" in maps
