"""The Python side of the comparison between languages: client.py MODELS OUT writes OUT.mp4 and OUT.rgb, prints the latents' digest."""
import sys
from pathlib import Path

import libltx as ltx

models, out = sys.argv[1:3]
with ltx.Pipeline("distilled", models=models) as pipe:
    clip = pipe.generate("rain on a pasture", width=64, height=64, num_frames=9, output=out + ".mp4")
assert clip.video is not None
Path(out + ".rgb").write_bytes(clip.video.numpy())
print("latents", clip.stats.latent_sha256)
