#!/usr/bin/env python3
"""What a generation costs through ltx.hpp, ctypes and C# beyond the same calls in C, on the toy library, which computes next to nothing:
ffi_calls.py BUILD

C# is left out where Mono is not installed.
"""
import ctypes
import json
import os
import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
COUNT, ROUNDS = 500, 5


def ctypes_calls(count: int) -> None:
    sys.path.insert(0, str(ROOT / "tests" / "bindings"))
    import ltx_ctypes

    ltx = ltx_ctypes.Ltx("libltx.so.0")
    paths = ltx.make("ltx_model_paths", root=b"toy")
    params = ltx.make("ltx_pipeline_params", kind=ltx.LTX_PIPELINE_DISTILLED, models=ctypes.pointer(paths))
    pipeline = ctypes.c_void_p()
    ltx.ltx_pipeline_create(params, pipeline)

    def generate(seed: int) -> None:
        request, event, video = ltx.make("ltx_request"), ltx.make("ltx_event"), ltx.make("ltx_video_buffer")
        job, result = ctypes.c_void_p(), ctypes.c_void_p()
        request.prompt, request.seed = b"logs=0 steps=1 chunks=1", seed
        ltx.ltx_generate_start(pipeline, request, job)
        while ltx.ltx_job_next_event(job, 100, event, also=(ltx.LTX_E_TIMEOUT,)) != 0 or event.type != ltx.LTX_EVENT_FINISHED:
            pass
        ltx.ltx_job_result(job, result)
        ltx.ltx_result_video(result, video)
        ltx_ctypes.frames(video)
        ltx.ltx_free(result)
        ltx.ltx_free(job)

    seconds = []
    for i in range(count):
        start = time.perf_counter()
        generate(i)
        seconds.append(time.perf_counter() - start)
    print(statistics.median(seconds))


def seconds(command: list, environment: dict) -> float:
    return float(subprocess.run([*command, str(COUNT)], check=True, env=environment, capture_output=True, text=True).stdout)


def compare(name: str, command: list, reference: list, environment: dict) -> None:
    pairs = [(seconds(command, environment), seconds(reference, environment)) for _ in range(ROUNDS)]
    own, base = (statistics.median(values) for values in zip(*pairs))
    print(json.dumps({"bench": f"{name}-generate-toy", "seconds": round(own, 7), "reference": "the same calls in C",
                      "reference_seconds": round(base, 7), "ratio": round(statistics.median(a / b for a, b in pairs), 3),
                      "overhead_ms": round(1e3 * statistics.median(a - b for a, b in pairs), 4), "target_ms": 1}))


def main(build: Path) -> None:
    environment = {**os.environ, "LD_LIBRARY_PATH": str(build / "tests/api/ltx_toy")}
    reference = [str(build / "bench/ltx_binding_calls")]
    compare("cpp", [str(build / "bench/ltx_binding_calls_cpp")], reference, environment)
    compare("ctypes", [sys.executable, __file__, "--ctypes"], reference, environment)
    if shutil.which("mcs") and shutil.which("mono"):
        program = build / "bench" / "FfiCalls.exe"
        subprocess.run(["mcs", "-nologo", "-unsafe", "-optimize", f"-out:{program}", ROOT / "bench/FfiCalls.cs",
                        ROOT / "examples/csharp/LtxNative.cs"], check=True)
        compare("csharp", ["mono", str(program)], reference, environment)


if __name__ == "__main__":
    if sys.argv[1] == "--ctypes":
        ctypes_calls(int(sys.argv[2]))
    else:
        main(Path(sys.argv[1]).resolve())
