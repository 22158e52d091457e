"""The same request in several languages: equal latents, equal frames, equal films.

usage: compare.py FOLDER [--client NAME DELIVERS command …]…

Each command makes the clip and leaves what it DELIVERS: "latents" (their digest on stdout), "mp4" (FOLDER/NAME.mp4), "rgb"
(FOLDER/NAME.rgb), separated by commas. "{out}" in a command stands for FOLDER/NAME. The first command delivers all three.
"""
import hashlib
import re
import subprocess
import sys
import time
from pathlib import Path

DIGEST = re.compile(r'(?:latents |"latent_sha256":\s*")([0-9a-f]{64})')


def clients(arguments: list[str]) -> list[tuple[str, list[str], list[str]]]:
    groups: list[list[str]] = []
    for argument in arguments:
        if argument == "--client":
            groups.append([])
        else:
            groups[-1].append(argument)
    return [(name, delivers.split(","), command) for name, delivers, *command in groups]


def run(folder: Path, name: str, delivers: list[str], command: list[str]) -> dict[str, str]:
    out = folder / name
    files = {kind: out.with_name(f"{name}.{kind}") for kind in delivers if kind != "latents"}
    for file in files.values():
        file.unlink(missing_ok=True)
    begin = time.monotonic()
    done = subprocess.run([part.replace("{out}", str(out)) for part in command], capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{name} failed with {done.returncode}:\n{done.stdout}{done.stderr}")
    found = {kind: hashlib.sha256(file.read_bytes()).hexdigest() for kind, file in files.items()}
    if "latents" in delivers:
        digest = DIGEST.search(done.stdout)
        if not digest:
            sys.exit(f"{name} named no latents:\n{done.stdout}")
        found["latents"] = digest[1]
    print(f"{name:14} {time.monotonic() - begin:5.1f} s  " + ", ".join(f"{kind} {found[kind][:12]}" for kind in sorted(found)))
    return found


def main() -> None:
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    listed = clients(sys.argv[2:])
    reference: dict[str, str] = {}
    problems = []
    for name, delivers, command in listed:
        found = run(folder, name, delivers, command)
        if not reference:
            reference = found
            assert set(found) == {"latents", "mp4", "rgb"}, found
            assert (folder / f"{name}.rgb").stat().st_size == 9 * 64 * 64 * 3
        problems += [f"{kind} of {name} are not those of {listed[0][0]}" for kind in found if found[kind] != reference[kind]]
    if problems or len(listed) < 2:
        sys.exit("\n".join(problems) or "nothing to compare")


if __name__ == "__main__":
    main()
