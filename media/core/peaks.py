"""The outline of a sound, for drawing its waveform."""

from __future__ import annotations

from typing import TypedDict

import numpy as np
from numpy.typing import NDArray

from media.core.audio import Audio

SCALE = 127  # full scale in JSON: a byte a value is finer than any waveform is drawn


class Waveform(TypedDict):
    """Peaks as JSON: ``peaks`` holds [lowest, highest] pairs, whole numbers where ``scale`` is full scale."""

    duration_s: float
    scale: int
    peaks: list[list[int]]


def waveform_peaks(audio: Audio, points: int = 2000) -> NDArray[np.float32]:
    """Return the lowest and highest sample of each of ``points`` equal spans, over all channels.

    Returns:
        float32 of shape (points, 2), [:, 0] ≤ [:, 1]; fewer points when there are fewer samples.
    """
    length = audio.samples.shape[1]
    points = min(points, length)
    if points == 0:
        return np.zeros((0, 2), dtype=np.float32)
    starts = np.arange(points) * length // points
    lowest = np.minimum.reduceat(audio.samples, starts, axis=1).min(axis=0)
    highest = np.maximum.reduceat(audio.samples, starts, axis=1).max(axis=0)
    return np.stack([lowest, highest], axis=1).astype(np.float32)


def waveform_json(audio: Audio, points: int = 2000) -> Waveform:
    """Return :func:`waveform_peaks` in a form that can be stored and sent as JSON."""
    whole = np.rint(np.clip(waveform_peaks(audio, points), -1.0, 1.0) * SCALE).astype(int)
    return {"duration_s": round(audio.duration_s, 4), "scale": SCALE, "peaks": whole.tolist()}
