"""A clip from a prompt and a first frame painted in memory, with progress on stderr.

python generate.py MODELS OUTPUT.mp4 "a prompt" [--width 768 --height 512 --num-frames 121 --seed 7]
"""

from __future__ import annotations

import argparse
import sys

import numpy as np
import numpy.typing as npt

import libltx as ltx


def sky(width: int, height: int) -> npt.NDArray[np.uint8]:
    """A sky that gets darker towards the ground, [H, W, 3] uint8."""
    rows = np.linspace(0, 100, height)[:, None, None]
    return np.broadcast_to(np.array([180, 180, 255]) - rows, (height, width, 3)).astype(np.uint8)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", help="folder with a distilled checkpoint, a spatial upsampler and a Gemma folder")
    parser.add_argument("output", help="mp4, mov or mkv")
    parser.add_argument("prompt")
    parser.add_argument("--width", type=int)
    parser.add_argument("--height", type=int)
    parser.add_argument("--num-frames", type=int)
    parser.add_argument("--seed", type=int)
    parser.add_argument("--quant", help="fp8-scaled-mm, int8, nf4 …")
    options = parser.parse_args()

    def show(progress: ltx.Progress) -> None:
        step = f" {progress.step}/{progress.step_count}" if progress.step else ""
        print(f"\r{progress.fraction:4.0%} {progress.phase}{step}".ljust(40), end="", file=sys.stderr, flush=True)

    try:
        with ltx.Pipeline("distilled", models=options.models, quant=options.quant) as pipe:
            clip = pipe.generate(
                options.prompt,
                width=options.width,
                height=options.height,
                num_frames=options.num_frames,
                seed=options.seed,
                images=[ltx.Image(sky(96, 64), strength=0.8)],
                output=options.output,
                progress=show,
            )
    except ltx.LtxError as error:
        print(f"\n{error.status}: {error}", file=sys.stderr)
        return 1
    print(file=sys.stderr)
    frames, sound = clip.video, clip.audio
    if frames is None or sound is None:  # only where a recipe makes no picture or no sound
        return 1
    loudness = float(np.sqrt(np.square(sound.numpy()).mean()))
    print(f"{options.output}: {frames}, mean colour {frames.numpy().mean((0, 1, 2)).round().tolist()}")
    print(f"{sound}, loudness {loudness:.3f}, latents {clip.stats.latent_sha256[:16]}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
