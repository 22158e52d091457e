"""Tensors of each network, named and shaped as in the published files (spec 01–05). `fan`-scaled values keep every stage's
output near unit variance, so decoded pictures and sound are neither constant nor saturated."""
import math

import numpy as np

from . import numbers
from .container import Tensors
from .shapes import Shape


class Writer:
    """Adds random tensors under a prefix."""

    def __init__(self, tensors: Tensors, seed: int, prefix: str = ""):
        self.tensors, self.seed, self.prefix = tensors, seed, prefix

    def at(self, name: str) -> "Writer":
        return Writer(self.tensors, self.seed, f"{self.prefix}{name}.")

    def values(self, name: str, shape: tuple, std: float, mean: float = 0.0) -> np.ndarray:
        """Random values that belong to `name` and are not yet a tensor."""
        return numbers.spread(self.seed, self.prefix + name, shape, std, mean)

    def random(self, name: str, shape: tuple, std: float, mean: float = 0.0, dtype: str = "BF16") -> None:
        self.tensors.add(self.prefix + name, self.values(name, shape, std, mean), dtype)

    def fixed(self, name: str, values: np.ndarray) -> None:
        self.tensors.add(self.prefix + name, values)

    def weighted(self, name: str, shape: tuple, gain: float = 1.0, bias: bool = True, fan: int = 0) -> None:
        """`name.weight` with standard deviation gain/√fan, and `name.bias`."""
        self.random(f"{name}.weight", shape, gain / math.sqrt(fan or math.prod(shape[1:])))
        if bias:
            self.random(f"{name}.bias", (shape[0],), 0.05)

    def linear(self, name: str, out: int, inner: int, gain: float = 1.0) -> None:
        self.weighted(name, (out, inner), gain)


def attention(w: Writer, query: int, context: int, inner: int, heads: int, sharpness: float = 1.0) -> None:
    w.linear("to_q", inner, query)
    w.linear("to_k", inner, context)
    w.linear("to_v", inner, context)
    w.linear("to_out.0", query, inner)
    w.linear("to_gate_logits", heads, query)
    w.random("q_norm.weight", (inner,), 0.2, sharpness)
    w.random("k_norm.weight", (inner,), 0.2, 1.0)


def feed_forward(w: Writer, width: int) -> None:
    w.linear("net.0.proj", 4 * width, width)
    w.linear("net.2", width, 4 * width)


def adaln(w: Writer, width: int, parts: int) -> None:
    w.linear("emb.timestep_embedder.linear_1", width, 256)
    w.linear("emb.timestep_embedder.linear_2", width, width)
    w.linear("linear", parts * width, width)


def table(w: Writer, name: str, rows: int, width: int) -> None:
    w.random(name, (rows, width), 0.3, dtype="F32")


def transformer(w: Writer, s: Shape) -> None:
    V, A, H = s.video, s.audio, s.heads
    w.linear("patchify_proj", V, 128)
    w.linear("audio_patchify_proj", A, 128)
    w.linear("proj_out", 128, V)
    w.linear("audio_proj_out", 128, A)
    table(w, "scale_shift_table", 2, V)
    table(w, "audio_scale_shift_table", 2, A)
    for prefix, width in (("", V), ("audio_", A)):
        adaln(w.at(f"{prefix}adaln_single"), width, 9)
        adaln(w.at(f"{prefix}prompt_adaln_single"), width, 2)
    adaln(w.at("av_ca_video_scale_shift_adaln_single"), V, 4)
    adaln(w.at("av_ca_audio_scale_shift_adaln_single"), A, 4)
    adaln(w.at("av_ca_a2v_gate_adaln_single"), V, 1)
    adaln(w.at("av_ca_v2a_gate_adaln_single"), A, 1)
    for i in range(s.blocks):
        block = w.at(f"transformer_blocks.{i}")
        for prefix, width in (("", V), ("audio_", A)):
            attention(block.at(f"{prefix}attn1"), width, width, width, H)
            attention(block.at(f"{prefix}attn2"), width, width, width, H, sharpness=4.0)  # so that the prompt is heard
            feed_forward(block.at(f"{prefix}ff"), width)
            table(block, f"{prefix}scale_shift_table", 9, width)
            table(block, f"{prefix}prompt_scale_shift_table", 2, width)
        attention(block.at("audio_to_video_attn"), V, A, A, H)
        attention(block.at("video_to_audio_attn"), A, V, A, H)
        table(block, "scale_shift_table_a2v_ca_video", 5, V)
        table(block, "scale_shift_table_a2v_ca_audio", 5, A)


def connectors(w: Writer, s: Shape) -> None:
    for name, width in (("video_embeddings_connector", s.video), ("audio_embeddings_connector", s.audio)):
        connector = w.at(name)
        connector.random("learnable_registers", (128, width), 1.0)
        for i in range(s.connector_layers):
            block = connector.at(f"transformer_1d_blocks.{i}")
            attention(block.at("attn1"), width, width, width, s.heads, sharpness=2.5)
            feed_forward(block.at("ff"), width)


def text_projections(w: Writer, s: Shape) -> None:
    stacked = s.gemma_width * (s.gemma_layers + 1)
    w.linear("video_aggregate_embed", s.video, stacked)
    w.linear("audio_aggregate_embed", s.audio, stacked)


def gemma(w: Writer, s: Shape, rows: int) -> None:
    D, Q, K = s.gemma_width, s.gemma_heads * s.gemma_head_width, s.gemma_kv_heads * s.gemma_head_width
    model = w.at("language_model.model")
    model.random("embed_tokens.weight", (rows, D), 0.25)
    model.random("norm.weight", (D,), 0.2)
    for i in range(s.gemma_layers):
        layer = model.at(f"layers.{i}")
        for norm in ("input_layernorm", "post_attention_layernorm", "pre_feedforward_layernorm", "post_feedforward_layernorm"):
            layer.random(f"{norm}.weight", (D,), 0.2)
        for name, out, inner in (("q_proj", Q, D), ("k_proj", K, D), ("v_proj", K, D), ("o_proj", D, Q)):
            layer.weighted(f"self_attn.{name}", (out, inner), bias=False)
        layer.random("self_attn.q_norm.weight", (s.gemma_head_width,), 0.2)
        layer.random("self_attn.k_norm.weight", (s.gemma_head_width,), 0.2)
        for name, out, inner in (("gate_proj", s.gemma_hidden, D), ("up_proj", s.gemma_hidden, D), ("down_proj", D, s.gemma_hidden)):
            layer.weighted(f"mlp.{name}", (out, inner), bias=False)


def vision_tower(w: Writer, s: Shape, width: int = 16, hidden: int = 24) -> None:
    """One small layer: enough for the layout; only prompt enhancement with pictures reads it."""
    projector = w.at("multi_modal_projector")
    projector.random("mm_input_projection_weight", (width, s.gemma_width), 0.12)
    projector.random("mm_soft_emb_norm.weight", (width,), 0.2)
    tower = w.at("vision_tower.vision_model")
    tower.weighted("embeddings.patch_embedding", (width, 3, 14, 14))
    tower.random("embeddings.position_embedding.weight", (4, width), 0.1)
    layer = tower.at("encoder.layers.0")
    for name in ("layer_norm1", "layer_norm2"):
        layer.random(f"{name}.weight", (width,), 0.2, 1.0)
        layer.random(f"{name}.bias", (width,), 0.1)
    for name in ("q_proj", "k_proj", "v_proj", "out_proj"):
        layer.linear(f"self_attn.{name}", width, width)
    layer.linear("mlp.fc1", hidden, width)
    layer.linear("mlp.fc2", width, hidden)
    tower.random("post_layernorm.weight", (width,), 0.2, 1.0)
    tower.random("post_layernorm.bias", (width,), 0.1)


def statistics(w: Writer, channels: int = 128) -> None:
    w.random("per_channel_statistics.mean-of-means", (channels,), 0.28)
    w.random("per_channel_statistics.std-of-means", (channels,), 0.28, 1.0)


ENCODER_BLOCKS = [["compress_space_res", {"multiplier": 1}], ["compress_time_res", {"multiplier": 1}],
                  ["compress_all_res", {"multiplier": 1}], ["compress_all_res", {"multiplier": 1}]]
STRIDES = {"compress_space": (1, 2, 2), "compress_time": (2, 1, 1), "compress_all": (2, 2, 2)}
FOLD = {kind: math.prod(strides) for kind, strides in STRIDES.items()}


def decoder_blocks(s: Shape) -> list:
    res = ["res_x", {"num_layers": s.decoder_layers}]
    return [res, ["compress_space", {"multiplier": 2}], res, ["compress_time", {"multiplier": 2}],
            ["compress_all", {"multiplier": 1}], ["compress_all", {"multiplier": 2}], res]


def blur(offset: float) -> np.ndarray:
    """Three taps around a place `offset` cells from the centre one: linear interpolation and a quarter of a [1, 2, 1] / 4 blur."""
    taps = np.array([max(0.0, -offset), 1.0 - abs(offset), max(0.0, offset)])
    return 0.75 * taps + 0.25 * np.array([0.25, 0.5, 0.25])


def soft_conv(w: Writer, name: str, out: int, inner: int, cells: list, gain: float = 1.0) -> None:
    """A 3×3×3 convolution whose outputs are the sub-cells `cells` (offsets in time, height, width) of each of out / len(cells)
    channels. The sub-cells interpolate one smooth signal, so that the decoder paints soft shapes and not single pixels."""
    common = w.values(f"{name}.common", (out // len(cells), 1, inner, 1, 1, 1), gain / math.sqrt(inner))
    kernel = np.array([blur(t)[:, None, None] * blur(y)[None, :, None] * blur(x)[None, None, :] for t, y, x in cells])
    share = 0.15 if len(cells) == 1 else 0.03  # differences between sub-cells draw a grid
    detail = w.values(f"{name}.detail", (out, inner, 3, 3, 3), share * gain / math.sqrt(27 * inner))
    w.fixed(f"{name}.weight", (common * kernel[None, :, None] * 1.5).reshape(out, inner, 3, 3, 3) + detail)
    bias = w.values(f"{name}.bias", (out // len(cells), 1), 0.02)
    w.fixed(f"{name}.bias", np.broadcast_to(bias, (out // len(cells), len(cells))).reshape(out))


def sub_cells(time: int, height: int, width: int) -> list:
    """Offsets of the sub-cells of a cell, in the order of depth-to-space: time slowest."""
    return [tuple((i + 0.5) / n - 0.5 for i, n in ((t, time), (y, height), (x, width)))
            for t in range(time) for y in range(height) for x in range(width)]


def video_vae(w: Writer, s: Shape) -> None:
    statistics(w)
    width = 128
    w.weighted("encoder.conv_in.conv", (width, 48, 3, 3, 3))
    for i, (kind, options) in enumerate(ENCODER_BLOCKS):
        fold = FOLD[kind.removesuffix("_res")]
        w.weighted(f"encoder.down_blocks.{i}.conv.conv", (width * options["multiplier"] // fold, width, 3, 3, 3))
    w.weighted("encoder.conv_out.conv", (129, width, 3, 3, 3))

    blocks = decoder_blocks(s)
    width = s.decoder_base * math.prod(options.get("multiplier", 1) for _, options in blocks)
    here = [(0.0, 0.0, 0.0)]
    w.weighted("decoder.conv_in.conv", (width, 128, 3, 3, 3))
    for i, (kind, options) in enumerate(reversed(blocks)):
        if kind == "res_x":
            for j in range(options["num_layers"]):
                for conv in ("conv1", "conv2"):
                    soft_conv(w, f"decoder.up_blocks.{i}.res_blocks.{j}.{conv}.conv", width, width, here)
        else:
            out = width * FOLD[kind] // options["multiplier"]
            soft_conv(w, f"decoder.up_blocks.{i}.conv.conv", out, width, sub_cells(*STRIDES[kind]))
            width //= options["multiplier"]
    # Un-patchifying counts columns before rows (spec 04 §3.1).
    pixels = [(t, y, x) for t, x, y in sub_cells(1, 4, 4)]
    soft_conv(w, "decoder.conv_out.conv", 48, width, pixels, gain=0.5)


def audio_vae(w: Writer) -> None:
    C = 128  # must equal 8 channels × 16 bins: the statistics have that length
    statistics(w, C)
    w.weighted("encoder.conv_in.conv", (C, 2, 3, 3))

    def block(name: str) -> None:
        for conv in ("conv1", "conv2"):
            w.weighted(f"{name}.{conv}.conv", (C, C, 3, 3))

    for level in range(3):
        block(f"encoder.down.{level}.block.0")
        if level < 2:
            w.weighted(f"encoder.down.{level}.downsample.conv", (C, C, 3, 3))
    w.weighted("decoder.conv_in.conv", (C, 8, 3, 3))
    for part in ("encoder", "decoder"):
        for place in ("block_1", "block_2"):
            block(f"{part}.mid.{place}")
    for level in range(3):
        for i in range(2):
            block(f"decoder.up.{level}.block.{i}")
        if level:
            w.weighted(f"decoder.up.{level}.upsample.conv.conv", (C, C, 3, 3))
    w.weighted("encoder.conv_out.conv", (16, C, 3, 3))
    w.weighted("decoder.conv_out.conv", (2, C, 3, 3), gain=1.6)


def activation(w: Writer, channels: int) -> None:
    """Snake activation between a ×2 upsampling and a ×2 downsampling, each with its stored low-pass filter."""
    lowpass = np.array(numbers.kaiser_lowpass()).reshape(1, 1, 12)
    w.random("act.alpha", (channels,), 0.3)
    w.random("act.beta", (channels,), 0.3)
    w.fixed("upsample.filter", lowpass)
    w.fixed("downsample.lowpass.filter", lowpass)


def generator(w: Writer, width: int, rates: list, sizes: list, kernels: tuple, out_gain: float) -> None:
    w.weighted("conv_pre", (width, 128, 7))
    for i, (rate, size) in enumerate(zip(rates, sizes)):
        w.random(f"ups.{i}.weight", (width, width // 2, size), 1 / math.sqrt(width * size / rate))
        width //= 2
        w.random(f"ups.{i}.bias", (width,), 0.03)
        for j, kernel in enumerate(kernels):
            block = w.at(f"resblocks.{i * len(kernels) + j}")
            for k in range(3):
                for side in ("1", "2"):
                    block.weighted(f"convs{side}.{k}", (width, width, kernel), gain=0.35)
                    activation(block.at(f"acts{side}.{k}"), width)
    activation(w.at("act_post"), width)
    w.weighted("conv_post", (2, width, 7), gain=out_gain, bias=False)


MAIN_RATES, MAIN_SIZES = [5, 4, 4, 2], [11, 8, 8, 4]
BWE_RATES, BWE_SIZES = [6, 5, 4, 2], [12, 11, 8, 4]
N_FFT = 512


def vocoder(w: Writer, s: Shape) -> None:
    generator(w.at("vocoder"), s.vocoder_width, MAIN_RATES, MAIN_SIZES, s.kernels, 0.25)
    generator(w.at("bwe_generator"), s.bwe_width, BWE_RATES, BWE_SIZES, s.kernels, 0.06)
    basis = numbers.stft_basis(N_FFT)
    w.fixed("mel_stft.mel_basis", numbers.mel_basis(16000, N_FFT, 64))
    w.fixed("mel_stft.stft_fn.forward_basis", basis)
    w.fixed("mel_stft.stft_fn.inverse_basis", basis * (2.0 / N_FFT))


def upsampler(w: Writer, s: Shape) -> None:
    M = s.upsampler_width

    def norm(name: str) -> None:
        w.random(f"{name}.weight", (M,), 0.2, 1.0)
        w.random(f"{name}.bias", (M,), 0.05)

    w.weighted("initial_conv", (M, 128, 3, 3, 3))
    norm("initial_norm")
    for group in ("res_blocks", "post_upsample_res_blocks"):
        for i in (1, 2):
            w.weighted(f"{group}.0.conv{i}", (M, M, 3, 3, 3), gain=0.7)
            norm(f"{group}.0.norm{i}")
    w.weighted("upsampler.0", (4 * M, M, 3, 3))
    w.weighted("final_conv", (128, M, 3, 3, 3))
