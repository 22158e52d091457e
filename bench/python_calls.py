#!/usr/bin/env python3
"""What a call costs in Python beyond the same call in C, on the toy library, which computes next to nothing: python_calls.py BUILD

Uses the environment that the tests make (ctest -R python_wheel).
"""
import json
import os
import statistics
import subprocess
import sys
from pathlib import Path

COUNT, ROUNDS = 500, 5
PROGRAM = f"""
import statistics, time
import libltx as ltx
pipe = ltx.Pipeline("distilled", models="toy")
seconds = []
for i in range({COUNT}):
    start = time.perf_counter()
    clip = pipe.generate("logs=0 steps=1 chunks=1", seed=i)
    clip.video.numpy()
    seconds.append(time.perf_counter() - start)
print(statistics.median(seconds))
"""


def seconds(command: list, environment: dict) -> float:
    return float(subprocess.run(command, check=True, env=environment, capture_output=True, text=True).stdout)


def main(build: Path) -> None:
    python = build / "tests/bindings/python/environment/bin/python"
    environment = {**os.environ, "LD_LIBRARY_PATH": str(build / "tests/api/ltx_toy")}
    pairs = [(seconds([str(python), "-c", PROGRAM], environment), seconds([str(build / "bench/ltx_binding_calls"), str(COUNT)], environment))
             for _ in range(ROUNDS)]
    own, reference = (statistics.median(values) for values in zip(*pairs))
    print(json.dumps({"bench": "python-generate-toy", "seconds": round(own, 7), "reference": "the same calls in C",
                      "reference_seconds": round(reference, 7), "ratio": round(statistics.median(a / b for a, b in pairs), 3),
                      "overhead_ms": round(1e3 * statistics.median(a - b for a, b in pairs), 4), "target_ms": 1}))


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve())
