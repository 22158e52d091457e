"""Numbers that are the same on every machine.

Random values come from Philox counters through integer shifts and IEEE multiplications; transcendental values come from decimal
arithmetic. Neither the C library's sine nor a vector unit has a say, so two machines write the same bytes.
"""
import hashlib
from decimal import Decimal, getcontext
from functools import lru_cache

import numpy as np

getcontext().prec = 34
PI = Decimal("3.141592653589793238462643383279502884")


def uniform(seed: int, name: str, count: int) -> np.ndarray:
    """`count` float64 values in [-1, 1), a function of the seed and the tensor's name alone."""
    key = int.from_bytes(hashlib.sha256(f"{seed}:{name}".encode()).digest()[:16], "little")
    raw = np.random.Philox(key=key).random_raw(count)
    return (raw >> np.uint64(11)).astype(np.float64) * 2.0**-52 - 1.0


def spread(seed: int, name: str, shape: tuple, std: float, mean: float = 0.0) -> np.ndarray:
    """Uniform values of a given standard deviation around `mean`."""
    values = uniform(seed, name, int(np.prod(shape))) * (std * 1.7320508075688772)
    return (values + mean).reshape(shape)


def bf16(values: np.ndarray) -> np.ndarray:
    """Bits of float32 values rounded to bfloat16, ties to even."""
    bits = np.ascontiguousarray(values, dtype=np.float32).view(np.uint32)
    return ((bits + np.uint32(0x7FFF) + ((bits >> np.uint32(16)) & np.uint32(1))) >> np.uint32(16)).astype(np.uint16)


@lru_cache(maxsize=None)
def cosine(numerator: int, denominator: int) -> float:
    """cos(2π · numerator / denominator)."""
    x = 2 * PI * (numerator % denominator) / denominator
    term = total = Decimal(1)
    for n in range(2, 120, 2):
        term *= -x * x / (n * (n - 1))
        total += term
    return float(total)


def sine(numerator: int, denominator: int) -> float:
    """sin(2π · numerator / denominator) = cos(2π · (numerator / denominator − 1/4))."""
    return cosine(4 * numerator - denominator, 4 * denominator)


def _bessel_i0(x: Decimal) -> Decimal:
    term = total = Decimal(1)
    for n in range(1, 60):
        term *= (x / 2 / n) ** 2
        total += term
    return total


@lru_cache(maxsize=None)
def kaiser_lowpass(taps: int = 12, beta: str = "4.6638") -> tuple:
    """Half-band low-pass filter of an anti-aliased activation: a Kaiser-windowed sinc, normalised to sum 1."""
    values, beta_d = [], Decimal(beta)
    for i in range(taps):
        t = Decimal(i) - Decimal(taps - 1) / 2
        ratio = 2 * t / (taps - 1)
        window = _bessel_i0(beta_d * (1 - ratio * ratio).sqrt()) / _bessel_i0(beta_d)
        # sinc(t / 2) at half-integers t = k/2: sin(π t / 2) / (π t / 2)
        k = 2 * i - (taps - 1)
        values.append(Decimal(sine(k, 8)) / (PI * t / 2) * window)
    total = sum(values)
    return tuple(float(v / total) for v in values)


def hann(n: int) -> list:
    """Periodic Hann window."""
    return [0.5 - 0.5 * cosine(i, n) for i in range(n)]


def stft_basis(n_fft: int) -> np.ndarray:
    """[n_fft + 2, 1, n_fft]: cosine rows of bins 0 … n_fft/2, then negative sine rows, each under a Hann window."""
    window, bins = hann(n_fft), n_fft // 2 + 1
    rows = [[cosine(k * i, n_fft) * window[i] for i in range(n_fft)] for k in range(bins)]
    rows += [[-sine(k * i, n_fft) * window[i] for i in range(n_fft)] for k in range(bins)]
    return np.array(rows).reshape(2 * bins, 1, n_fft)


def mel_basis(sample_rate: int, n_fft: int, mels: int) -> np.ndarray:
    """[mels, n_fft/2 + 1] Slaney filterbank with area normalisation (spec 05 §5)."""
    log_step = Decimal("6.4").ln() / 27

    def to_hz(mel: Decimal) -> Decimal:
        return mel * 200 / 3 if mel < 15 else 1000 * ((mel - 15) * log_step).exp()

    top = Decimal(sample_rate) / 2
    high = 15 + (top / 1000).ln() / log_step if top >= 1000 else top * 3 / 200
    edges = [to_hz(high * i / (mels + 1)) for i in range(mels + 2)]
    bank = np.zeros((mels, n_fft // 2 + 1))
    for m in range(mels):
        low, mid, up = edges[m : m + 3]
        for k in range(n_fft // 2 + 1):
            f = Decimal(sample_rate) * k / n_fft
            value = min((f - low) / (mid - low), (up - f) / (up - mid))
            if value > 0:
                bank[m, k] = float(value * 2 / (up - low))
    return bank
