"""What a recording is like, in figures: how densely it is drummed and how its tempo moves."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from notation.core.beat_grid import BeatGrid
from notation.core.hits import Hit
from transcription.core.given_onsets import onsets_of

ANALYSIS_SCHEMA = "drumsite.analysis/1"
# Long enough that a bar fits into each piece, short enough that a verse and a chorus differ.
_PIECE_S = 5.0


def onset_density(hits: Sequence[Hit], duration_s: float) -> dict[str, Any]:
    """Return how many strokes a second there are: on the whole, and in pieces of five seconds.

    Strokes that fall together count once. The last piece may be shorter; its figure is of its own length.
    """
    times = np.array([onset.onset_s for onset in onsets_of(hits)], float)
    if duration_s <= 0:
        return {"mean_per_s": 0.0, "peak_per_s": 0.0, "piece_s": _PIECE_S, "per_s": []}
    edges = np.append(np.arange(0.0, duration_s, _PIECE_S), duration_s)
    counts, _ = np.histogram(times, edges)
    per_s = counts / np.maximum(np.diff(edges), 1e-9)
    whole = per_s[np.diff(edges) >= _PIECE_S / 2]  # a last piece of an instant says nothing of a peak
    return {
        "mean_per_s": round(len(times) / duration_s, 3),
        "peak_per_s": round(float(whole.max()), 3) if len(whole) else 0.0,
        "piece_s": _PIECE_S,
        "per_s": [round(float(value), 3) for value in per_s],
    }


def tempo_curve(grid: BeatGrid) -> dict[str, Any]:
    """Return the tempo of each bar that is followed by another, in felt beats a minute, and how it spreads.

    ``drift_percent`` is by how much the last eighth of the song is faster than the first.
    """
    first_beat_by_bar: dict[int, float] = {}
    beats_by_bar: dict[int, int] = {}
    for beat in grid.beats:
        first_beat_by_bar.setdefault(beat.bar, beat.time_s)
        beats_by_bar[beat.bar] = beats_by_bar.get(beat.bar, 0) + 1
    bars = sorted(bar for bar in first_beat_by_bar if bar > 0)  # bar 0 is a pickup: not a whole bar
    curve = []
    for bar, following in pairwise(bars):
        seconds = first_beat_by_bar[following] - first_beat_by_bar[bar]
        if following == bar + 1 and seconds > 0:
            bpm = 60.0 * beats_by_bar[bar] / seconds
            curve.append({"time_s": round(first_beat_by_bar[bar], 3), "bar": bar, "bpm": round(bpm, 2)})
    tempi = np.array([point["bpm"] for point in curve])
    if not len(tempi):
        return {"bpm": round(grid.tempo_bpm, 2), "unreliable": grid.unreliable, "curve": []}
    ends = max(1, len(tempi) // 8)
    drift = 100.0 * (float(np.median(tempi[-ends:])) / float(np.median(tempi[:ends])) - 1.0)
    return {
        "bpm": round(grid.tempo_bpm, 2),
        "unreliable": grid.unreliable,
        "slowest_bpm": round(float(tempi.min()), 2),
        "fastest_bpm": round(float(tempi.max()), 2),
        "spread_bpm": round(float(tempi.std()), 2),
        "drift_percent": round(drift, 2),
        "curve": curve,
    }
