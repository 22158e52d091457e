"""What `ltx info` says of number formats: those of files, what a device multiplies, which policy suits.

    info_test.py LTX GOLDEN
"""
import json
import subprocess
import sys
from pathlib import Path


def info(program, *arguments):
    run = subprocess.run([program, *map(str, arguments)], check=True, capture_output=True, text=True)
    assert run.stderr == "", run.stderr
    return run.stdout


def main(program, golden):
    golden = Path(golden)
    plain, eight = golden / "models/tiny23/tiny23.safetensors", golden / "quantization/checkpoint_fp8_kn/checkpoint.safetensors"

    report = json.loads(info(program, "--json", "info", plain, eight, "--devices"))
    devices = report["devices"]
    assert devices[-1]["type"] == "cpu"
    assert {"f32", "bf16"} <= set(devices[-1]["native_formats"]), devices
    unquantized, quantized = report["paths"]
    assert [choice["device"] for choice in unquantized["recommended"]] == [
        d["type"] if d["type"] == "cpu" else f"{d['type']}:{d['index']}" for d in devices]
    for choice in unquantized["recommended"]:  # a megabyte fits everywhere
        assert (choice["policy"], choice["fits"]) == ("none", True)
        assert choice["bytes"] == unquantized["components"]["transformer"]["bytes"]
    assert "recommended" not in quantized, "stored codes are taken as they are"

    text = info(program, "info", plain)
    assert "suits on cpu: --quant none" in text
    text = info(program, "info", eight)
    transformer = quantized["components"]["transformer"]
    assert transformer["quantization_policy"] == "fp8-scaled-mm"
    assert f"policy fp8-scaled-mm; layers: fp8-per-tensor {transformer['quantization']['fp8-per-tensor']}" in text
    assert "layout: " in text and "KN " in text, text
    assert "multiplies as they are: f32 bf16" in info(program, "info", "--devices")
    print(text, end="")


main(*sys.argv[1:])
