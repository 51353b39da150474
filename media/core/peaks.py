"""The outline of a sound, for drawing its waveform."""

from __future__ import annotations

from typing import TypedDict

import numpy as np
from numpy.typing import NDArray

from media.core.audio import Audio

_BLOCK = 64  # samples: 1.5 ms, finer than any drawing of a song
_NOTHING = np.zeros(0, np.float32)
SCALE = 127  # full scale in JSON: a byte a value is finer than any waveform is drawn


class Waveform(TypedDict):
    """Peaks as JSON: ``peaks`` holds [lowest, highest] pairs, whole numbers where ``scale`` is full scale."""

    duration_s: float
    scale: int
    peaks: list[list[int]]


class WaveformMeter:
    """Finds the outline of a sound that is handed to it piece by piece.

    It keeps the lowest and highest sample of every ``_BLOCK``, over all channels: half an hour in 10 MB.
    """

    def __init__(self) -> None:
        self._lowest: list[NDArray[np.float32]] = []
        self._highest: list[NDArray[np.float32]] = []
        self._rest = np.zeros((1, 0), np.float32)
        self._samples = 0

    def add(self, piece: NDArray[np.float32]) -> None:
        """Take the next piece, of shape (channels, samples)."""
        self._samples += piece.shape[1]
        if self._rest.shape[1]:
            piece = np.concatenate([self._rest, piece], axis=1)
        whole = piece.shape[1] // _BLOCK * _BLOCK
        self._keep(piece[:, :whole].reshape(piece.shape[0], -1, _BLOCK))
        self._rest = piece[:, whole:].copy()

    def peaks(self, points: int = 2000) -> NDArray[np.float32]:
        """Return the lowest and highest sample of each of ``points`` spans, equal to within a block.

        Returns:
            float32 of shape (points, 2), [:, 0] ≤ [:, 1]; fewer points when there are fewer blocks.
        """
        rest = [self._rest[:, None, :]] if self._rest.shape[1] else []
        lowest = np.concatenate([*self._lowest, *(block.min(axis=(0, 2)) for block in rest)] or [_NOTHING])
        highest = np.concatenate([*self._highest, *(block.max(axis=(0, 2)) for block in rest)] or [_NOTHING])
        points = min(points, len(lowest))
        if points == 0:
            return np.zeros((0, 2), np.float32)
        starts = np.arange(points) * len(lowest) // points
        outline = [np.minimum.reduceat(lowest, starts), np.maximum.reduceat(highest, starts)]
        return np.stack(outline, axis=1).astype(np.float32)

    def waveform(self, rate: int, points: int = 2000) -> Waveform:
        """Return :meth:`peaks` in a form that can be stored and sent as JSON."""
        whole = np.rint(np.clip(self.peaks(points), -1.0, 1.0) * SCALE).astype(int)
        return {"duration_s": round(self._samples / rate, 4), "scale": SCALE, "peaks": whole.tolist()}

    def _keep(self, blocks: NDArray[np.float32]) -> None:
        if blocks.shape[1]:
            self._lowest.append(blocks.min(axis=(0, 2)))
            self._highest.append(blocks.max(axis=(0, 2)))


def waveform_json(audio: Audio, points: int = 2000) -> Waveform:
    """Return the outline of a sound in memory."""
    meter = WaveformMeter()
    meter.add(audio.samples)
    return meter.waveform(audio.rate, points)
