"""The mel spectrogram that networks of this format are shown: a clip of 0.2 s in 128 bands and 18 frames.

It is what ``librosa.feature.melspectrogram(y=clip, sr=44100, n_mels=128, fmax=8000)`` gives (librosa 0.11): a
window of 2048 samples (periodic Hann), 512 apart and centred with silence around the clip, squared, in
triangles of equal area on Slaney's mel scale. No decibels, no normalisation.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import scipy.fft
from numpy.typing import NDArray

RATE = 44_100
CLIP_SAMPLES = 8_820
BANDS = 128
FRAMES = 18
HIGHEST_HZ = 8_000.0
_WINDOW = 2_048
_HOP = 512
# Slaney's mel scale: linear below 1 kHz, logarithmic above (Auditory Toolbox, version 2, 1998).
_HZ_A_MEL = 200.0 / 3
_KNEE_HZ = 1_000.0
_KNEE_MEL = _KNEE_HZ / _HZ_A_MEL
_LOG_STEP = np.log(6.4) / 27.0


def mel_windows(clips: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the power mel spectrogram of each clip.

    Args:
        clips: shape (any number, 8820), mono at 44.1 kHz.
    Returns:
        Shape (clips, 128, 18).
    Raises:
        ValueError: the clips are of another length.
    """
    if clips.ndim != 2 or clips.shape[1] != CLIP_SAMPLES:
        raise ValueError(f"clips are of shape (any number, {CLIP_SAMPLES}), not {clips.shape}")
    padded = np.pad(np.asarray(clips, np.float32), ((0, 0), (_WINDOW // 2, _WINDOW // 2)))
    frames = np.lib.stride_tricks.sliding_window_view(padded, _WINDOW, axis=1)[:, ::_HOP]
    spectrum = scipy.fft.rfft(frames * hann(_WINDOW), axis=2)
    power = np.square(spectrum.real) + np.square(spectrum.imag)
    # Whatever lies above the highest band is multiplied by nothing anyway.
    matrix = mel_matrix(_WINDOW, BANDS, HIGHEST_HZ)
    bins = int(HIGHEST_HZ / RATE * _WINDOW) + 2
    bands = power[:, :, :bins] @ matrix[:bins]
    return np.ascontiguousarray(bands.transpose(0, 2, 1), np.float32)


@lru_cache(maxsize=4)
def hann(samples: int) -> NDArray[np.float32]:
    """Return a periodic Hann window."""
    return np.asarray(0.5 - 0.5 * np.cos(2 * np.pi * np.arange(samples) / samples), np.float32)


@lru_cache(maxsize=4)
def mel_matrix(window: int, bands: int, highest_hz: float) -> NDArray[np.float32]:
    """Return triangles of equal area from 0 Hz to ``highest_hz``, shape (window // 2 + 1, bands)."""
    edges = band_edges_hz(bands, highest_hz)
    bins = np.arange(window // 2 + 1)[:, None] * (RATE / window)
    rise = (bins - edges[:-2]) / (edges[1:-1] - edges[:-2])
    fall = (edges[2:] - bins) / (edges[2:] - edges[1:-1])
    triangles = np.maximum(0.0, np.minimum(rise, fall)) * (2.0 / (edges[2:] - edges[:-2]))
    return np.asarray(triangles, np.float32)


def band_edges_hz(bands: int = BANDS, highest_hz: float = HIGHEST_HZ) -> NDArray[np.float64]:
    """Return where bands begin, peak and end, shape (bands + 2,): band ``i`` from edge ``i`` to ``i + 2``."""
    return _hertz(np.linspace(0.0, _mel(highest_hz), bands + 2))


def _mel(hz: float) -> float:
    if hz < _KNEE_HZ:
        return hz / _HZ_A_MEL
    return float(_KNEE_MEL + np.log(hz / _KNEE_HZ) / _LOG_STEP)


def _hertz(mel: NDArray[np.float64]) -> NDArray[np.float64]:
    curved = _KNEE_HZ * np.exp(_LOG_STEP * (np.maximum(mel, _KNEE_MEL) - _KNEE_MEL))
    return np.where(mel < _KNEE_MEL, _HZ_A_MEL * mel, curved)
