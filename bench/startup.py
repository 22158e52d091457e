#!/usr/bin/env python3
"""Start-up time of `ltx info` on a model folder, against a process that links LibTorch and does nothing: startup.py BUILD MODEL"""
import json
import statistics
import subprocess
import sys
import time

build, model = sys.argv[1:3]
subject, reference = [f"{build}/bin/ltx", "info", model], [f"{build}/bench/ltx_bench_empty"]


def seconds(command: list) -> float:
    start = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return time.perf_counter() - start


for command in (subject, reference):
    seconds(command)
pairs = [(seconds(subject), seconds(reference)) for _ in range(9)]
print(json.dumps({"bench": "startup-ltx-info", "seconds": round(statistics.median(a for a, _ in pairs), 4),
                  "reference": "a process that only links LibTorch",
                  "reference_seconds": round(statistics.median(b for _, b in pairs), 4),
                  "ratio": round(statistics.median(a / b for a, b in pairs), 3)}))
