"""From beats to a beat grid: which beat is the first of bar 1, and where the grid begins and ends."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from notation.core.beat_grid import Beat, BeatGrid, Meter
from transcription.core.beat_evidence import Strokes

_EARLY_BEATS = 0.12  # a stroke this little before a beat belongs to it
_EARLY_S = 0.060


def number_bars(
    beats_s: NDArray[np.float64], meter: Meter, strokes: Strokes, end_s: float, *, unreliable: bool
) -> BeatGrid:
    """Number beats that make whole bars, and keep those that the grid needs.

    Bar 1 is the first with strokes in it. A bar that they enter only in its second half, or that began before
    the recording did, is a pickup: bar 0, from the beat on which they enter.

    Args:
        beats_s: shape (bars * felt beats,), rising, two at least; the first is a downbeat.
    """
    felt = meter.felt_beats
    times, first_s = _beats_around(beats_s, felt, strokes, end_s)
    early_s = min(_EARLY_S, _EARLY_BEATS * float(np.median(np.diff(beats_s))))
    entry = int(np.searchsorted(times, first_s + early_s, side="right")) - 1
    in_bar = entry % felt
    has_pickup = in_bar * 2 >= felt or (in_bar > 0 and times[entry - in_bar] < -early_s)
    start = entry if has_pickup else entry - in_bar
    stop = int(np.searchsorted(times, end_s, side="right")) + 1
    kept = times[start:stop].copy()
    kept[0] = min(kept[0], first_s)  # a stroke just before the first beat is on it
    if -early_s < kept[0] < 0:
        kept[0] = 0.0
    first_bar, first_beat = (0, in_bar) if has_pickup else (1, 0)
    beats = tuple(
        Beat(time_s=float(time), bar=first_bar + index // felt, beat=index % felt + 1)
        for index, time in enumerate(kept, start=first_beat)
    )
    return BeatGrid(
        beats=beats,
        meters=(Meter(bar=first_bar, beats=meter.beats, beat_type=meter.beat_type),),
        tempo_bpm=60 / float(np.median(np.diff(kept))),
        unreliable=unreliable,
    )


def even_beats(
    meter: Meter, tempo_bpm: float, downbeat_s: float | None, strokes: Strokes, end_s: float
) -> NDArray[np.float64]:
    """Whole bars of even beats; one begins at ``downbeat_s``, or else at the first stroke, or else at 0."""
    length_s = 60 / tempo_bpm
    bar_s = length_s * meter.felt_beats
    if downbeat_s is None:
        downbeat_s = float(strokes.onset_s[0]) if len(strokes.onset_s) else 0.0
    bars_before = int(np.ceil(downbeat_s / bar_s))
    bars_after = max(1, int(np.ceil((end_s - downbeat_s) / bar_s)) + 1)
    count = (bars_before + bars_after) * meter.felt_beats
    return downbeat_s - bars_before * bar_s + length_s * np.arange(max(count, 2), dtype=np.float64)


def _beats_around(
    beats_s: NDArray[np.float64], felt: int, strokes: Strokes, end_s: float
) -> tuple[NDArray[np.float64], float]:
    """Add beats until every stroke lies between two; also return the first stroke's time."""
    first_s = float(strokes.onset_s[0]) if len(strokes.onset_s) else max(0.0, float(beats_s[0]))
    length_before, length_after = beats_s[1] - beats_s[0], beats_s[-1] - beats_s[-2]
    bars_before = 1 + max(0, int(np.ceil((beats_s[0] - first_s) / (length_before * felt))))
    beats_after = 2 + max(0, int(np.ceil((end_s - beats_s[-1]) / length_after)))
    before = beats_s[0] - length_before * np.arange(bars_before * felt, 0, -1)
    after = beats_s[-1] + length_after * np.arange(1, beats_after + 1)
    return np.concatenate([before, beats_s, after]), first_s
