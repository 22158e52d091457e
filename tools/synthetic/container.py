"""Writes safetensors files: sorted names, header padded to 8 bytes, nothing that depends on the machine."""
import json
import os
from pathlib import Path

import numpy as np

from .numbers import bf16

SIZES = {"BF16": 2, "F32": 4}


class Tensors(dict):
    """name -> (dtype, array of values)."""

    def add(self, name: str, values: np.ndarray, dtype: str = "BF16") -> None:
        if name in self:
            raise ValueError(f"tensor {name} is defined twice")
        self[name] = (dtype, values)

    def bytes(self) -> int:
        return sum(SIZES[dtype] * values.size for dtype, values in self.values())


def write(path: Path, tensors: Tensors, metadata: dict) -> None:
    header, offset = {"__metadata__": metadata}, 0
    for name, (dtype, values) in sorted(tensors.items()):
        size = SIZES[dtype] * values.size
        header[name] = {"dtype": dtype, "shape": list(values.shape), "data_offsets": [offset, offset + size]}
        offset += size
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-(8 + len(text)) % 8)
    with open(path, "wb") as file:
        file.write(len(text).to_bytes(8, "little"))
        file.write(text)
        for _, (dtype, values) in sorted(tensors.items()):
            file.write((bf16(values) if dtype == "BF16" else values.astype("<f4")).tobytes())
        file.flush()
        os.fsync(file.fileno())


def write_json(path: Path, value) -> None:
    path.write_text(json.dumps(value, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
