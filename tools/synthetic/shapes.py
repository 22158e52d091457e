"""The presets: widths of every network. The layouts in networks.py hold for any of them."""
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Shape:
    blocks: int = 4                # transformer blocks
    heads: int = 8
    head_width: int = 32           # video: V = heads · head_width
    audio_head_width: int = 16     # audio: A = heads · audio_head_width
    connector_layers: int = 2
    gemma_width: int = 128
    gemma_hidden: int = 256
    gemma_layers: int = 6
    gemma_heads: int = 4
    gemma_kv_heads: int = 2
    gemma_head_width: int = 32
    sliding_window: int = 128
    decoder_base: int = 16         # video decoder
    decoder_layers: int = 2
    vocoder_width: int = 128
    bwe_width: int = 64
    upsampler_width: int = 64
    kernels: tuple = field(default=(3, 7))  # residual kernels of the vocoders

    @property
    def video(self) -> int:
        return self.heads * self.head_width

    @property
    def audio(self) -> int:
        return self.heads * self.audio_head_width


PRESETS = {
    "default": Shape(),
    "tiny": Shape(blocks=2, heads=2, head_width=24, audio_head_width=12, connector_layers=1, gemma_width=48, gemma_hidden=80,
                  gemma_layers=3, gemma_heads=3, gemma_kv_heads=1, gemma_head_width=20, sliding_window=24, decoder_base=4,
                  decoder_layers=1, vocoder_width=32, bwe_width=16, kernels=(3,)),
    # The configuration of spec 08 §25: every block size of the number formats divides its widths.
    "wide": Shape(blocks=2, heads=2, head_width=128, audio_head_width=64, connector_layers=1, gemma_width=256, gemma_hidden=512,
                  gemma_layers=3, gemma_heads=4, gemma_kv_heads=2, gemma_head_width=64, sliding_window=24, decoder_layers=1,
                  vocoder_width=32, bwe_width=16, kernels=(3,)),
}
