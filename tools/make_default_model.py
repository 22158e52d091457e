#!/usr/bin/env python3
"""Writes a small synthetic LTX-2.3 model set: a monolith, a Gemma folder and a spatial upsampler, in the published layout.

    make_default_model.py FOLDER [--preset default|tiny|wide] [--seed N]

The weights are random: the set paints noise. It exists so that every part of the library runs, end to end, on any machine, without
a download. The same seed gives the same bytes everywhere. The folder appears complete or not at all.
"""
import argparse
import hashlib
import json
import shutil
import sys
import tempfile
from pathlib import Path

from synthetic import configs, networks, tokenizer
from synthetic.container import Tensors, write, write_json
from synthetic.networks import Writer
from synthetic.shapes import PRESETS, Shape

LICENSE = "synthetic weights, no rights reserved"


def write_monolith(path: Path, s: Shape, seed: int) -> None:
    tensors = Tensors()
    root = Writer(tensors, seed)
    networks.transformer(root.at("model.diffusion_model"), s)
    networks.connectors(root.at("model.diffusion_model"), s)
    networks.text_projections(root.at("text_embedding_projection"), s)
    networks.video_vae(root.at("vae"), s)
    networks.audio_vae(root.at("audio_vae"))
    networks.vocoder(root.at("vocoder"), s)
    config = {"transformer": configs.transformer(s), "vae": configs.vae(s), "audio_vae": configs.audio_vae(),
              "vocoder": configs.vocoder(s), "scheduler": configs.scheduler()}
    write(path, tensors, {"config": json.dumps(config), "license": LICENSE, "model_version": "2.3.0"})


def write_upsampler(path: Path, s: Shape, seed: int) -> None:
    tensors = Tensors()
    networks.upsampler(Writer(tensors, seed), s)
    write(path, tensors, {"config": json.dumps(configs.upsampler(s))})


def write_gemma(folder: Path, s: Shape, seed: int) -> None:
    folder.mkdir()
    description, pieces = tokenizer.build()
    vocab = description["model"]["vocab"]
    rows = -(-pieces // 64) * 64
    tensors = Tensors()
    networks.gemma(Writer(tensors, seed), s, rows)
    networks.vision_tower(Writer(tensors, seed), s)
    names = sorted(tensors)
    shards = [names[: len(names) // 2], names[len(names) // 2 :]]
    weight_map = {}
    for i, part in enumerate(shards, 1):
        file = f"model-{i:05}-of-{len(shards):05}.safetensors"
        write(folder / file, Tensors({name: tensors[name] for name in part}), {"format": "pt"})
        weight_map |= {name: file for name in part}
    write_json(folder / "model.safetensors.index.json", {"metadata": {"total_size": tensors.bytes()}, "weight_map": weight_map})
    write_json(folder / "tokenizer.json", description)
    write_json(folder / "config.json", configs.gemma(s, rows, vocab))
    for file, value in configs.gemma_folder_files(vocab).items():
        write_json(folder / file, value)


def digest(folder: Path) -> str:
    total = hashlib.sha256()
    for path in sorted(p for p in folder.rglob("*") if p.is_file() and p.name != "SHA256"):
        total.update(f"{path.relative_to(folder)}\n".encode())
        total.update(path.read_bytes())
    return total.hexdigest()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--preset", choices=sorted(PRESETS), default="default")
    parser.add_argument("--seed", type=int, default=10)
    arguments = parser.parse_args()
    if arguments.folder.exists():
        sys.exit(f"error: '{arguments.folder}' exists; remove it or choose another folder")
    arguments.folder.parent.mkdir(parents=True, exist_ok=True)
    shape = PRESETS[arguments.preset]
    work = Path(tempfile.mkdtemp(prefix=f".{arguments.folder.name}-", dir=arguments.folder.parent))
    try:
        write_monolith(work / "ltx-2.3-mini.safetensors", shape, arguments.seed)
        write_upsampler(work / "ltx-2.3-mini-spatial-upscaler-x2.safetensors", shape, arguments.seed)
        write_gemma(work / "gemma", shape, arguments.seed)
        total = digest(work)
        (work / "SHA256").write_text(total + "\n")
        work.chmod(0o755)
        work.rename(arguments.folder)
    except BaseException:
        shutil.rmtree(work, ignore_errors=True)
        raise
    size = sum(p.stat().st_size for p in arguments.folder.rglob("*") if p.is_file())
    print(f"{arguments.folder}: {size / 1e6:.1f} MB, sha256 {total}")


if __name__ == "__main__":
    main()
