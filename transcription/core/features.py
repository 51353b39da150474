"""What the network hears: a log-mel picture of the sound, a hundred frames a second.

Every frame is looked at twice: through a long window, which tells colours apart, and through a short one,
which tells one attack from the next.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

RATE = 44_100
FPS = 100
HOP = RATE // FPS
WINDOW = 2048  # samples of the long window, which the short one sits in the middle of
_SHORT_WINDOW = 1024
BANDS = 84  # of each window
COLUMNS = 2 * BANDS  # of the picture: the long window's bands, then the short one's
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
        Shape (frames, 168): ``log1p(10 * magnitude)`` in 84 mel bands from 27.5 Hz to 17 kHz, through the
        long window and then through the short one, where ``frames = samples // 441 + 1``.
    Raises:
        ValueError: ``rate`` is not 44 100.
    """
    if rate != RATE:
        raise ValueError(f"features are taken at {RATE} Hz, not {rate}")
    if mono.size == 0:
        return np.zeros((0, COLUMNS), np.float32)
    # Zeros, not a mirror image, at both ends: a mirrored first stroke would lose its onset.
    return compressed(mel_magnitudes(np.pad(mono, WINDOW // 2)))


def mel_magnitudes(mono: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the magnitudes in mel bands, shape (frames, 168), of every whole long window in ``mono``.

    Frame ``i`` is centred on sample ``441 * i + 1024``: whoever has more of the sound gives it around.
    """
    sound = torch.from_numpy(np.ascontiguousarray(mono, np.float32))
    margin = (WINDOW - _SHORT_WINDOW) // 2
    views = (_seen_through(WINDOW, sound), _seen_through(_SHORT_WINDOW, sound[margin : len(sound) - margin]))
    return np.asarray(torch.cat(views, dim=1).numpy(), np.float32)


def _seen_through(window: int, sound: Tensor) -> Tensor:
    spectrum = torch.stft(sound, window, HOP, window=_hann(window), center=False, return_complex=True).T
    # Twice as fast as abs(), which guards against overflow that sound within ±8 cannot reach.
    return (spectrum.real.square() + spectrum.imag.square()).sqrt_() @ _mel_matrix(window)


def compressed(magnitudes: NDArray[np.float32], gain: float = 1.0) -> NDArray[np.float32]:
    """Return ``log1p(10 * gain * magnitudes)``: what an ear makes of loudness, and the network is given."""
    return np.asarray(np.log1p(np.float32(10.0 * gain) * magnitudes), np.float32)


def level_gain(mean_square: float) -> float:
    """Return the factor that brings sound of that mean square to the one level at which all is heard."""
    rms = mean_square**0.5
    return 1.0 if rms < _SILENCE_RMS else _LEVEL_RMS / rms


def levelled(mono: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return ``mono`` at the one level every song is heard at; silence stays silence."""
    gain = level_gain(float(np.mean(np.square(mono, dtype=np.float64)))) if mono.size else 1.0
    return np.asarray(mono * np.float32(gain), np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class BandStatistics:
    """Each column's mean and spread over a song, shape (168,): its tone colour and density."""

    mean: NDArray[np.float32]
    spread: NDArray[np.float32]

    @classmethod
    def of(cls, pieces: Iterable[NDArray[np.float32]]) -> BandStatistics:
        """Take the statistics of a picture that comes in ``pieces``, each of shape (frames, 168)."""
        frames, total, squares = 0, np.zeros(COLUMNS), np.zeros(COLUMNS)
        for piece in pieces:
            # In double precision the difference of the squares below is good to a millionth.
            frames += len(piece)
            total += piece.sum(axis=0, dtype=np.float64)
            squares += np.square(piece, dtype=np.float64).sum(axis=0)
        mean = total / max(frames, 1)
        spread = np.sqrt(np.maximum(squares / max(frames, 1) - mean**2, 0.0))
        return cls(mean.astype(np.float32), np.maximum(spread, _SMALLEST_SPREAD).astype(np.float32))

    def removed_from(self, picture: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return ``picture``, or a piece of it, as it is heard: every band around 0, with a spread of 1."""
        return (picture - self.mean) / self.spread


def band_normalised(
    picture: NDArray[np.float32], over: NDArray[np.float32] | None = None
) -> NDArray[np.float32]:
    """Remove each mel band's own mean and spread over the song, shape (frames, 168) in and out.

    It takes away the recording's tone colour, so that activations mean the same in every song.

    Args:
        over: what mean and spread are taken of, if not of all of ``picture``.
    """
    if len(picture) == 0:
        return picture
    return BandStatistics.of([picture if over is None else over]).removed_from(picture)


@lru_cache(maxsize=2)
def _hann(window: int) -> Tensor:
    return torch.hann_window(window)


@lru_cache(maxsize=2)
def _mel_matrix(window: int) -> Tensor:
    """Triangles of equal area (Slaney) on the HTK mel scale, shape (bins, bands)."""
    edges_mel = np.linspace(_mel(_LOWEST_HZ), _mel(_HIGHEST_HZ), BANDS + 2)
    edges = 700.0 * (10.0 ** (edges_mel / 2595.0) - 1.0)
    bins = np.arange(window // 2 + 1) * (RATE / window)
    # A triangle is never narrower than the bins it reads, or the lowest bands would be empty.
    narrowest = RATE / window
    lower = np.minimum(edges[:-2], edges[1:-1] - narrowest)
    upper = np.maximum(edges[2:], edges[1:-1] + narrowest)
    rise = (bins[:, None] - lower) / (edges[1:-1] - lower)
    fall = (upper - bins[:, None]) / (upper - edges[1:-1])
    triangles = np.maximum(0.0, np.minimum(rise, fall))
    triangles /= triangles.sum(axis=0, keepdims=True)
    return torch.from_numpy(triangles.astype(np.float32))


def _mel(hz: float) -> float:
    return float(2595.0 * np.log10(1.0 + hz / 700.0))
