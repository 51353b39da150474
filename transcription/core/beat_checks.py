"""Second opinions on decoded beats: does the playing repeat by the bar, and does it lie on the beat?"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from transcription.core.beat_evidence import Strokes
from transcription.core.beat_patterns import SLOTS_PER_BEAT, Limb

_HARMONICS = (1, 2, 3, 4)  # strokes on the beat, on eighths, on triplets, on sixteenths
_WINDOW_BEATS = 16


def repetition_of_bars(beats_s: NDArray[np.float64], felt_beats: int, strokes: Strokes) -> float:
    """How much better beats resemble those a bar later than those a bar and a beat, or a bar less a beat,
    later.

    Near 1 where every bar repeats, near 0 where all beats are alike, below 0 where another bar length repeats
    better. This tells three beats in a bar from four whatever is played, and knows nothing of where the bar
    begins.
    """
    played = _played_per_beat(beats_s, strokes)
    nearby = (felt_beats - 1 if felt_beats > 2 else felt_beats + 1, felt_beats + 1)
    return _likeness(played, felt_beats) - max(_likeness(played, lag) for lag in nearby)


def alignment(beats_s: NDArray[np.float64], strokes: Strokes) -> float:
    """How closely strokes keep to the beat's simple divisions, 0 (scattered) to 1 (exact), in the song's
    median part.

    Counted in parts of sixteen beats, so that beats which fit half a song do not pass for the whole.
    """
    place = np.interp(strokes.onset_s, beats_s, np.arange(len(beats_s), dtype=np.float64))
    parts = []
    for start in range(0, len(beats_s), _WINDOW_BEATS):
        here = (place >= start) & (place < start + _WINDOW_BEATS)
        if np.count_nonzero(here) < _WINDOW_BEATS / 2:
            continue
        weight = strokes.strength[here]
        turns = [np.exp(2j * np.pi * harmonic * place[here]) for harmonic in _HARMONICS]
        parts.append(max(float(np.real(np.sum(weight * turn)) / np.sum(weight)) for turn in turns))
    return float(np.median(parts)) if parts else 0.0


def _played_per_beat(beats_s: NDArray[np.float64], strokes: Strokes) -> NDArray[np.float64]:
    """What is played on each beat from the first stroke to the last, less the average beat.

    Shape (beats, slots * limbs).
    """
    closed = np.append(beats_s, 2 * beats_s[-1] - beats_s[-2])
    inside = (strokes.onset_s >= closed[0]) & (strokes.onset_s < closed[-1])
    place = (
        np.interp(strokes.onset_s[inside], closed, np.arange(len(closed), dtype=np.float64)) * SLOTS_PER_BEAT
    )
    slot = np.floor(place).astype(np.int64)
    late = place - slot
    played = np.zeros((SLOTS_PER_BEAT * len(closed) + 1, len(Limb)))
    np.add.at(played, (slot, strokes.limb[inside]), strokes.strength[inside] * (1 - late))
    np.add.at(played, (slot + 1, strokes.limb[inside]), strokes.strength[inside] * late)
    beats = played[: SLOTS_PER_BEAT * len(beats_s)].reshape(len(beats_s), -1)
    heard = np.flatnonzero(beats.any(axis=1))
    if not len(heard):
        return beats
    beats = beats[heard[0] : heard[-1] + 1]
    unlike: NDArray[np.float64] = beats - beats.mean(axis=0)
    return unlike


def _likeness(played: NDArray[np.float64], lag: int) -> float:
    """Correlation of each beat with that ``lag`` beats later, -1..1."""
    if lag >= len(played):
        return 0.0
    early, late = played[:-lag], played[lag:]
    scale = float(np.sqrt(np.sum(early**2) * np.sum(late**2)))
    return float(np.sum(early * late)) / scale if scale > 0 else 0.0
