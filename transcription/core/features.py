"""What the network hears: a log-mel picture of the sound, a hundred frames a second."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

RATE = 44_100
FPS = 100
HOP = RATE // FPS
WINDOW = 2048
BANDS = 84
_LOWEST_HZ = 27.5
_HIGHEST_HZ = 17_000.0
# Every song is brought to this level first: log1p is bent, so a song's level would change its shape.
_LEVEL_RMS = 0.1
_SILENCE_RMS = 1e-5
# Bands that hardly move (a dull recording's top) are noise; below this spread they are not blown up.
_SMALLEST_SPREAD = 0.10


def log_mel(mono: NDArray[np.float32], rate: int = RATE) -> NDArray[np.float32]:
    """Return the log-mel spectrogram of ``mono``, frame ``i`` centred on second ``i / 100``.

    Args:
        mono: shape (samples,), full scale -1..1, at 44.1 kHz.
    Returns:
        Shape (frames, 84): ``log1p(10 * magnitude)`` in mel bands from 27.5 Hz to 17 kHz, where
        ``frames = samples // 441 + 1``.
    Raises:
        ValueError: ``rate`` is not 44 100.
    """
    if rate != RATE:
        raise ValueError(f"features are taken at {RATE} Hz, not {rate}")
    if mono.size == 0:
        return np.zeros((0, BANDS), np.float32)
    sound = torch.from_numpy(np.ascontiguousarray(mono, np.float32))
    # Zeros, not a mirror image, at both ends: a mirrored first stroke would lose its onset.
    spectrum = torch.stft(
        sound, WINDOW, HOP, window=_hann(), center=True, pad_mode="constant", return_complex=True
    )
    picture = torch.log1p(10.0 * (spectrum.abs().T @ _mel_matrix()))
    return np.asarray(picture.numpy(), np.float32)


def levelled(mono: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return ``mono`` at the one level every song is heard at; silence stays silence."""
    rms = float(np.sqrt(np.mean(np.square(mono, dtype=np.float64)))) if mono.size else 0.0
    return mono if rms < _SILENCE_RMS else np.asarray(mono * np.float32(_LEVEL_RMS / rms), np.float32)


def band_normalised(picture: NDArray[np.float32]) -> NDArray[np.float32]:
    """Remove each mel band's own mean and spread over the song, shape (frames, 84) in and out.

    It takes away the recording's tone colour, so that activations mean the same in every song.
    """
    if len(picture) == 0:
        return picture
    mean = picture.mean(axis=0, dtype=np.float64)
    spread = np.maximum(picture.std(axis=0, dtype=np.float64), _SMALLEST_SPREAD)
    return np.asarray((picture - mean) / spread, np.float32)


@lru_cache(maxsize=1)
def _hann() -> Tensor:
    return torch.hann_window(WINDOW)


@lru_cache(maxsize=1)
def _mel_matrix() -> Tensor:
    """Triangles of equal area (Slaney) on the HTK mel scale, shape (bins, bands)."""
    edges_mel = np.linspace(_mel(_LOWEST_HZ), _mel(_HIGHEST_HZ), BANDS + 2)
    edges = 700.0 * (10.0 ** (edges_mel / 2595.0) - 1.0)
    bins = np.arange(WINDOW // 2 + 1) * (RATE / WINDOW)
    # A triangle is never narrower than the bins it reads, or the lowest bands would be empty.
    narrowest = RATE / WINDOW
    lower = np.minimum(edges[:-2], edges[1:-1] - narrowest)
    upper = np.maximum(edges[2:], edges[1:-1] + narrowest)
    rise = (bins[:, None] - lower) / (edges[1:-1] - lower)
    fall = (upper - bins[:, None]) / (upper - edges[1:-1])
    triangles = np.maximum(0.0, np.minimum(rise, fall))
    triangles /= triangles.sum(axis=0, keepdims=True)
    return torch.from_numpy(triangles.astype(np.float32))


def _mel(hz: float) -> float:
    return float(2595.0 * np.log10(1.0 + hz / 700.0))
