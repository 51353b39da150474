"""How loud: the level at which every song is heard, and how hard a stroke was by how loud it is."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from transcription.core.keras_cnn.labels import LABELS, Label
from transcription.core.keras_cnn.mel_windows import BANDS, HIGHEST_HZ, band_edges_hz

# Every song is brought to this level first, if its network learnt so.
LEVEL_RMS = 0.1
_SILENCE_RMS = 1e-5
# Where most of a stroke's sound lies, so that a kick under a loud crash is not taken for a loud kick.
_SOUNDS_HZ: dict[Label, tuple[float, float]] = {
    Label.SNARE: (150.0, 5_000.0),
    Label.HIHAT: (5_000.0, HIGHEST_HZ),
    Label.KICK: (30.0, 130.0),
    Label.RIDE: (3_000.0, HIGHEST_HZ),
    Label.TOM: (70.0, 400.0),
    Label.CRASH: (3_000.0, HIGHEST_HZ),
}
# Frames of a window that the attack fills: the onset is at frame 1.7, and a frame sees 2 around itself.
_ATTACK = slice(2, 6)
# The first frame is centred where the clip begins, and hardly sees the onset: it is what was there before.
_BEFORE = 0
# A velocity ten times as high is 30 dB louder: the law by which crnn's velocities are learnt. The song's full
# stroke is one that a twentieth of its strokes exceed.
_VELOCITY_DB = 30.0
_FULL_STROKE_PERCENTILE = 95.0
_FULL_VELOCITY = 110.0
_FLOOR = 1e-12


def level_gain(rms: float) -> float:
    """Return the factor that brings a song of that level to the one at which all are heard."""
    return 1.0 if rms < _SILENCE_RMS else LEVEL_RMS / rms


class Attacks(NamedTuple):
    """How loud each attack is where each label sounds, and by how much that exceeds what was there before.

    Both in decibels, of shape (windows, 6).
    """

    levels_db: NDArray[np.float32]
    rises_db: NDArray[np.float32]


def attack_levels_db(windows: NDArray[np.float32]) -> Attacks:
    """Measure the attacks in ``windows`` of power, shape (windows, 128, 18)."""
    edges = band_edges_hz()
    levels, before = (np.empty((len(windows), len(LABELS)), np.float32) for _ in range(2))
    attack = windows[:, :, _ATTACK].mean(axis=2)
    for column, label in enumerate(LABELS):
        low, high = _SOUNDS_HZ[label]
        bands = np.flatnonzero((edges[1 : BANDS + 1] >= low) & (edges[1 : BANDS + 1] <= high))
        levels[:, column] = 10 * np.log10(attack[:, bands].sum(axis=1) + _FLOOR)
        before[:, column] = 10 * np.log10(windows[:, bands, _BEFORE].sum(axis=1) + _FLOOR)
    return Attacks(levels, levels - before)


def velocities(levels_db: NDArray[np.float32]) -> NDArray[np.int64]:
    """Return the velocities, 1–127, of all strokes of one label in a song by their levels."""
    if len(levels_db) == 0:
        return np.zeros(0, np.int64)
    full_db = float(np.percentile(levels_db, _FULL_STROKE_PERCENTILE))
    loud = _FULL_VELOCITY * 10.0 ** ((levels_db - full_db) / _VELOCITY_DB)
    return np.asarray(np.clip(np.rint(loud), 1, 127), np.int64)
