"""Makes the environment of the tests: installs the library of a build into a prefix, builds the wheel on it, and installs that into
a virtual environment that sees this interpreter's packages (torch alone has gigabytes).

make_environment.py BUILD SOURCE FOLDER CMAKE

The package needs Python 3.10, its tests 3.11 (the scheme "venv" of sysconfig) and pip 23.0, those of Debian 12.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path


def run(*command: object) -> None:
    subprocess.run([str(word) for word in command], check=True)


def main(build: Path, source: Path, folder: Path, cmake: str) -> None:
    for name in ("prefix", "wheels", "environment"):
        shutil.rmtree(folder / name, ignore_errors=True)
    run(cmake, "--install", build, "--prefix", folder / "prefix", "--component", "ltx")
    os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check"]
    run(*pip, "wheel", "--quiet", "--no-build-isolation", "--no-deps", "--wheel-dir", folder / "wheels",
        f"--config-settings=cmake.define.LTX_PREBUILT={folder / 'prefix'}", f"--config-settings=build-dir={folder / 'build'}",
        source / "bindings/python")  # fmt: skip
    environment = folder / "environment"
    venv.create(environment, with_pip=False)
    site = sysconfig.get_path("purelib", "venv", {"base": str(environment)})
    (Path(site) / "packages.pth").write_text(sysconfig.get_path("purelib") + "\n")
    wheel, = (folder / "wheels").glob("*.whl")
    run(*pip, "--python", environment / "bin/python", "install", "--quiet", "--no-deps", "--no-index", wheel)
    print(f"{wheel.name}: {wheel.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3]), sys.argv[4])
