"""What a bar's groove is made of, as numbers that can be compared: the backbone and the timekeeper.

A groove is its kick, its snare and the cymbal (or drum) that keeps the time. A crash on the first beat, a
ghost note or a stroke that was misheard leaves a bar alike; another kick pattern or the step from the hi-hat
to the ride does not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

import numpy as np
from numpy.typing import NDArray

from notation.core.instruments import InstrumentName
from notation.core.score import Mark, Score, ScoreHit

_I = InstrumentName
_Array = NDArray[np.float64]

SLOTS_A_QUARTER = 12  # sixteenths and triplets both have slots of their own

KICK, SNARE, STICK, TOM, TIME, PEDAL = range(6)
_STREAMS = {
    _I.KICK: KICK,
    _I.SNARE: SNARE, _I.CLAP: SNARE,
    _I.SIDE_STICK: STICK,
    _I.TOM_HIGH: TOM, _I.TOM_MID: TOM, _I.TOM_LOW: TOM,
    _I.HIHAT_PEDAL: PEDAL,
}  # fmt: skip
# How much a stroke says about the groove. Chosen by ear and by the songs of ``benchmarks/form.py``.
_WEIGHTS = np.array([1.0, 1.0, 1.0, 0.6, 0.35, 0.15])
_TIMEKEEPERS = {
    _I.HIHAT_CLOSED: 0,
    _I.HIHAT_OPEN: 1,
    _I.RIDE: 2, _I.RIDE_BELL: 2,
    _I.CRASH: 3, _I.CHINA: 3, _I.SPLASH: 3,
    _I.COWBELL: 4, _I.TAMBOURINE: 4,
}  # fmt: skip
CYMBALS_OF_ACCENT = frozenset({_I.CRASH, _I.CHINA, _I.SPLASH})
_TIMEKEEPER_SHARE = 0.4  # of the distance, the rest is the strokes'
_FEWEST_TO_KEEP_TIME = 3
_GHOST_SHARE, _GHOST_VALUE = 0.55, 0.3


@dataclass(frozen=True, slots=True)
class BarPatterns:
    """The bars of a song as arrays.

    ``strokes`` has shape (bars, streams, slots), 0..1; ``timekeepers`` (bars, kinds), strokes counted;
    ``quarters`` (bars,) is each bar's length.
    """

    strokes: _Array
    timekeepers: _Array
    quarters: _Array

    def distances(self) -> _Array:
        """How unlike each two bars are: shape (bars, bars), 0 (alike) to 1."""
        return pattern_distances(self.strokes, self.timekeepers, self.quarters)

    def pattern_of(self, rows: Sequence[int]) -> tuple[_Array, _Array]:
        """The mean of some bars: how often each stroke is there, and how time is kept."""
        chosen = list(rows)
        return self.strokes[chosen].mean(axis=0), self.timekeepers[chosen].mean(axis=0)


def read_patterns(score: Score) -> BarPatterns:
    """Read every bar of ``score``; grace notes say nothing about a groove and are left out."""
    row_of = {bar.number: row for row, bar in enumerate(score.bars)}
    slots = max(int(bar.quarters * SLOTS_A_QUARTER) for bar in score.bars) + 1
    strokes = np.zeros((len(score.bars), len(_WEIGHTS), slots))
    timekeepers = np.zeros((len(score.bars), max(_TIMEKEEPERS.values()) + 1))
    mains = [placed for placed in score.hits if not placed.is_grace]
    ghost_at_most = _ghost_limits(mains)
    for placed in mains:
        row, name = row_of[placed.bar], placed.hit.instrument
        slot = min(round(placed.position * SLOTS_A_QUARTER), slots - 1)
        stream = _STREAMS.get(name, TIME)
        soft = placed.hit.velocity <= ghost_at_most.get(name, 0) and Mark.ACCENT not in placed.marks
        value = _GHOST_VALUE if stream in (SNARE, TOM) and (soft or Mark.GHOST in placed.marks) else 1.0
        strokes[row, stream, slot] = max(strokes[row, stream, slot], value)
        if name in _TIMEKEEPERS and not (name in CYMBALS_OF_ACCENT and placed.position == 0):
            timekeepers[row, _TIMEKEEPERS[name]] += 1
    quarters = np.array([float(bar.quarters) for bar in score.bars])
    return BarPatterns(strokes, timekeepers, quarters)


def _ghost_limits(placed: Sequence[ScoreHit]) -> dict[InstrumentName, float]:
    velocities: dict[InstrumentName, list[int]] = {}
    for stroke in placed:
        velocities.setdefault(stroke.hit.instrument, []).append(stroke.hit.velocity)
    return {name: _GHOST_SHARE * max(median(all_), 60) for name, all_ in velocities.items()}


def pattern_distances(strokes: _Array, timekeepers: _Array, quarters: _Array) -> _Array:
    """How unlike each two patterns are; arguments as in :class:`BarPatterns`, values may be means of bars.

    Strokes are compared by Dice's coefficient, weighted by stream; timekeepers by how much of one would have
    to be exchanged for another. Bars of different lengths are not alike at all.
    """
    count = len(strokes)
    weighted = (strokes * np.sqrt(_WEIGHTS)[None, :, None]).reshape(count, -1)
    common = weighted @ weighted.T
    sizes = np.diag(common)
    both = sizes[:, None] + sizes[None, :]
    unlike = np.where(both > 0, 1 - 2 * common / np.maximum(both, 1e-9), 0.0)
    total = timekeepers.sum(axis=1)
    shares = timekeepers / np.maximum(total, 1e-9)[:, None]
    exchanged = 0.5 * np.abs(shares[:, None, :] - shares[None, :, :]).sum(axis=2)
    # One without a timekeeper against one with: as unlike as two that differ.
    kept = total > 0
    exchanged = np.where(kept[:, None] != kept[None, :], 1.0, exchanged)
    sure = np.minimum(1.0, np.maximum(total[:, None], total[None, :]) / _FEWEST_TO_KEEP_TIME)
    result = (1 - _TIMEKEEPER_SHARE) * unlike + _TIMEKEEPER_SHARE * exchanged * sure
    silent = sizes == 0
    result = np.where(silent[:, None] != silent[None, :], 1.0, result)
    return np.where(quarters[:, None] == quarters[None, :], np.clip(result, 0.0, 1.0), 1.0)
