"""From beats to a beat grid: which beat is the first of bar 1, and where the grid begins and ends."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from notation.core.beat_grid import Beat, BeatGrid, Meter
from transcription.core.beat_evidence import Strokes
from transcription.core.beat_times import TimedBar

_EARLY_BEATS = 0.12  # a stroke this little before a beat belongs to it
_EARLY_S = 0.060


def number_bars(bars: Sequence[TimedBar], strokes: Strokes, end_s: float, *, unreliable: bool) -> BeatGrid:
    """Number bars, and keep the beats that the grid needs.

    Bar 1 is the first with strokes in it. A bar that they enter only in its second half, or that began before
    the recording did, is a pickup: bar 0, from the beat on which they enter.

    Args:
        bars: one at least, in order of time.
    """
    first_s = float(strokes.onset_s[0]) if len(strokes.onset_s) else max(0.0, float(bars[0].beats_s[0]))
    bars = _bars_around(bars, first_s, end_s)
    times = np.concatenate([bar.beats_s for bar in bars])
    bar_of = np.repeat(np.arange(len(bars)), [bar.meter.felt_beats for bar in bars])
    in_bar = np.concatenate([np.arange(bar.meter.felt_beats) for bar in bars])
    early_s = min(_EARLY_S, _EARLY_BEATS * float(np.median(np.diff(times))))
    entry = int(np.searchsorted(times, first_s + early_s, side="right")) - 1
    late = int(in_bar[entry])
    half = late * 2 >= bars[int(bar_of[entry])].meter.felt_beats
    has_pickup = half or (late > 0 and times[entry - late] < -early_s)
    start = entry if has_pickup else entry - late
    stop = int(np.searchsorted(times, end_s, side="right")) + 1
    kept = times[start:stop].copy()
    kept[0] = min(kept[0], first_s)  # a stroke just before the first beat is on it
    if -early_s < kept[0] < 0:
        kept[0] = 0.0
    numbers = bar_of[start:stop] - bar_of[start] + (0 if has_pickup else 1)
    return BeatGrid(
        beats=tuple(
            Beat(time_s=float(time_s), bar=int(bar), beat=int(beat) + 1)
            for time_s, bar, beat in zip(kept, numbers, in_bar[start:stop], strict=True)
        ),
        meters=_meters(bars, bar_of[start:stop], numbers),
        tempo_bpm=60 / float(np.median(np.diff(kept))),
        unreliable=unreliable,
    )


def even_bars(
    meter: Meter, tempo_bpm: float, downbeat_s: float | None, strokes: Strokes, end_s: float
) -> tuple[TimedBar, ...]:
    """Bars of even beats; one begins at ``downbeat_s``, or else at the first stroke, or else at 0.

    ``tempo_bpm`` counts beats as a tempo mark does.
    """
    length_s = 60 / tempo_bpm * float(meter.beat_quarters / meter.printed_beat_quarters)
    bar_s = length_s * meter.felt_beats
    if downbeat_s is None:
        downbeat_s = float(strokes.onset_s[0]) if len(strokes.onset_s) else 0.0
    bars_before = int(np.ceil(downbeat_s / bar_s))
    bars_after = max(1, int(np.ceil((end_s - downbeat_s) / bar_s)) + 1)
    beats_s = downbeat_s + length_s * np.arange(meter.felt_beats, dtype=np.float64)
    return tuple(TimedBar(meter, beats_s + bar_s * number) for number in range(-bars_before, bars_after))


def _bars_around(bars: Sequence[TimedBar], first_s: float, end_s: float) -> tuple[TimedBar, ...]:
    """Add bars until every stroke, and the recording's end, lies between two beats."""
    first, last = bars[0], bars[-1]
    before_s, after_s = _bar_s(first, first_beats=True), _bar_s(last, first_beats=False)
    before = 1 + max(0, int(np.ceil((first.beats_s[0] - first_s) / before_s)))
    after = 1 + max(1, int(np.ceil((end_s - last.beats_s[-1]) / after_s)))
    return (
        *(
            TimedBar(first.meter, first.beats_s[0] - before_s * n + _even(first, before_s))
            for n in range(before, 0, -1)
        ),
        *bars,
        *(
            TimedBar(last.meter, last.beats_s[0] + after_s * n + _even(last, after_s))
            for n in range(1, after + 1)
        ),
    )


def _bar_s(bar: TimedBar, *, first_beats: bool) -> float:
    """The bar's length at the tempo of its first or last two beats."""
    pair = bar.beats_s[:2] if first_beats else bar.beats_s[-2:]
    return float(pair[-1] - pair[0]) * bar.meter.felt_beats


def _even(bar: TimedBar, bar_s: float) -> NDArray[np.float64]:
    return np.arange(bar.meter.felt_beats, dtype=np.float64) * (bar_s / bar.meter.felt_beats)


def _meters(
    bars: Sequence[TimedBar], bar_of: NDArray[np.int64], numbers: NDArray[np.int64]
) -> tuple[Meter, ...]:
    """The meter of the first bar kept, and of every bar in which it changes."""
    meters: list[Meter] = []
    for number in np.unique(numbers):
        meter = bars[int(bar_of[np.argmax(numbers == number)])].meter
        if not meters or (meters[-1].beats, meters[-1].beat_type) != (meter.beats, meter.beat_type):
            meters.append(Meter(bar=int(number), beats=meter.beats, beat_type=meter.beat_type))
    return tuple(meters)
