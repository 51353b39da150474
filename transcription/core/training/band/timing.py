"""The time an accompaniment is played in: the drummer's own beats and strokes, and rhythms over them.

Positions are beats from the grid's first beat, times are seconds from the clip's first sample.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from transcription.core.training.drumming.compose import Composition, Stroke

Times = NDArray[np.float64]

# Beats outside of this are no pulse that anyone follows; the band then keeps its own.
_SHORTEST_BEAT_S, _LONGEST_BEAT_S = 0.15, 2.5
_UNEVENNESS = 2.2
# Faster than this no player strums or plucks; a rhythm thins out instead.
_SHORTEST_STEP_S = 0.085
_LONGEST_BAR = 8


@dataclass(frozen=True, slots=True)
class Hit:
    """Where a layer sounds: ``accent`` is 0..1, ``step`` counts the places in the bar (0 is its start)."""

    onset_s: float
    length_s: float
    accent: float
    step: int


@dataclass(frozen=True, slots=True, eq=False)
class Grid:
    """Beats over the clip and a bar on either side, each bar's first of them, and where a beat divides."""

    beats_s: Times
    bars: tuple[int, ...]
    eighths: tuple[float, ...]
    sixteenths: tuple[float, ...]

    def at(self, positions: Sequence[float] | Times) -> Times:
        """Return the seconds at ``positions``."""
        return np.interp(positions, np.arange(len(self.beats_s)), self.beats_s)

    @property
    def beat_s(self) -> float:
        return float(np.median(np.diff(self.beats_s)))

    def bars_with_ends(self) -> list[tuple[int, int]]:
        """Return the first beat of each bar and of the one after it."""
        return list(zip(self.bars[:-1], self.bars[1:], strict=True))


def grid_of(rng: np.random.Generator, composition: Composition, seconds: float) -> Grid:
    """Return the grid of ``composition``; where it has no steady beat, one of a tempo that is drawn."""
    beats = np.asarray(composition.beats_s, np.float64)
    downbeats = np.asarray(composition.downbeats_s, np.float64)
    if not _is_steady(beats):
        beats = np.arange(float(rng.uniform(0, 0.5)), seconds + 1.0, float(rng.uniform(0.32, 0.8)))
        downbeats = beats[::4]
    period = float(np.median(np.diff(beats)))
    # A bar more on either side, so that those which the clip cuts are whole.
    before = int(np.ceil(beats[0] / period)) + _LONGEST_BAR
    after = int(np.ceil(max(0.0, seconds - beats[-1]) / period)) + _LONGEST_BAR
    whole = np.concatenate(
        (beats[0] - period * np.arange(before, 0, -1), beats, beats[-1] + period * np.arange(1, after + 1))
    )
    swings = _divides_in_three(whole, composition.strokes)
    lilt = float(rng.uniform(0, 0.08)) if rng.random() < 0.15 else 0.0
    return Grid(
        beats_s=whole,
        bars=_bars(whole, downbeats),
        eighths=(0.0, 2 / 3) if swings else (0.0, 0.5),
        sixteenths=(0.0, 1 / 3, 2 / 3) if swings else (0.0, 0.25 + lilt, 0.5, 0.75 + lilt),
    )


def _is_steady(beats: Times) -> bool:
    gaps = np.diff(beats)
    return bool(
        len(gaps) >= 2
        and gaps.min() > _SHORTEST_BEAT_S
        and gaps.max() < _LONGEST_BEAT_S
        and gaps.max() < _UNEVENNESS * gaps.min()
    )


def _bars(beats: Times, downbeats: Times) -> tuple[int, ...]:
    starts = sorted({int(np.argmin(np.abs(beats - downbeat))) for downbeat in downbeats})
    lengths = np.diff(starts)
    usual = int(np.median(lengths)) if len(lengths) else 4
    starts = starts or [_LONGEST_BAR]
    earlier = range(starts[0] % usual, starts[0], usual)
    later = range(starts[-1] + usual, len(beats), usual)
    return (*earlier, *starts, *later)


def _divides_in_three(beats: Times, strokes: Sequence[Stroke]) -> bool:
    positions = np.interp([stroke.onset_s for stroke in strokes], beats, np.arange(len(beats))) % 1.0
    inner = positions[(positions > 0.12) & (positions < 0.88)]
    if len(inner) < 4:
        return False
    thirds = np.min(np.abs(inner[:, None] - np.array([1 / 3, 2 / 3])), axis=1)
    quarters = np.min(np.abs(inner[:, None] - np.array([0.25, 0.5, 0.75])), axis=1)
    return bool(np.sum(thirds < quarters) > 0.6 * len(inner))


RHYTHMS = (
    "bars", "half_bars", "beats", "eighths", "sixteenths", "offbeats", "backbeat", "pattern", "dense_pattern",
    "charleston", "tresillo", "gallop", "kick", "snare", "hands",
)  # fmt: skip


def rhythm(rng: np.random.Generator, grid: Grid, strokes: Sequence[Stroke], kind: str) -> list[Hit]:
    """Return the hits of ``kind``, one of :data:`RHYTHMS`, in order; a hit lasts until the next."""
    if kind in _STRUCK:
        times = np.array(sorted(s.onset_s for s in strokes if s.instrument.startswith(_STRUCK[kind])))
        accents = np.ones(len(times))
        steps = np.searchsorted(grid.beats_s, times)
    else:
        figure = _figure(rng, grid, kind)
        positions, weights, indices = [], [], []
        for begin, end in grid.bars_with_ends():
            for index, (offset, weight) in enumerate(figure):
                if offset < end - begin - 1e-6:
                    positions.append(begin + offset)
                    weights.append(weight)
                    indices.append(index)
        times, accents, steps = grid.at(positions), np.array(weights), np.array(indices, np.int64)
    return _thinned(grid, times, accents, steps)


_STRUCK = {"kick": ("kick",), "snare": ("snare", "side_stick", "clap"), "hands": ("hihat", "ride", "tom")}


def _figure(rng: np.random.Generator, grid: Grid, kind: str) -> list[tuple[float, float]]:
    """Offsets in beats from a bar's start, over the longest bar there is, with their accents."""
    beats = range(_LONGEST_BAR)
    if kind == "bars":
        return [(0.0, 1.0)]
    if kind == "half_bars":
        return [(float(beat), 1.0) for beat in beats[::2]]
    if kind == "beats":
        return [(float(beat), 1.0 if beat % 2 == 0 else 0.85) for beat in beats]
    if kind == "backbeat":
        return [(float(beat), 1.0) for beat in beats[1::2]]
    if kind == "eighths":
        return [(beat + part, 1.0 if part == 0 else 0.7) for beat in beats for part in grid.eighths]
    if kind == "offbeats":
        return [(beat + part, 1.0) for beat in beats for part in grid.eighths[1:]]
    if kind == "sixteenths":
        return [(beat + part, 1.0 if part == 0 else 0.65) for beat in beats for part in grid.sixteenths]
    if kind == "charleston":
        return [(beat + part, 1.0) for beat in beats[::4] for part in (0.0, 1 + grid.eighths[-1])]
    if kind == "tresillo":
        return [(beat + part, 1.0) for beat in beats[::2] for part in (0.0, 0.75, 1.5)]
    if kind == "gallop":
        return [
            (beat + part, 1.0 if part == 0 else 0.8) for beat in beats for part in (0, *grid.sixteenths[2:])
        ]
    density = 0.75 if kind == "dense_pattern" else 0.4
    one_bar = [
        (beat + part, float(rng.uniform(0.6, 1.0)))
        for beat in range(4)
        for part in grid.sixteenths
        if rng.random() < density * (1.5 if part == 0 else 1.1 if part in grid.eighths else 0.6)
    ]
    return (one_bar or [(0.0, 1.0)]) + [(offset + 4, weight) for offset, weight in one_bar]


def _thinned(grid: Grid, times: Times, accents: Times, steps: NDArray[np.int64]) -> list[Hit]:
    hits: list[Hit] = []
    last_s = -np.inf
    ends = np.append(times[1:], times[-1:] + grid.beat_s)
    for time_s, end_s, accent, step in zip(times, ends, accents, steps, strict=True):
        if time_s - last_s >= _SHORTEST_STEP_S:
            length_s = max(_SHORTEST_STEP_S, float(end_s - time_s))
            hits.append(Hit(float(time_s), length_s, float(accent), int(step)))
            last_s = time_s
    return hits
