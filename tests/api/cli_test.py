"""The command line on the toy library: results, exit codes, JSON, SIGINT.

usage: cli_test.py LTX
"""
import json
import os
import signal
import subprocess
import sys
import tempfile
import time

ltx = sys.argv[1]
base = ["generate", "--checkpoint", "toy"]


def run(*words, code=0):
    done = subprocess.run([ltx, *words], capture_output=True, text=True, timeout=60)
    assert done.returncode == code, (words, done.returncode, done.stdout, done.stderr)
    return done


with tempfile.TemporaryDirectory() as folder:
    clip = os.path.join(folder, "clip.mp4")

    done = run(*base, "--prompt", "delay=5", "-o", clip)
    assert clip in done.stdout and "seed 10" in done.stdout, done.stdout
    assert "denoise, stage 1/2, step" in done.stderr, done.stderr
    assert open(clip).read() == "toy"

    report = json.loads(run("--json", *base, "--prompt", "rain", "-o", clip, "--seed", "7", "--progress", "off").stdout)
    assert report["stats"]["seed"] == 7 and len(report["stats"]["latent_sha256"]) == 64
    done = run(*base, "--prompt", "logs=1", "-o", clip, "--progress", "json")
    lines = [json.loads(line) for line in done.stderr.splitlines()]
    assert any(line["event"] == "log" for line in lines) and any(line["event"] == "progress" for line in lines)

    prompt = os.path.join(folder, "prompt.txt")
    open(prompt, "w").write("rain on\na pasture\n")
    report = json.loads(
        run("--json", *base, "--pipeline", "one-stage", "--prompt", "@" + prompt, "--dry-run", "--width", "96", "--video-guidance",
            "stg-scale=1.5", "stg-blocks=3,4", "--image", "a.png", "strength=0.5", "--image", "b.png", "frame-index=8", "crf=0",
            "--tiling", "off", "--lora", "x.safetensors", "strength=0.7").stdout)
    request = report["request"]
    assert request["width"] == 96 and request["height"] == 32
    assert request["video_guidance"]["stg_blocks"] == [3, 4] and request["video_guidance"]["cfg_scale"] == 3
    assert request["images"][0] == {"path": "a.png", "frame_index": 0, "strength": 0.5, "crf": 33}
    assert request["images"][1]["crf"] == 0 and request["images"][1]["frame_index"] == 8
    report = json.loads(
        run("--json", *base, "--prompt", "x", "--dry-run", "--stage-1-sigmas", "1,0.25,0", "--tiling", "tile-width=64").stdout)
    assert report["request"]["stage_1_sigmas"] == [1, 0.25, 0]

    # Usage is 2, models and files 3, memory 4, everything else 1.
    run(code=2)
    run("generate", "--nonsense", code=2)
    run(*base, "-o", clip, code=2)
    run(*base, "--prompt", "x", code=2)
    run(*base, "--prompt", "x", "-o", clip, "--width", "33", code=2)
    run(*base, "--prompt", "x", "-o", clip, "--quant", "fp9", code=2)
    run(*base, "--prompt", "x", "-o", clip, "--image", "a.png", "strenght=1", code=2)
    run(*base, "--prompt", "@" + folder + "/none", "-o", clip, code=2)
    run(*base, "--prompt", "x", "-o", clip, "--device-memory-limit", "20XB", code=2)
    run("generate", "--prompt", "x", "-o", clip, code=3)
    run(*base, "--prompt", "fail=51", "-o", clip, code=3)
    run(*base, "--prompt", "fail=70", "-o", clip, code=4)
    done = run("--json", *base, "--prompt", "fail=80", "-o", clip, code=1)
    assert json.loads(done.stdout)["error"]["status"] == "LTX_E_NUMERIC"
    done = run(*base, "--prompt", "x", "-o", clip, "--device-memory-limit", "20GiB", code=1)
    assert "params.device_memory_limit" in done.stderr
    done = run(*base, "--prompt", "x", "-o", clip, "--negative-prompt", "y", code=2)
    assert "the recipe distilled" in done.stderr

    process = subprocess.Popen([ltx, *base, "--prompt", "delay=5 steps=5000", "-o", clip], stderr=subprocess.PIPE, text=True)
    time.sleep(0.5)
    process.send_signal(signal.SIGINT)
    _, text = process.communicate(timeout=20)
    assert process.returncode == 130, (process.returncode, text)
    assert "cancelled" in text

    report = json.loads(run("--json", "info", folder, "--devices", "--build").stdout)
    assert report["paths"][0]["kind"] == "toy" and report["devices"][0]["type"] == "cpu" and report["build"]["version"] == "0.1.0"
    run("info", folder + "/none", code=3)
    run("info", code=2)
    assert "generate" in run("--help").stdout
    assert run("--version").stdout.strip() == "0.1.0"
print("ok")
