"""Where exactly a beat falls: a smooth curve of beats through the strokes that lie on them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from notation.core.beat_grid import Meter
from transcription.core.beat_states import Bar

Times = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class BeatFitting:
    """How far the beats follow the strokes; chosen on time-warped performances of known tempo."""

    stroke_spread_s: float = 0.012  # how far strokes meant for a beat scatter around it
    tempo_step_s: float = 0.004  # how much a beat's length changes from one beat to the next
    anchor_spread_s: float = 0.080  # how far the decoded beat may be off; holds beats without strokes
    widest_window_s: float = 0.060
    window_beats: float = 0.16  # a stroke farther off, in beats, belongs to a sixteenth or a triplet
    tempo_jump: float = 0.05  # natural logarithm: a greater change from bar to bar is no drift
    rounds: int = 4


@dataclass(frozen=True, slots=True, eq=False)
class TimedBar:
    """A bar and the second of each of its felt beats, shape (felt beats,)."""

    meter: Meter
    beats_s: Times


def fit_bars(
    bars: Sequence[Bar], strokes_s: Times, strengths: Times, fitting: BeatFitting
) -> tuple[TimedBar, ...]:
    """Move the beats of decoded bars onto the strokes; the tempo may jump where it, or the meter, changes.

    Args:
        strokes_s: shape (strokes,), rising, in seconds.
        strengths: shape (strokes,), 0..1.
    """
    decoded = np.concatenate([bar.beat_times_s for bar in bars])
    lengths = np.log([bar.length_s / bar.meter.felt_beats for bar in bars])
    fitted: list[Times] = []
    first = 0
    for number in range(1, len(bars) + 1):
        if number < len(bars) and not _jumps(bars, lengths, number, fitting):
            continue
        beats_s = np.concatenate([bar.beat_times_s for bar in bars[first:number]])
        near = slice(*np.searchsorted(strokes_s, (beats_s[0] - 0.1, 2 * beats_s[-1] - beats_s[-2])))
        fitted.append(fit_beats(beats_s, strokes_s[near], strengths[near], fitting))
        first = number
    beats = np.concatenate(fitted)
    if np.any(np.diff(beats) <= 0):
        beats = decoded
    ends = np.cumsum([bar.meter.felt_beats for bar in bars])
    return tuple(
        TimedBar(bar.meter, beats[end - bar.meter.felt_beats : end])
        for bar, end in zip(bars, ends, strict=True)
    )


def _jumps(bars: Sequence[Bar], lengths: Times, number: int, fitting: BeatFitting) -> bool:
    """Whether the tempo of the two bars from ``number`` on is quite another than that of the two before."""
    if bars[number].meter != bars[number - 1].meter:
        return True
    before, after = lengths[max(0, number - 2) : number], lengths[number : number + 2]
    return bool(abs(after.mean() - before.mean()) > fitting.tempo_jump and np.ptp(after) < fitting.tempo_jump)


def fit_beats(beats_s: Times, strokes_s: Times, strengths: Times, fitting: BeatFitting) -> Times:
    """Move decoded beats onto the strokes, without letting the tempo jitter.

    Least squares over three wishes: a beat lies where its strokes lie, its length is that of its neighbours,
    and it stays near where it was decoded. Strokes are weighted down as they lie farther off (Tukey's
    biweight), and a beat without strokes is carried by its neighbours.

    Args:
        beats_s: shape (beats,), rising, in seconds.
        strokes_s: shape (strokes,), rising, in seconds.
        strengths: shape (strokes,), 0..1.
    Returns:
        Beats of the same shape, rising.
    """
    if len(beats_s) < 3 or len(strokes_s) == 0:
        return beats_s
    fitted = beats_s
    for _ in range(fitting.rounds):
        lengths = np.gradient(fitted)
        nearest = _nearest(fitted, strokes_s)
        window = np.minimum(fitting.widest_window_s, fitting.window_beats * lengths[nearest])
        offset = (strokes_s - fitted[nearest]) / window
        weight = strengths * np.where(np.abs(offset) < 1, (1 - offset**2) ** 2, 0.0)
        total = np.bincount(nearest, weight, len(fitted))
        mean = np.bincount(nearest, weight * strokes_s, len(fitted)) / np.maximum(total, 1e-9)
        # Strokes on one beat share their player's error, so more than two say no more than two.
        pull = np.minimum(total, 2.0) / fitting.stroke_spread_s**2
        hold = np.full(len(fitted), fitting.anchor_spread_s**-2)
        moved = _smooth(pull + hold, pull * mean + hold * beats_s, fitting.tempo_step_s**-2)
        if np.any(np.diff(moved) <= 0):
            return fitted
        fitted = moved
    return fitted


def _nearest(beats_s: Times, strokes_s: Times) -> NDArray[np.int64]:
    right = np.clip(np.searchsorted(beats_s, strokes_s), 1, len(beats_s) - 1)
    left_is_nearer = strokes_s - beats_s[right - 1] < beats_s[right] - strokes_s
    return (right - left_is_nearer).astype(np.int64)


def _smooth(weight: Times, target: Times, stiffness: float) -> Times:
    """Solve (diag(weight) + stiffness * D'D) x = target, with D the second difference, in linear time."""
    count = len(weight)
    main = weight.copy()
    main[:-2] += stiffness
    main[1:-1] += 4 * stiffness
    main[2:] += stiffness
    first = np.zeros(count)
    first[: count - 2] -= 2 * stiffness
    first[1 : count - 1] -= 2 * stiffness
    second = np.zeros(count)
    second[: count - 2] = stiffness
    # LDL' of a matrix with two bands beside the diagonal; Python floats are faster here than array elements.
    diagonal, lower, lowest, right = main.tolist(), first.tolist(), second.tolist(), target.tolist()
    for row in range(count):
        one = lower[row] / diagonal[row]
        two = lowest[row] / diagonal[row]
        if row + 1 < count:
            diagonal[row + 1] -= one * lower[row]
            lower[row + 1] -= one * lowest[row]
            right[row + 1] -= one * right[row]
        if row + 2 < count:
            diagonal[row + 2] -= two * lowest[row]
            right[row + 2] -= two * right[row]
        lower[row], lowest[row] = one, two
    for row in range(count - 1, -1, -1):
        value = right[row] / diagonal[row]
        if row + 1 < count:
            value -= lower[row] * right[row + 1]
        if row + 2 < count:
            value -= lowest[row] * right[row + 2]
        right[row] = value
    return np.array(right)
